//! A real server on a free port, and people who talk with it through a Socket.IO client of a few lines: it shares no code
//! with the server, so that both would have to be wrong in the same way.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use futures_util::{SinkExt as _, StreamExt as _};
use ichat_protocol::{Body, Challenge, DeviceId, Entry, EntryId, Name, RoomId, Seq, sign};
use ichat_server::{Config, ServeError, run};
use ichat_store::Store;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

/// Longer than anything may take here.
pub const SOON: Duration = Duration::from_secs(10);

/// A running server and its data folder.
pub struct Server {
    pub address: SocketAddr,
    pub store: Store,
    pub people: watch::Receiver<u32>,
    pub shutdown: CancellationToken,
    pub ended: JoinHandle<Result<(), ServeError>>,
    pub folder: TempDir,
}

impl Server {
    pub async fn start() -> Self {
        Self::with(Config::default()).await
    }

    pub async fn with(config: Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::on(folder, config).await
    }

    pub async fn on(folder: TempDir, config: Config) -> Self {
        let store = Store::open_server(folder.path(), &name("Lobby")).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let (told, people) = watch::channel(0);
        let ended = tokio::spawn(run(listener, store.clone(), config, told, shutdown.clone()));
        Self {
            address,
            store,
            people,
            shutdown,
            ended,
            folder,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn lobby(&self) -> RoomId {
        self.store.lobby()
    }

    /// Somebody with a key of their own.
    pub async fn person(&self, name: &str) -> Person {
        self.person_with(name, &Key::new()).await
    }

    pub async fn person_with(&self, name: &str, key: &Key) -> Person {
        Person::join(self.address, key.auth(self.address, name).await).await
    }

    /// Somebody without a key, who speaks the protocol.
    pub async fn guest(&self) -> Person {
        Person::join(self.address, json!({ "protocol": 1 })).await
    }

    /// A client after the tutorial.
    pub async fn classic(&self) -> Person {
        Person::join(self.address, Value::Null).await
    }

    /// Everything that the lobby's log holds.
    pub async fn log(&self) -> Vec<Entry> {
        log(&self.store).await
    }

    pub async fn stop(self) -> TempDir {
        self.shutdown.cancel();
        soon(self.ended).await.unwrap().unwrap();
        self.store.close().await;
        self.folder
    }
}

/// Everything that the lobby's log of a store holds.
pub async fn log(store: &Store) -> Vec<Entry> {
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

/// A person's key and device.
pub struct Key {
    secret: SigningKey,
    pub device: DeviceId,
}

impl Key {
    pub fn new() -> Self {
        let mut secret = [0; 32];
        secret[..16].copy_from_slice(EntryId(uuid::Uuid::new_v4()).0.as_bytes());
        secret[16..].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        Self {
            secret: SigningKey::from_bytes(&secret),
            device: DeviceId::fresh(),
        }
    }

    pub async fn auth(&self, address: SocketAddr, name: &str) -> Value {
        let challenge = challenge(address).await;
        serde_json::to_value(sign(&self.secret, &challenge, 1, self::name(name), self.device)).unwrap()
    }
}

pub async fn challenge(address: SocketAddr) -> Challenge {
    reqwest::get(format!("http://{address}/api/hello"))
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

pub fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// Fails the test instead of waiting for ever.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, future).await.expect("it takes too long")
}

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a transport, without any Socket.IO yet.
pub async fn transport(address: SocketAddr) -> Socket {
    let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let open = soon(socket.next()).await.unwrap().unwrap().into_text().unwrap();
    assert!(open.starts_with('0'), "{open}");
    socket
}

/// What a server said: an event, or an acknowledgement.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    Event(String, Vec<Value>),
    Ack(u64, Vec<Value>),
    /// The connection was refused, with this text.
    Refused(String),
    /// The connection has ended.
    End,
}

/// One connection of somebody.
pub struct Person {
    pub socket: Socket,
    /// What `hello` said.
    pub hello: Value,
    heard: VecDeque<Heard>,
    acks: u64,
}

impl Person {
    /// Connects, and takes `hello` and the first `presence`.
    pub async fn join(address: SocketAddr, auth: Value) -> Self {
        let mut person = Self::connect(address, auth).await;
        match person.next().await {
            Heard::Event(event, arguments) if event == "hello" => person.hello = arguments[0].clone(),
            other => panic!("not a hello: {other:?}"),
        }
        match person.next().await {
            Heard::Event(event, _) if event == "presence" => {}
            other => panic!("not a presence: {other:?}"),
        }
        person
    }

    /// Connects, up to the server's answer.
    pub async fn connect(address: SocketAddr, auth: Value) -> Self {
        let mut socket = transport(address).await;
        let auth = if auth.is_null() {
            String::new()
        } else {
            auth.to_string()
        };
        socket.send(Message::text(format!("40{auth}"))).await.unwrap();
        let mut person = Self {
            socket,
            hello: Value::Null,
            heard: VecDeque::new(),
            acks: 0,
        };
        let answer = loop {
            match person.frame().await {
                Some(frame) if frame.starts_with("40") || frame.starts_with("44") => break frame,
                Some(_) => {}
                None => break "41".to_owned(),
            }
        };
        match answer.strip_prefix("44") {
            Some(error) => {
                let error: Value = serde_json::from_str(error).unwrap();
                person
                    .heard
                    .push_back(Heard::Refused(error["message"].as_str().unwrap().to_owned()));
            }
            None if answer == "41" => person.heard.push_back(Heard::End),
            None => {}
        }
        person
    }

    /// The text that a refused connection came with.
    pub async fn refusal(address: SocketAddr, auth: Value) -> String {
        match Self::connect(address, auth).await.next().await {
            Heard::Refused(text) => text,
            other => panic!("it was let in: {other:?}"),
        }
    }

    pub fn me(&self) -> &str {
        self.hello["me"].as_str().unwrap()
    }

    pub fn lobby(&self) -> RoomId {
        serde_json::from_value(self.hello["lobby"].clone()).unwrap()
    }

    /// Sends a Socket.IO packet's text.
    pub async fn send(&mut self, packet: impl Into<String>) {
        let packet: String = packet.into();
        self.socket.send(Message::text(packet)).await.unwrap();
    }

    /// Emits an event with one argument.
    pub async fn emit(&mut self, event: &str, data: Value) {
        self.send(format!("42{}", json!([event, data]))).await;
    }

    /// Emits an event with any arguments, and waits for its acknowledgement.
    pub async fn ask(&mut self, event: &str, arguments: &[Value]) -> Value {
        self.acks += 1;
        let id = self.acks;
        let all: Vec<Value> = [json!(event)].into_iter().chain(arguments.iter().cloned()).collect();
        self.send(format!("42{id}{}", json!(all))).await;
        let mut others = VecDeque::new();
        // The server's signs of life would keep a wait that counts from each of them alive for ever.
        let answer = soon(async {
            loop {
                match self.next().await {
                    Heard::Ack(of, arguments) if of == id => break arguments,
                    Heard::End => panic!("the connection ended"),
                    other => others.push_back(other),
                }
            }
        })
        .await;
        others.append(&mut self.heard);
        self.heard = others;
        answer.into_iter().next().unwrap_or(Value::Null)
    }

    /// Posts a message to the lobby and does not wait.
    pub async fn says(&mut self, text: &str) -> EntryId {
        let room = self.lobby();
        self.says_in(room, text).await
    }

    pub async fn says_in(&mut self, room: RoomId, text: &str) -> EntryId {
        let id = EntryId::fresh();
        self.emit("post", message(room, id, text)).await;
        id
    }

    /// Subscribes to a room of which nothing is held, and takes its page.
    pub async fn follows(&mut self, room: RoomId) -> Vec<Entry> {
        self.emit("sync", json!({ "rooms": { room.to_string(): null } })).await;
        entries(&self.hears("page").await)
    }

    /// The argument of the next event of this name; others are passed over.
    pub async fn hears(&mut self, event: &str) -> Value {
        soon(async {
            loop {
                match self.next().await {
                    Heard::Event(name, mut arguments) if name == event => {
                        break if arguments.len() == 1 {
                            arguments.remove(0)
                        } else {
                            Value::Array(arguments)
                        };
                    }
                    Heard::End => panic!("the connection ended before \"{event}\""),
                    _ => {}
                }
            }
        })
        .await
    }

    /// The places of the entries that come next, whether as a page or as a broadcast.
    pub async fn comes(&mut self) -> Vec<u64> {
        loop {
            match self.next().await {
                Heard::Event(event, data) if event == "page" || event == "entries" => {
                    return entries(&data[0]).into_iter().map(|entry| entry.seq.0).collect();
                }
                Heard::End => panic!("the connection ended"),
                _ => {}
            }
        }
    }

    /// The arguments of the events of this name that came while something else was waited for.
    pub fn heard_meanwhile(&self, event: &str) -> Vec<&Value> {
        let heard = self.heard.iter().filter_map(|heard| match heard {
            Heard::Event(name, arguments) if name == event => arguments.first(),
            _ => None,
        });
        heard.collect()
    }

    /// Everything that is said from now on, as it arrives, up to this.
    pub async fn hears_all_up_to(&mut self, last: &str) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        while texts.last().map(String::as_str) != Some(last) {
            let seen = entries(&self.hears("entries").await);
            texts.extend(seen.iter().filter_map(said).map(str::to_owned));
        }
        texts
    }

    /// Reads broadcasts until somebody has said this.
    pub async fn sees(&mut self, text: &str) -> Entry {
        loop {
            let seen = entries(&self.hears("entries").await);
            if let Some(entry) = seen.into_iter().find(|entry| said(entry) == Some(text)) {
                return entry;
            }
        }
    }

    /// The code of the next refusal.
    pub async fn is_refused(&mut self) -> String {
        let refused = self.hears("refused").await;
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(
            message.ends_with('.') && message.len() > 20,
            "not a sentence: {message}"
        );
        refused["error"]["code"].as_str().unwrap().to_owned()
    }

    /// The server ends the connection; what it says before that is passed over.
    pub async fn is_cut(&mut self) {
        soon(async { while self.next().await != Heard::End {} }).await;
    }

    /// What comes next; pings are answered by the way.
    pub async fn next(&mut self) -> Heard {
        if let Some(heard) = self.heard.pop_front() {
            return heard;
        }
        loop {
            let Some(frame) = self.frame().await else {
                return Heard::End;
            };
            let arguments = |text: &str| serde_json::from_str::<Vec<Value>>(text).unwrap();
            if let Some(event) = frame.strip_prefix("42") {
                let mut all = arguments(event);
                let name = all.remove(0).as_str().unwrap().to_owned();
                return Heard::Event(name, all);
            }
            if let Some(ack) = frame.strip_prefix("43") {
                let digits = ack.find('[').unwrap();
                return Heard::Ack(ack[..digits].parse().unwrap(), arguments(&ack[digits..]));
            }
            if frame == "41" || frame == "1" {
                return Heard::End;
            }
        }
    }

    async fn frame(&mut self) -> Option<String> {
        loop {
            match soon(self.socket.next()).await {
                Some(Ok(Message::Text(text))) if text.as_str() == "2" => {
                    self.socket.send(Message::text("3")).await.ok()?;
                }
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }
}

/// The argument of a `post` that says something.
pub fn message(room: RoomId, id: EntryId, text: &str) -> Value {
    json!({ "room": room, "id": id, "body": { "kind": "message", "text": text } })
}

/// The entries of a `page` or of `entries`.
pub fn entries(data: &Value) -> Vec<Entry> {
    serde_json::from_value(data["entries"].clone()).unwrap()
}

/// What a message says.
pub fn said(entry: &Entry) -> Option<&str> {
    match &entry.body {
        Body::Message { text, .. } => Some(text),
        _ => None,
    }
}
