//! A stage: a real server that can be stopped, killed and brought back, and people with real clients.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test file uses a part, and a test that can't go on says where"
)]

pub(crate) mod net;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ichat_client::session::{Command, ConnectionStatus, LogRange, OutboxItem, Update};
use ichat_client::{Address, Client, ClientUpdate, Clock, Updates};
use ichat_protocol::{Body, Entry, EntryId, Name, RoomId, RoomSummary, ServerId};
use ichat_server::{Config, run};
use ichat_store::Store;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Longer than anything takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// A server with a data folder and an address that stay when it is stopped.
pub(crate) struct Server {
    pub(crate) dir: TempDir,
    pub(crate) address: SocketAddr,
    running: Option<Running>,
}

struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
    store: Store,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let mut server = Self {
            dir: tempfile::tempdir().unwrap(),
            address: "127.0.0.1:0".parse().unwrap(),
            running: None,
        };
        server.is_back().await;
        server
    }

    /// Runs again, at the address that it had.
    pub(crate) async fn is_back(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.address = listener.local_addr().unwrap();
        let store = Store::open_server(self.dir.path(), &name("Lobby")).await.unwrap();
        let stop = CancellationToken::new();
        let config = Config {
            name: name("Office"),
            ..Config::default()
        };
        let (stopped, of) = (stop.clone(), store.clone());
        let task =
            tokio::spawn(async move { run(listener, of, config, watch::Sender::new(0), stopped).await.unwrap() });
        self.running = Some(Running { stop, task, store });
    }

    /// Goes down politely.
    pub(crate) async fn stops(&mut self) {
        let running = self.running.take().unwrap();
        running.stop.cancel();
        running.task.await.unwrap();
        running.store.close().await;
    }

    /// Copies the data folder of a server that is stopped, or puts a copy in its place.
    pub(crate) fn copy(from: &Path, to: &Path) {
        for file in std::fs::read_dir(from).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.running.as_ref().unwrap().store
    }

    pub(crate) fn lobby(&self) -> RoomId {
        self.store().lobby()
    }

    pub(crate) fn at(&self) -> Address {
        Address::new(self.address.ip(), self.address.port()).unwrap()
    }
}

/// Somebody with a client, and the picture that their interface would show of one server.
pub(crate) struct Person {
    pub(crate) dir: PathBuf,
    keeps: Option<TempDir>,
    pub(crate) client: Client,
    updates: Updates,
    /// By how much the machine's sleep has put its clock ahead.
    slept_ms: Arc<AtomicU64>,
    pub(crate) server: Option<ServerId>,
    pub(crate) lobby: Option<RoomId>,
    pub(crate) connection: Option<ConnectionStatus>,
    pub(crate) rooms: Vec<RoomSummary>,
    pub(crate) outbox: Vec<OutboxItem>,
    /// In order of `seq`, as a timeline that follows the updates would show it.
    pub(crate) lobby_log: Vec<Entry>,
    pub(crate) resets: usize,
    pub(crate) refusals: Vec<String>,
}

impl Person {
    /// Starts the app for the first time.
    pub(crate) fn new(called: &str) -> Self {
        let keeps = tempfile::tempdir().unwrap();
        let mut person = Self::with_app(keeps.path(), Some(called));
        person.keeps = Some(keeps);
        person
    }

    fn with_app(dir: &Path, called: Option<&str>) -> Self {
        let (began, slept_ms) = (Instant::now(), Arc::<AtomicU64>::default());
        let slept = Arc::clone(&slept_ms);
        let clock = Clock::new(move || began.elapsed() + Duration::from_millis(slept.load(Ordering::SeqCst)));
        let (client, updates) = Client::open_by(clock, dir, called.map(name)).unwrap();
        Self {
            dir: dir.to_owned(),
            keeps: None,
            server: client.servers().first().map(|server| server.id),
            client,
            updates,
            slept_ms,
            lobby: None,
            connection: None,
            rooms: Vec::new(),
            outbox: Vec::new(),
            lobby_log: Vec::new(),
            resets: 0,
            refusals: Vec::new(),
        }
    }

    /// Joins a server, and waits until they are in.
    pub(crate) async fn joining(called: &str, server: &Server) -> Self {
        let mut person = Self::new(called);
        person.server = Some(person.client.join(&[server.at()]).await.unwrap());
        person.is_online().await;
        person
    }

