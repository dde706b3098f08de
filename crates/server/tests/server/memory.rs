//! The budget of what waits for all clients together.
//!
//! - when clients that read slowly make the server hold too much, those that hold most are disconnected, and no more than
//!   needed: the others are served
//! - so is a client that polls, also after its upgrade to a WebSocket

use std::io::Read as _;

use futures_util::{SinkExt as _, StreamExt as _};
use ichat_server::Config;
use ichat_testkit::{Identity, SocketIoClient, TestClient, TestServer, or_time_out};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::polling::{PollingClient, connect_with_small_buffers};
use crate::slow_clients::{post_chunk, receives_up_to};

/// Requests of one client, each for a page of 48 kB.
const REQUESTS: usize = 900;
/// Bytes of their answers that wait at once: the bound of one client.
const MAX_WAITING_BYTES: usize = 1 << 20;

/// Starts a server with this budget, and a user who has filled the lobby.
async fn start(max_memory: usize) -> (TestServer, TestClient) {
    let server = TestServer::with_config(Config {
        max_memory,
        ..TestServer::config_without_rate_limits()
    })
    .await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    let last = post_chunk(&mut alice).await;
    receives_up_to(&mut alice, last).await;
    (server, alice)
}

fn requests(server: &TestServer) -> impl Iterator<Item = String> {
    let history = json!(["history", { "room": server.lobby(), "before": 20, "limit": 3 }]);
    std::iter::repeat_n(format!("42{history}"), REQUESTS)
}

/// A user who requests a lot, and reads it slowly.
struct SlowReader {
    client: TestClient,
    /// The client's socket. What is read from it doesn't reach the client.
    socket: std::net::TcpStream,
}

impl SlowReader {
    async fn connect(server: &TestServer) -> Self {
        let stream = connect_with_small_buffers(server).await.into_std().unwrap();
        let socket = stream.try_clone().unwrap();
        let stream = TcpStream::from_std(stream).unwrap();
        let connection = SocketIoClient::open_over(stream, server.address).await.unwrap();
        let auth = Identity::random().auth(server.address, "Slow").await.unwrap();
        let mut client = TestClient::join_over(connection, auth).await;
        client.send_all(requests(server)).await;
        Self { client, socket }
    }

    /// Reads a little, and answers pings before they come: the server sees no reason to give the client up.
    async fn read_some(&mut self) {
        drop(self.socket.read(&mut [0; 1024]));
        drop(self.client.socket().send("3").await);
    }
}

#[tokio::test]
async fn those_that_hold_most_are_disconnected() {
    let (server, mut alice) = start(MAX_WAITING_BYTES * 5 / 2).await;
    let mut slow = Vec::new();
    for _ in 0..3 {
        slow.push(SlowReader::connect(&server).await);
    }
    or_time_out(async {
        while server.online() == 4 {
            alice.request("rooms", &[]).await;
            for reader in &mut slow {
                reader.read_some().await;
            }
        }
    })
    .await;
    alice.says("still here").await;
    alice.sees("still here").await;
    assert_eq!(server.online(), 3, "the other two fit into the budget");
}

#[tokio::test]
async fn a_client_that_polls_is_disconnected_too() {
    let (server, mut alice) = start(MAX_WAITING_BYTES * 3 / 2).await;
    let mut pollers = Vec::new();
    for _ in 0..2 {
        let poller = PollingClient::connect(&server).await;
        let packets: Vec<_> = requests(&server).collect();
        poller
            .try_send(packets.join("\u{1e}"))
            .await
            .unwrap()
            .error_for_status()
            .unwrap();
        pollers.push(poller);
    }
    or_time_out(async {
        while server.online() == 3 {
            alice.request("rooms", &[]).await;
            for poller in &pollers {
                drop(poller.try_send("3".to_owned()).await);
            }
        }
    })
    .await;
    alice.says("still here").await;
    alice.sees("still here").await;
    assert_eq!(server.online(), 2, "the other one fits into the budget");
}

#[tokio::test]
async fn an_upgraded_client_is_disconnected_too() {
    let (server, mut alice) = start(MAX_WAITING_BYTES * 15 / 16).await;
    let poller = PollingClient::connect(&server).await;
    let mut upgraded = poller.upgrade(&server).await;
    for packet in requests(&server) {
        upgraded.feed(Message::text(packet)).await.unwrap();
    }
    upgraded.flush().await.unwrap();
    or_time_out(async {
        while server.online() == 2 {
            alice.request("rooms", &[]).await;
            drop(upgraded.next().await);
            drop(upgraded.send(Message::text("3")).await);
        }
    })
    .await;
    alice.says("still here").await;
    alice.sees("still here").await;
}
