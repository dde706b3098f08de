//! A server in the test's own process, on a free port of the loopback interface.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that can't continue fails where it is"
)]

use std::net::SocketAddr;
use std::path::Path;

use ichat_protocol::{Entry, RoomId, Seq};
use ichat_server::{Config, ServeError, run};
use ichat_store::Store;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::identity::{Identity, name};
use crate::reserved_port::ReservedPort;
use crate::test_client::{TestClient, or_time_out};

/// A server that keeps its data folder and its address when it is stopped and started again.
pub struct TestServer {
    pub address: SocketAddr,
    /// Keeps the address free while the server is stopped.
    _port: ReservedPort,
    data: TempDir,
    config: Config,
    running: Option<Running>,
}

struct Running {
    store: Store,
    online: watch::Receiver<u32>,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), ServeError>>,
}

impl TestServer {
    /// Starts a server with the default configuration.
    pub async fn start() -> Self {
        Self::with_config(Config::default()).await
    }

    /// Starts a server for clients that send more than people do.
    pub async fn without_rate_limits() -> Self {
        Self::with_config(Self::config_without_rate_limits()).await
    }

    /// Returns the default configuration, but without limits on what a person may send and create.
    pub fn config_without_rate_limits() -> Config {
        Config {
            max_rate_per_person: 0,
            max_rate_per_address: 0,
            max_rooms_per_day: 0,
            max_rooms_per_person: 0,
            max_entries_per_day: 0,
            max_bytes_per_day: 0,
            max_guest_entries_per_day: 0,
            max_guest_bytes_per_day: 0,
            ..Config::default()
        }
    }

    pub async fn with_config(config: Config) -> Self {
        let port = ReservedPort::new().unwrap();
        let mut server = Self {
            address: port.address(),
            _port: port,
            data: tempfile::tempdir().unwrap(),
            config,
            running: None,
        };
        server.starts_again().await;
        server
    }

    /// Starts the stopped server again with another configuration.
    pub async fn starts_again_with(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
        self.starts_again().await;
    }

    /// Starts the stopped server with the same data folder at the same address.
    pub async fn starts_again(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.address = listener.local_addr().unwrap();
        let store = Store::open_server(self.data.path(), &name("Lobby")).await.unwrap();
        let shutdown = CancellationToken::new();
        let (online_sender, online) = watch::channel(0);
        let serving = run(
            listener,
            store.clone(),
            self.config.clone(),
            online_sender,
            shutdown.clone(),
        );
        self.running = Some(Running {
            store,
            online,
            shutdown,
            task: tokio::spawn(serving),
        });
    }

    /// Shuts the server down as a signal does, and returns when it has ended.
    pub async fn stops(&mut self) {
        let running = self.running.take().expect("the server is running");
        running.shutdown.cancel();
        or_time_out(running.task).await.unwrap().unwrap();
        running.store.close().await;
    }

    pub fn store(&self) -> &Store {
        &self.running().store
    }

    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Returns how many members are online, as the server reports it to the discovery.
    pub fn online(&self) -> u32 {
        *self.running().online.borrow()
    }

    /// Returns the token that starts the shutdown, for tests that watch it.
    pub fn shutdown(&self) -> CancellationToken {
        self.running().shutdown.clone()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn lobby(&self) -> RoomId {
        self.store().lobby()
    }

    /// Connects a new user with a key.
    pub async fn user(&self, name: &str) -> TestClient {
        self.user_with(name, &Identity::random()).await
    }

    /// Connects a user with this key.
    pub async fn user_with(&self, name: &str, identity: &Identity) -> TestClient {
        let auth = identity.auth(self.address, name).await.unwrap();
        TestClient::join(self.address, auth).await
    }

    /// Connects a guest, who has no key and speaks the protocol.
    pub async fn guest(&self) -> TestClient {
        TestClient::join(self.address, json!({ "protocol": 1 })).await
    }

    /// Connects a client as in Socket.IO's tutorial.
    pub async fn tutorial_client(&self) -> TestClient {
        TestClient::join(self.address, Value::Null).await
    }

    /// Returns the whole log of the lobby.
    pub async fn log(&self) -> Vec<Entry> {
        lobby_log(self.store()).await
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("the server is running")
    }
}

/// Returns the whole log of the lobby in a store.
pub async fn lobby_log(store: &Store) -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let after = all.last().map_or(Seq::ZERO, |entry| entry.seq);
        let page = store
            .page(store.lobby(), None, Some(after), 200)
            .await
            .unwrap()
            .unwrap();
        if page.entries.is_empty() {
            return all;
        }
        all.extend(page.entries);
    }
}
