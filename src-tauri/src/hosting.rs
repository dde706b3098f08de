//! The life cycle of a hosted server: it listens, this device joins it, it is announced, and it ends with a goodbye.
//!
//! ```text
//!   idle ── start ──▶ listening ──▶ joined ──▶ announced ── stop, shutdown ──▶ goodbye, drained ──▶ idle
//!                                                  └── the server fails ── error to the UI ──▶ idle
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ichat_client::Client;
use ichat_discovery::{Announcement, AnnouncementHandle, Discovery, Scope, shareable_addresses};
use ichat_protocol::{ClosingReason, DEFAULT_PORT, ErrorCode, NEWEST_PROTOCOL, Name, ServerId, WireError};
use ichat_server::{Config, ServeError, listen_on_free_port};
use ichat_store::Store;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::embedded::{self, Stop};
use crate::events::{BackendEvent, Hosting};
use crate::hosting_state::HostingState;
use crate::nearby::client_addresses;
use crate::ui_channel::UiChannel;

/// The name of the first room, which every member joins.
const LOBBY: &str = "Lobby";

/// The host of at most one server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Host(Arc<Inner>);

struct Inner {
    data: PathBuf,
    scope: Scope,
    client: Client,
    discovery: Result<Discovery, String>,
    ui: UiChannel,
    state: Mutex<Option<HostingState>>,
    hosting: watch::Sender<Option<Hosting>>,
    people: Mutex<Option<People>>,
    running: tokio::sync::Mutex<Option<Running>>,
}

struct Running {
    port: u16,
    stop: Stop,
    supervisor: JoinHandle<()>,
}

/// The number of people that the hosted server has connected, this device's user among them.
type People = watch::Receiver<u32>;

impl Host {
    /// Loads the hosting state from the app's data folder. `hosting` will receive the hosted server.
    pub(crate) fn new(
        data: &Path,
        scope: Scope,
        client: Client,
        discovery: Result<Discovery, String>,
        ui: UiChannel,
        hosting: watch::Sender<Option<Hosting>>,
    ) -> Self {
        let state = HostingState::load(&state_file(data));
        Self(Arc::new(Inner {
            data: data.to_owned(),
            scope,
            client,
            discovery,
            ui,
            state: Mutex::new(state),
            hosting,
            people: Mutex::default(),
            running: tokio::sync::Mutex::default(),
        }))
    }

    /// Returns the server that this device hosts or has hosted.
    pub(crate) fn server(&self) -> Option<ServerId> {
        self.0.state().map(|state| state.server)
    }

    /// Returns whether others are connected to the hosted server.
    pub(crate) fn has_guests(&self) -> bool {
        self.0.hosting().is_some() && self.0.people.lock().as_ref().is_some_and(|people| *people.borrow() > 1)
    }

    /// Hosts again if the app was quit while hosting.
    pub(crate) async fn resume(&self) {
        let Some(state) = self.0.state().filter(|state| state.hosting) else {
            return;
        };
        if let Err(error) = self.start(state.name).await {
            self.0.ui.send(BackendEvent::Hosting {
                hosting: None,
                error: Some(error),
            });
        }
    }

    /// Hosts under this name. Returns once this device has joined and others can.
    pub(crate) async fn start(&self, name: Name) -> Result<(), WireError> {
        let mut running = self.0.running.lock().await;
        if let Some(hosting) = self.0.hosting() {
            let message = format!("This device hosts “{}” already. Stop that first.", hosting.name);
            return Err(WireError::new(ErrorCode::Conflict, message));
        }
        *running = Some(self.0.clone().begin(name).await?);
        Ok(())
    }

    /// Stops hosting. The history is kept for the next time.
    pub(crate) async fn stop(&self) {
        // Locked first, since a start that is under way sets that hosting resumes.
        let mut running = self.0.running.lock().await;
        self.0.set_resume(false);
        end(running.take(), ClosingReason::Stopped).await;
        self.0.set_hosting(None, None);
    }

    /// Ends the server. [`resume`](Self::resume) hosts it again at the next start.
    pub(crate) async fn shutdown(&self) {
        let mut running = self.0.running.lock().await;
        end(running.take(), ClosingReason::Shutdown).await;
    }

    /// Sends the addresses of the server to the user interface if they have changed: a cable was plugged in, or another
    /// Wi-Fi was joined.
    pub(crate) async fn update_addresses(&self) {
        let running = self.0.running.lock().await;
        let (Some(Running { port, .. }), Some(hosting)) = (&*running, self.0.hosting()) else {
            return;
        };
        let addresses = self.0.urls(hosting.server, *port);
        if addresses != hosting.addresses {
            self.0.set_hosting(Some(Hosting { addresses, ..hosting }), None);
        }
    }
}

