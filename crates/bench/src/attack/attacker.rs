//! An attacker, who does the same over and over, on one connection after the other.

use std::future::pending;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use ichat_protocol::limits::MAX_TEXT_BYTES;
use ichat_protocol::{EntryId, Hello, RoomId};
use ichat_testkit::{Identity, SocketIoClient, message, socket_io};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::progress::Progress;

/// The wait before the next connection, when the server has ended one.
const RETRY_DELAY: Duration = Duration::from_millis(20);
/// Requests that are sent at once.
const PIPELINE: usize = 64;

/// One run of an attack, which ends when the server has ended its connection.
pub(super) type Run = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// One of those who attack.
#[derive(Clone)]
pub(super) struct Attacker {
    server: SocketAddr,
    /// The address that the proxy names.
    address: IpAddr,
    owner: Arc<Identity>,
    progress: Arc<Progress>,
}

/// Attacks again and again.
pub(super) async fn repeat(attacker: Attacker, run: fn(Attacker) -> Run) {
    loop {
        let result = run(attacker.clone()).await;
        attacker.progress.record_end(result);
        sleep(RETRY_DELAY).await;
    }
}

/// Creates rooms on a server without limits. Returns who is in them.
pub(super) async fn prepare(server: SocketAddr, rooms: Option<usize>) -> Result<Arc<Identity>> {
    let owner = Arc::new(Identity::random());
    let Some(rooms) = rooms else { return Ok(owner) };
    let auth = owner.auth(server, "Owner").await?;
    let (mut socket, _) = SocketIoClient::join(server, &auth).await?;
    let mut created = 0;
    for first in (0..rooms).step_by(PIPELINE) {
        for number in first..rooms.min(first + PIPELINE) {
            let create = json!(["create", { "room": RoomId::fresh(), "name": format!("Room {number}") }]);
            socket.queue(format!("42{number}{create}")).await?;
        }
        socket.flush().await?;
        while created < rooms.min(first + PIPELINE) {
            let packet = socket.next().await?.context("the server ended the connection")?;
            created += usize::from(packet.starts_with("43"));
        }
    }
    Ok(owner)
}

impl Attacker {
    /// Four attackers share an address.
    pub(super) fn new(server: SocketAddr, number: u8, owner: Arc<Identity>, progress: Arc<Progress>) -> Self {
        Self {
            server,
            address: IpAddr::V4(Ipv4Addr::new(198, 51, 100, number / 4)),
            owner,
            progress,
        }
    }

    async fn join(&self) -> Result<(SocketIoClient, Hello)> {
        SocketIoClient::join_for(self.server, self.address, &socket_io::guest_auth("Mallory")).await
    }

    async fn join_as_owner(&self) -> Result<(SocketIoClient, Hello)> {
        let auth = self.owner.on_another_device().auth(self.server, "Owner").await?;
        SocketIoClient::join_for(self.server, self.address, &auth).await
    }

    /// Opens a TCP connection and sends the head of a request.
    async fn request(&self, line: &str, headers: &str) -> Result<TcpStream> {
        let mut stream = TcpStream::connect(self.server).await?;
        stream.write_all(self.head(line, headers).as_bytes()).await?;
        Ok(stream)
    }

    fn head(&self, line: &str, headers: &str) -> String {
        let (server, address) = (self.server, self.address);
        format!("{line} HTTP/1.1\r\nHost: {server}\r\nX-Forwarded-For: {address}\r\n{headers}\r\n")
    }

    pub(super) async fn pings(self) -> Result<()> {
        let (mut socket, _) = self.join().await?;
        // A masked ping of 125 bytes, under a mask of zeros.
        let mut ping = vec![0x89, 0xFD];
        ping.extend([0; 4 + 125]);
        let pings = ping.repeat(500);
        loop {
            socket.stream().write_all(&pings).await?;
            self.progress.count_round();
        }
    }

    pub(super) async fn nested_events(self) -> Result<()> {
        let (mut socket, _) = self.join().await?;
        let nested = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
        for _ in 0..1_024 {
            socket.send(format!("42[\"post\",{nested}]")).await?;
            self.progress.count_round();
        }
        pending().await
    }

    pub(super) async fn unread_rooms(self) -> Result<()> {
        let (mut socket, _) = self.join().await?;
        for number in 0..300 {
            socket.send(format!("42{number}[\"rooms\",{{}}]")).await?;
            self.progress.count_round();
        }
        pending().await
    }

    pub(super) async fn rooms(self) -> Result<()> {
        let (socket, _) = self.join().await?;
        self.flood(socket, || json!(["rooms", {}])).await
    }

    pub(super) async fn create_rooms(self) -> Result<()> {
        let (socket, _) = self.join().await?;
        self.flood(
            socket,
            || json!(["create", { "room": RoomId::fresh(), "name": "A room" }]),
        )
        .await
    }

    pub(super) async fn unknown_namespaces(self) -> Result<()> {
        let mut socket = SocketIoClient::open_for(self.server, self.address).await?;
        loop {
            for _ in 0..PIPELINE {
                socket.queue("40/n,{}").await?;
            }
            socket.flush().await?;
            self.progress.count_round();
        }
    }

