//! A client that polls.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use ichat_testkit::{TestServer, or_time_out};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async};

pub(crate) struct PollingClient {
    http: reqwest::Client,
    url: String,
    /// The packet that opened the transport.
    pub(crate) open: Value,
    /// All packets since then.
    received: String,
}

impl PollingClient {
    /// Opens the transport.
    pub(crate) async fn open(server: &TestServer) -> Self {
        Self::open_at(server.address, "").await
    }

    async fn open_at(server: SocketAddr, base_path: &str) -> Self {
        let http = reqwest::Client::new();
        let url = format!("http://{server}{base_path}/socket.io/?EIO=4&transport=polling");
        let open = http.get(&url).send().await.unwrap().text().await.unwrap();
        let open: Value = serde_json::from_str(&open[1..]).unwrap();
        Self {
            http,
            url: format!("{url}&sid={}", open["sid"].as_str().unwrap()),
            open,
            received: String::new(),
        }
    }

    /// Opens the transport and connects.
    pub(crate) async fn connect(server: &TestServer) -> Self {
        Self::connect_to(server.address).await
    }

    pub(crate) async fn connect_to(server: SocketAddr) -> Self {
        Self::open_at(server, "").await.accepted().await
    }

    /// Connects to a server that has a base path.
    pub(crate) async fn connect_below(server: &TestServer, base_path: &str) -> Self {
        Self::open_at(server.address, base_path).await.accepted().await
    }

    async fn accepted(self) -> Self {
        let mut client = self;
        client.send("40").await;
        // What a client sends before it is accepted is dropped.
        client.receives("40{").await;
        client
    }

    pub(crate) async fn send(&self, packets: &'static str) {
        let response = self.try_send(packets.to_owned()).await.unwrap();
        response.error_for_status().unwrap();
    }

    /// Sends packets, and returns the response.
    pub(crate) async fn try_send(&self, packets: String) -> reqwest::Result<reqwest::Response> {
        self.http.post(&self.url).body(packets).send().await
    }

    /// Polls until a packet has this text. Responds to pings.
    pub(crate) async fn receives(&mut self, text: &str) {
        while !self.received.contains(text) {
            let response = or_time_out(self.http.get(&self.url).send()).await.unwrap();
            let packets = response.error_for_status().unwrap().text().await.unwrap();
            if packets.split('\u{1e}').any(|packet| packet == "2") {
                self.send("3").await;
            }
            self.received += &packets;
        }
    }

    /// Returns the next packets, or `None` if the session has ended. Responds to pings.
    pub(crate) async fn fetch(&self) -> Option<String> {
        let response = or_time_out(self.http.get(&self.url).send()).await.unwrap();
        let packets = response.error_for_status().ok()?.text().await.unwrap();
        if packets.split('\u{1e}').any(|packet| packet == "2") {
            self.send("3").await;
        }
        Some(packets)
    }

    /// Sends packets on a second connection, while the first one waits for packets.
    pub(crate) async fn sends_while_it_polls(&mut self, packets: &'static str) {
        let (poll, ()) = tokio::join!(self.http.get(&self.url).send(), self.send(packets));
        self.received += &poll.unwrap().error_for_status().unwrap().text().await.unwrap();
    }

    /// Upgrades the session to a WebSocket, over a connection with small buffers.
    pub(crate) async fn upgrade(&self, server: &TestServer) -> WebSocketStream<TcpStream> {
        let url = format!("ws://{}{}", server.address, self.upgrade_path());
        let stream = connect_with_small_buffers(server).await;
        let (mut socket, _) = client_async(url, stream).await.unwrap();
        socket.send(Message::text("2probe")).await.unwrap();
        assert_eq!(next_text(&mut socket).await, "3probe");
        socket.send(Message::text("5")).await.unwrap();
        socket
    }

    /// Closes the connections of this client. The next request opens another one.
    pub(crate) fn closes_connections(&mut self) {
        self.http = reqwest::Client::new();
    }

    /// Opens another session over the same connection with this query, and returns the status of the response.
    pub(crate) async fn opens_another(&self, server: &TestServer, query: &str) -> reqwest::StatusCode {
        let url = server.url(&format!("/socket.io/?{query}"));
        let response = self.http.get(url).send().await.unwrap();
        let status = response.status();
        // The connection can be used again once the body is read.
        response.bytes().await.unwrap();
        status
    }

    /// Returns the path of this session, with its query.
    pub(crate) fn path(&self) -> &str {
        let start = self.url.find("/socket.io").unwrap();
        &self.url[start..]
    }

    /// Returns the path with which a client upgrades this session.
    pub(crate) fn upgrade_path(&self) -> String {
        self.path().replace("transport=polling", "transport=websocket")
    }

    /// Returns all packets so far.
    pub(crate) fn received(&self) -> &str {
        &self.received
    }
}

/// Connects over a socket that buffers little.
pub(crate) async fn connect_with_small_buffers(server: &TestServer) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    socket.connect(server.address).await.unwrap()
}

/// Receives a packet.
pub(crate) async fn next_text(socket: &mut WebSocketStream<TcpStream>) -> Utf8Bytes {
    or_time_out(socket.next()).await.unwrap().unwrap().into_text().unwrap()
}