impl Inner {
    async fn begin(self: Arc<Self>, name: Name) -> Result<Running, WireError> {
        let ip: IpAddr = match self.scope {
            Scope::LocalNetwork => Ipv6Addr::UNSPECIFIED.into(),
            Scope::ThisComputer => Ipv4Addr::LOCALHOST.into(),
        };
        let listener = listen_on_free_port(ip, DEFAULT_PORT).map_err(|error| other_error(&error))?;
        let port = listener.local_addr().map_err(|error| other_error(&error))?.port();
        let store = self.open_store().await?;
        let server = store.server_id();
        // Before this device joins, so that the server is marked as the own one from its first event on.
        self.set_state(HostingState {
            server,
            name: name.clone(),
            hosting: true,
        });

        let people = watch::Sender::new(0);
        let people_receiver = people.subscribe();
        *self.people.lock() = Some(people.subscribe());
        let stop = Stop::default();
        let config = Config {
            name: name.clone(),
            ..Config::default()
        };
        let serving = tokio::spawn(embedded::serve(listener, store, config, people, stop.clone()));

        let loopback = client_addresses(&[SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into()]);
        if let Err(error) = self.client.join_server(server, &loopback).await {
            stop.stop(ClosingReason::Shutdown);
            embedded::drain(serving).await;
            self.set_resume(false);
            return Err(error.to_wire());
        }

        let announcement = self.announce(server, &name, port, people_receiver);
        let unannounced = announcement.as_ref().err().cloned();
        let hosting = Hosting {
            server,
            name,
            addresses: self.urls(server, port),
            unannounced,
        };
        self.set_hosting(Some(hosting), None);
        let supervisor = tokio::spawn(self.supervise(serving, announcement.ok(), stop.clone()));
        Ok(Running { port, stop, supervisor })
    }

    async fn open_store(&self) -> Result<Store, WireError> {
        let lobby = Name::parse(LOBBY).map_err(|error| other_error(&error))?;
        Store::open_server(&self.data.join("host"), &lobby)
            .await
            .map_err(|error| WireError::new(ErrorCode::Storage, error.to_string()))
    }

    fn announce(&self, server: ServerId, name: &Name, port: u16, people: People) -> Result<AnnouncementHandle, String> {
        let announcement = Announcement {
            server: server.0,
            name: name.to_string(),
            protocol: NEWEST_PROTOCOL,
            port,
            path: "/".to_owned(),
        };
        self.discovery
            .as_ref()
            .map_err(Clone::clone)?
            .announce(announcement, people)
            .map_err(|error| error.to_string())
    }

    fn urls(&self, server: ServerId, port: u16) -> Vec<String> {
        let nearby = self.discovery.as_ref().map(Discovery::servers).unwrap_or_default();
        let announced = nearby.get(&server.0).map_or(&[][..], |server| &server.addresses);
        shareable_addresses(announced, port, self.scope)
            .into_iter()
            .map(|address| format!("http://{address}"))
            .collect()
    }

    /// Waits until the server is stopped or fails, says goodbye, and reports a failure.
    async fn supervise(
        self: Arc<Self>,
        mut serving: JoinHandle<Result<(), ServeError>>,
        announcement: Option<AnnouncementHandle>,
        stop: Stop,
    ) {
        tokio::select! {
            // A server that was stopped has not failed, even if it has ended already.
            biased;
            _ = stop.stopped() => {
                tokio::join!(say_goodbye(announcement), embedded::drain(serving));
                self.hosting.send_replace(None);
            }
            ended = &mut serving => {
                say_goodbye(announcement).await;
                let reason = match ended {
                    Ok(Ok(())) => "it was shut down".to_owned(),
                    Ok(Err(error)) => error.to_string(),
                    Err(error) => error.to_string(),
                };
                tracing::error!(reason, "the hosted server ended by itself");
                let message = format!("Hosting ended: {reason}. Host again: the history is kept.");
                self.set_hosting(None, Some(WireError::new(ErrorCode::Other, message)));
            }
        }
    }

    fn hosting(&self) -> Option<Hosting> {
        self.hosting.borrow().clone()
    }

    fn set_hosting(&self, hosting: Option<Hosting>, error: Option<WireError>) {
        self.hosting.send_replace(hosting.clone());
        self.ui.send(BackendEvent::Hosting { hosting, error });
    }

    fn state(&self) -> Option<HostingState> {
        self.state.lock().clone()
    }

    fn set_resume(&self, hosting: bool) {
        if let Some(state) = self.state() {
            self.set_state(HostingState { hosting, ..state });
        }
    }

    /// Keeps and saves the state. If it can't be saved, only hosting does not resume at the next start.
    fn set_state(&self, state: HostingState) {
        let file = state_file(&self.data);
        if let Err(error) = state.save(&file) {
            tracing::warn!(file = %file.display(), %error, "the hosting state can't be saved");
        }
        *self.state.lock() = Some(state);
    }
}

fn state_file(data: &Path) -> PathBuf {
    data.join("hosting.json")
}

fn other_error(error: &dyn std::error::Error) -> WireError {
    WireError::new(ErrorCode::Other, error.to_string())
}

async fn end(running: Option<Running>, reason: ClosingReason) {
    let Some(Running { stop, supervisor, .. }) = running else {
        return;
    };
    stop.stop(reason);
    if let Err(error) = supervisor.await {
        tracing::error!(%error, "the supervisor of the hosted server panicked");
    }
}

async fn say_goodbye(announcement: Option<AnnouncementHandle>) {
    if let Some(announcement) = announcement {
        announcement.stop().await;
    }
}