    pub(super) async fn slow_body(self) -> Result<()> {
        let line = "POST /socket.io/?EIO=4&transport=polling&sid=x";
        let mut stream = self.request(line, "Content-Length: 100000\r\n").await?;
        loop {
            stream.write_all(b"4").await?;
            self.progress.count_round();
            sleep(Duration::from_secs(1)).await;
        }
    }

    pub(super) async fn idle_connections(self) -> Result<()> {
        let mut idle = Vec::new();
        loop {
            match SocketIoClient::open_for(self.server, self.address).await {
                Ok(socket) => {
                    idle.push(socket);
                    self.progress.count_round();
                }
                Err(_) => sleep(RETRY_DELAY).await,
            }
        }
    }

    pub(super) async fn reactions(self) -> Result<()> {
        let (mut socket, hello) = self.join().await?;
        let of = EntryId::fresh();
        socket.emit("post", &message(hello.lobby, of, "React to this.")).await?;
        let mut on = false;
        self.flood(socket, || {
            on = !on;
            let body = json!({ "kind": "react", "to": of, "emoji": "👍", "on": on });
            json!(["post", { "room": hello.lobby, "id": EntryId::fresh(), "body": body }])
        })
        .await
    }

    pub(super) async fn long_messages(self) -> Result<()> {
        let (socket, hello) = self.join().await?;
        let text = "x".repeat(MAX_TEXT_BYTES);
        self.flood(socket, || {
            json!(["post", message(hello.lobby, EntryId::fresh(), &text)])
        })
        .await
    }

    pub(super) async fn names(self) -> Result<()> {
        let (socket, _) = self.join_as_owner().await?;
        let mut number = 0;
        self.flood(socket, || {
            number += 1;
            json!(["set_name", { "name": format!("Owner {number}") }])
        })
        .await
    }

    pub(super) async fn requests_in_flight(self) -> Result<()> {
        let (mut socket, hello) = self.join().await?;
        for number in 0..900 {
            let history = json!(["history", { "room": hello.lobby }]);
            socket.send(format!("42{number}{history}")).await?;
            self.progress.count_round();
        }
        pending().await
    }

    pub(super) async fn after_busy(self) -> Result<()> {
        let (socket, hello) = self.join().await?;
        self.flood(socket, || {
            json!(["post", message(hello.lobby, EntryId::fresh(), "again")])
        })
        .await
    }

    pub(super) async fn sign_ins(self) -> Result<()> {
        loop {
            self.join_as_owner().await?;
            self.progress.count_round();
        }
    }

    pub(super) async fn polling_sessions(self) -> Result<()> {
        let line = "GET /socket.io/?EIO=4&transport=polling";
        let stream = self.request(line, "").await?;
        let head = self.head(line, "").repeat(PIPELINE);
        self.pipeline(stream, &head).await
    }

    pub(super) async fn scripts(self) -> Result<()> {
        let mut page = String::new();
        let mut stream = self.request("GET /", "Connection: close\r\n").await?;
        stream.read_to_string(&mut page).await?;
        let start = page.find("/assets/").context("the page has no script")?;
        let script = page[start..].split('"').next().context("the page has no script")?;
        let line = format!("GET {script}");
        let stream = self.request(&line, "Accept-Encoding: gzip\r\n").await?;
        let head = self.head(&line, "Accept-Encoding: gzip\r\n").repeat(PIPELINE);
        self.pipeline(stream, &head).await
    }

    pub(super) async fn guest(self) -> Result<()> {
        let (mut socket, hello) = self.join().await?;
        socket
            .emit("post", &message(hello.lobby, EntryId::fresh(), "word"))
            .await?;
        while let Some(packet) = socket.next().await? {
            if packet.contains("word") {
                self.progress.count_round();
                break;
            }
        }
        Ok(())
    }

    /// Sends packets as fast as they are taken, and reads what comes.
    async fn flood(&self, mut socket: SocketIoClient, mut packet: impl FnMut() -> Value) -> Result<()> {
        loop {
            for _ in 0..PIPELINE {
                socket.queue(format!("42{}", packet())).await?;
            }
            socket.flush().await?;
            // One of the answers at least; the rest is read while the next packets are written.
            for _ in 0..PIPELINE / 2 {
                socket.next().await?.context("the server ended the connection")?;
            }
            self.progress.count_round();
        }
    }

    /// Sends requests in a pipeline, and drops the responses.
    async fn pipeline(&self, stream: TcpStream, requests: &str) -> Result<()> {
        let (mut reader, mut writer) = stream.into_split();
        let mut sink = tokio::io::sink();
        let write = async {
            loop {
                writer.write_all(requests.as_bytes()).await?;
                self.progress.count_round();
            }
        };
        tokio::select! {
            result = write => result,
            result = tokio::io::copy(&mut reader, &mut sink) => Ok(result.map(drop)?),
        }
    }
}