    /// Quits the app and starts it again.
    pub(crate) async fn restarts(self) -> Self {
        let Self {
            client,
            updates,
            keeps,
            dir,
            lobby,
            ..
        } = self;
        client.shutdown().await;
        drop((client, updates));
        let mut person = Self::with_app(&dir, None);
        person.keeps = keeps;
        person.lobby = lobby;
        person
    }

    /// The machine wakes up, so long after it fell asleep.
    pub(crate) fn wakes_after(&self, sleep: Duration) {
        let sleep = u64::try_from(sleep.as_millis()).unwrap();
        self.slept_ms.fetch_add(sleep, Ordering::SeqCst);
    }

    /// Writes a message; it is on disk when this returns.
    pub(crate) async fn says(&self, text: &str) -> EntryId {
        self.says_in(self.lobby.unwrap(), text).await
    }

    pub(crate) async fn says_in(&self, room: RoomId, text: &str) -> EntryId {
        let id = EntryId::fresh();
        let body = Body::Message {
            text: text.into(),
            reply_to: None,
        };
        self.does(Command::Send {
            room,
            id,
            body,
            written: 1,
        })
        .await;
        id
    }

    pub(crate) async fn does(&self, command: Command) {
        self.client.command(self.server.unwrap(), command).await.unwrap();
    }

    pub(crate) async fn is_online(&mut self) {
        self.until("being online", |p| p.connection == Some(ConnectionStatus::Online))
            .await;
    }

    pub(crate) async fn is_offline(&mut self) {
        self.until("being offline", |p| {
            matches!(p.connection, Some(ConnectionStatus::Reconnecting { .. }))
        })
        .await;
    }

    /// Waits until the text is in the lobby; fails if it is there twice.
    pub(crate) async fn sees(&mut self, text: &str) {
        self.until(&format!("seeing \"{text}\""), |p| p.texts().contains(&text.into()))
            .await;
        assert_eq!(
            self.texts().iter().filter(|t| *t == text).count(),
            1,
            "{text} is there once"
        );
    }

    /// Scrolls back by so many entries, and waits for them.
    pub(crate) async fn looks_back(&mut self, before: u64, limit: u32) {
        let range = LogRange {
            before: Some(ichat_protocol::Seq(before)),
            after: None,
            limit,
        };
        let room = self.lobby.unwrap();
        self.does(Command::History { room, range }).await;
    }

    /// The messages of the lobby, in their order.
    pub(crate) fn texts(&self) -> Vec<String> {
        let text = |entry: &Entry| match &entry.body {
            Body::Message { text, .. } => Some(text.clone()),
            _ => None,
        };
        self.lobby_log.iter().filter_map(text).collect()
    }

    /// Follows the updates until it is so.
    pub(crate) async fn until(&mut self, what: &str, mut so: impl FnMut(&Self) -> bool) {
        let waited = timeout(PATIENCE, async {
            while !so(self) {
                self.follows_one().await;
            }
        })
        .await;
        assert!(
            waited.is_ok(),
            "{what} did not happen; {:?}, outbox {:?}, log {:?}",
            self.connection,
            self.outbox,
            self.texts()
        );
    }

    async fn follows_one(&mut self) {
        let update = match self.updates.next().await.unwrap() {
            ClientUpdate::Session { server, update } if Some(server) == self.server => update,
            _ => return,
        };
        match update {
            Update::Connection(connection) => self.connection = Some(connection),
            Update::Hello(hello) => self.lobby = Some(hello.lobby),
            Update::Rooms { rooms } => self.rooms = rooms,
            Update::Outbox { room, items } if Some(room) == self.lobby => self.outbox = items,
            Update::Entries { room, entries, .. } if Some(room) == self.lobby => self.upsert(entries),
            Update::Reset { room } if Some(room) == self.lobby => {
                self.resets += 1;
                self.lobby_log.clear();
            }
            Update::Refused { error, .. } => self.refusals.push(error.message),
            _ => {}
        }
    }

    fn upsert(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            match self.lobby_log.binary_search_by_key(&entry.seq, |held| held.seq) {
                Ok(place) => assert_eq!(self.lobby_log[place].id, entry.id, "a place never changes hands"),
                Err(place) => self.lobby_log.insert(place, entry),
            }
        }
    }
}
