//! A user who speaks the protocol over one connection: `alice.says("hi")`, `bob.sees("hi")`.
//!
//! Every wait has a deadline, and whatever goes wrong panics: a test that can't continue fails where it is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that can't continue fails where it is"
)]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use ichat_protocol::{Body, Entry, EntryId, RoomId};
use serde_json::{Value, json};

use crate::socket_io::{SocketIoClient, packet};

/// Longer than anything takes on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Waits for the future, and panics when it takes too long. A wait for several packets has one deadline: the server's
/// heads would restart one for each packet again and again.
pub async fn or_time_out<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(TIMEOUT, future)
        .await
        .unwrap_or_else(|_| panic!("not within {TIMEOUT:?}"))
}

/// An event or acknowledgement that a client receives.
#[derive(Clone, Debug, PartialEq)]
pub enum Received {
    /// An event and its arguments.
    Event(String, Vec<Value>),
    /// The acknowledgement of a request, by the request's id.
    Ack(u64, Vec<Value>),
    /// The server refused the connection, for this reason.
    ConnectError(String),
    /// The connection has ended.
    Disconnected,
}

/// One connection of a user.
pub struct TestClient {
    socket: SocketIoClient,
    /// The payload of `hello`.
    pub hello: Value,
    /// Received while the client waited for something else.
    backlog: VecDeque<Received>,
    requests: u64,
}

impl TestClient {
    /// Signs in, and receives `hello` and the first `presence`.
    pub async fn join(server: SocketAddr, auth: Value) -> Self {
        Self::connect(server, auth).await.welcomed().await
    }

    /// Does the same over a transport that the caller has opened.
    pub async fn join_over(socket: SocketIoClient, auth: Value) -> Self {
        Self::connect_over(socket, auth).await.welcomed().await
    }

    /// Signs in, and returns when the server has accepted or refused the connection. [`next`](Self::next) tells which.
    pub async fn connect(server: SocketAddr, auth: Value) -> Self {
        let socket = or_time_out(SocketIoClient::open(server)).await.unwrap();
        Self::connect_over(socket, auth).await
    }

    /// Signs in, and returns the reason for which the server refuses the connection.
    pub async fn connect_error(server: SocketAddr, auth: Value) -> String {
        match Self::connect(server, auth).await.next().await {
            Received::ConnectError(reason) => reason,
            other => panic!("the server accepted the connection: {other:?}"),
        }
    }

    /// Returns the user's own id.
    pub fn me(&self) -> &str {
        self.hello["me"].as_str().unwrap()
    }

    pub fn lobby(&self) -> RoomId {
        serde_json::from_value(self.hello["lobby"].clone()).unwrap()
    }

    /// Returns the connection, to send what no well-behaved client would.
    pub fn socket(&mut self) -> &mut SocketIoClient {
        &mut self.socket
    }

    /// Sends a Socket.IO packet as it is.
    pub async fn send(&mut self, packet: impl Into<String>) {
        self.socket.send(packet.into()).await.unwrap();
    }

    /// Sends the packets in as few writes as possible.
    pub async fn send_all(&mut self, packets: impl IntoIterator<Item = String>) {
        for packet in packets {
            self.socket.queue(packet).await.unwrap();
        }
        self.socket.flush().await.unwrap();
    }

    /// Emits an event with one argument.
    pub async fn emit(&mut self, event: &str, argument: Value) {
        self.socket.emit(event, &argument).await.unwrap();
    }

    /// Emits an event that wants an acknowledgement, and returns the acknowledgement's first argument.
    pub async fn request(&mut self, event: &str, arguments: &[Value]) -> Value {
        self.requests += 1;
        let id = self.requests;
        let all: Vec<Value> = [json!(event)].into_iter().chain(arguments.iter().cloned()).collect();
        self.send(format!("{}{id}{}", packet::EVENT, json!(all))).await;
        let mut others = VecDeque::new();
        let answer = or_time_out(async {
            loop {
                match self.next().await {
                    Received::Ack(of, arguments) if of == id => break arguments,
                    Received::Disconnected => panic!("disconnected before the acknowledgement of \"{event}\""),
                    other => others.push_back(other),
                }
            }
        })
        .await;
        others.append(&mut self.backlog);
        self.backlog = others;
        answer.into_iter().next().unwrap_or(Value::Null)
    }

    /// Posts a message to the lobby, without waiting.
    pub async fn says(&mut self, text: &str) -> EntryId {
        let room = self.lobby();
        self.says_in(room, text).await
    }

    /// Posts a message to a room, without waiting.
    pub async fn says_in(&mut self, room: RoomId, text: &str) -> EntryId {
        let id = EntryId::fresh();
        self.emit("post", message(room, id, text)).await;
        id
    }

    /// Subscribes to a room, and returns its newest page.
    pub async fn subscribes(&mut self, room: RoomId) -> Vec<Entry> {
        self.emit("sync", json!({ "rooms": { room.to_string(): null } })).await;
        entries(&self.receives("page").await)
    }

    /// Returns the argument of the next event of this name, and skips other events. Several arguments become an array.
    pub async fn receives(&mut self, event: &str) -> Value {
        or_time_out(async {
            loop {
                match self.next().await {
                    Received::Event(name, mut arguments) if name == event => {
                        break if arguments.len() == 1 {
                            arguments.remove(0)
                        } else {
                            Value::Array(arguments)
                        };
                    }
                    Received::Disconnected => panic!("disconnected before \"{event}\""),
                    Received::Event(..) | Received::Ack(..) | Received::ConnectError(_) => {}
                }
            }
        })
        .await
    }

    /// Returns the sequence numbers of the next page or broadcast.
    pub async fn receives_seqs(&mut self) -> Vec<u64> {
        or_time_out(async {
            loop {
                match self.next().await {
                    Received::Event(event, data) if event == "page" || event == "entries" => {
                        break entries(&data[0]).into_iter().map(|entry| entry.seq.0).collect();
                    }
                    Received::Disconnected => panic!("disconnected before a page or a broadcast"),
                    Received::Event(..) | Received::Ack(..) | Received::ConnectError(_) => {}
                }
            }
        })
        .await
    }

    /// Returns the texts of all messages that are broadcast from now on, up to this one.
    pub async fn receives_texts_up_to(&mut self, last: &str) -> Vec<String> {
        or_time_out(async {
            let mut texts: Vec<String> = Vec::new();
            while texts.last().map(String::as_str) != Some(last) {
                let seen = entries(&self.receives("entries").await);
                texts.extend(seen.iter().filter_map(message_text).map(str::to_owned));
            }
            texts
        })
        .await
    }

    /// Returns the first arguments of the events of this name that arrived during [`request`](Self::request).
    pub fn received_meanwhile(&self, event: &str) -> Vec<&Value> {
        let arguments = self.backlog.iter().filter_map(|received| match received {
            Received::Event(name, arguments) if name == event => arguments.first(),
            Received::Event(..) | Received::Ack(..) | Received::ConnectError(_) | Received::Disconnected => None,
        });
        arguments.collect()
    }

    /// Waits for the broadcast of a message with this text.
    pub async fn sees(&mut self, text: &str) -> Entry {
        or_time_out(async {
            loop {
                let seen = entries(&self.receives("entries").await);
                if let Some(entry) = seen.into_iter().find(|entry| message_text(entry) == Some(text)) {
                    break entry;
                }
            }
        })
        .await
    }

    /// Waits for a refusal, and returns its code. Its message must be a sentence.
    pub async fn is_refused(&mut self) -> String {
        let refused = self.receives("refused").await;
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(
            message.ends_with('.') && message.len() > 20,
            "not a sentence: {message}"
        );
        refused["error"]["code"].as_str().unwrap().to_owned()
    }

    /// Waits until the server closes the connection, and skips what it sends before.
    pub async fn is_disconnected(&mut self) {
        or_time_out(async { while self.next().await != Received::Disconnected {} }).await;
    }

    /// Returns whatever the client receives next.
    pub async fn next(&mut self) -> Received {
        if let Some(received) = self.backlog.pop_front() {
            return received;
        }
        loop {
            let Some(packet) = self.packet().await else {
                return Received::Disconnected;
            };
            let arguments = |text: &str| serde_json::from_str::<Vec<Value>>(text).unwrap();
            if let Some(event) = packet.strip_prefix(packet::EVENT) {
                let mut all = arguments(event);
                let name = all.remove(0).as_str().unwrap().to_owned();
                return Received::Event(name, all);
            }
            if let Some(ack) = packet.strip_prefix(packet::ACK) {
                let digits = ack.find('[').unwrap();
                return Received::Ack(ack[..digits].parse().unwrap(), arguments(&ack[digits..]));
            }
        }
    }

    /// Sends the `auth` payload, and waits for the answer.
    async fn connect_over(mut socket: SocketIoClient, auth: Value) -> Self {
        socket.send_connect(&auth).await.unwrap();
        let mut client = Self {
            socket,
            hello: Value::Null,
            backlog: VecDeque::new(),
            requests: 0,
        };
        if let Some(refusal) = or_time_out(client.connect_answer()).await {
            client.backlog.push_back(refusal);
        }
        client
    }

    /// Receives `hello` and the first `presence`.
    async fn welcomed(mut self) -> Self {
        match self.next().await {
            Received::Event(event, arguments) if event == "hello" => self.hello = arguments[0].clone(),
            other => panic!("not a hello: {other:?}"),
        }
        match self.next().await {
            Received::Event(event, _) if event == "presence" => {}
            other => panic!("not a presence: {other:?}"),
        }
        self
    }

    /// Waits until the server accepts the connection. Returns the refusal if it does not.
    async fn connect_answer(&mut self) -> Option<Received> {
        loop {
            let Some(packet) = self.packet().await else {
                return Some(Received::Disconnected);
            };
            if packet.starts_with(packet::CONNECT) {
                return None;
            }
            if let Some(error) = packet.strip_prefix(packet::CONNECT_ERROR) {
                let error: Value = serde_json::from_str(error).unwrap();
                return Some(Received::ConnectError(error["message"].as_str().unwrap().to_owned()));
            }
        }
    }

    /// Returns the next packet, or `None` at the end of the connection. A server that breaks the protocol fails the test.
    async fn packet(&mut self) -> Option<String> {
        let packet = or_time_out(self.socket.next())
            .await
            .expect("the server keeps the protocol");
        packet.map(|packet| packet.to_string())
    }
}

/// Returns the argument of a `post` of a message.
pub fn message(room: RoomId, id: EntryId, text: &str) -> Value {
    json!({ "room": room, "id": id, "body": { "kind": "message", "text": text } })
}

/// Returns the entries in the argument of `page` or `entries`.
pub fn entries(argument: &Value) -> Vec<Entry> {
    serde_json::from_value(argument["entries"].clone()).unwrap()
}

/// Returns the text of an entry that is a message.
pub fn message_text(entry: &Entry) -> Option<&str> {
    let Body::Message { text, .. } = &entry.body else {
        return None;
    };
    Some(text)
}
