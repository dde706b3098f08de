//! Users with real clients, and a real server for them.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test uses a part of this module; unwrap in tests is a failed precondition"
)]

pub(crate) mod net;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ichat_client::session::{Command, ConnectionStatus, LogRange, OutboxItem, Update};
use ichat_client::{Address, Client, ClientUpdate, Clock, Updates};
use ichat_protocol::{Body, Entry, EntryId, RoomId, RoomSummary, Seq, ServerId};
use ichat_server::Config;
pub(crate) use ichat_testkit::name;
use ichat_testkit::{TestServer, message_text};
use tempfile::TempDir;
use tokio::time::timeout;

/// The time after which a test fails: longer than anything takes on a busy machine.
pub(crate) const TIMEOUT: Duration = Duration::from_mins(2);

/// The command that requests the first rooms of a server.
pub(crate) fn browse() -> Command {
    Command::Browse {
        query: None,
        after: None,
    }
}

/// Starts a server.
pub(crate) async fn start_server() -> TestServer {
    let config = Config {
        name: name("Office"),
        ..Config::default()
    };
    TestServer::with_config(config).await
}

/// Returns the address of a server or a proxy in the form that a client takes.
pub(crate) fn address(of: SocketAddr) -> Address {
    Address::new(of.ip(), of.port()).unwrap()
}

/// A user with a client, and what an interface would show of one server.
pub(crate) struct User {
    pub(crate) dir: PathBuf,
    /// Kept until the user is dropped.
    temp_dir: Option<TempDir>,
    pub(crate) client: Client,
    updates: Updates,
    /// The time for which the machine was suspended, in milliseconds.
    suspended_ms: Arc<AtomicU64>,
    pub(crate) server: Option<ServerId>,
    pub(crate) lobby: Option<RoomId>,
    pub(crate) connection: Option<ConnectionStatus>,
    pub(crate) rooms: Vec<RoomSummary>,
    /// All rooms of the server, if they were requested.
    pub(crate) directory: Vec<RoomSummary>,
    pub(crate) outbox: Vec<OutboxItem>,
    /// The lobby's entries in the order of `seq`.
    pub(crate) timeline: Vec<Entry>,
    pub(crate) resets: usize,
    pub(crate) refusals: Vec<String>,
}

impl User {
    /// Starts the app for the first time.
    pub(crate) fn new(called: &str) -> Self {
        let temp_dir = tempfile::tempdir().unwrap();
        let mut user = Self::open(temp_dir.path(), Some(called));
        user.temp_dir = Some(temp_dir);
        user
    }

    fn open(dir: &Path, called: Option<&str>) -> Self {
        let (start, suspended_ms) = (Instant::now(), Arc::<AtomicU64>::default());
        let suspended = Arc::clone(&suspended_ms);
        let clock = Clock::new(move || start.elapsed() + Duration::from_millis(suspended.load(Ordering::SeqCst)));
        let (client, updates) = Client::open_with_clock(clock, dir, called.map(name)).unwrap();
        Self {
            dir: dir.to_owned(),
            temp_dir: None,
            server: client.servers().first().map(|server| server.id),
            client,
            updates,
            suspended_ms,
            lobby: None,
            connection: None,
            rooms: Vec::new(),
            directory: Vec::new(),
            outbox: Vec::new(),
            timeline: Vec::new(),
            resets: 0,
            refusals: Vec::new(),
        }
    }

    /// Starts the app for the first time, and waits until the user is online on the server.
    pub(crate) async fn online(called: &str, server: &TestServer) -> Self {
        let mut user = Self::new(called);
        user.joins(server.address).await;
        user
    }

    /// Joins the server at this address, and waits until the user is online.
    pub(crate) async fn joins(&mut self, server: SocketAddr) {
        self.server = Some(self.client.join(&[address(server)]).await.unwrap());
        self.is_online().await;
    }

    /// Quits the app and starts it again.
    pub(crate) async fn restarts(self) -> Self {
        let Self {
            client,
            updates,
            temp_dir,
            dir,
            lobby,
            ..
        } = self;
        client.shutdown().await;
        drop((client, updates));
        let mut user = Self::open(&dir, None);
        user.temp_dir = temp_dir;
        user.lobby = lobby;
        user
    }

    /// Wakes the machine up after a suspend of this length.
    pub(crate) fn wakes_after(&self, suspend: Duration) {
        let ms = u64::try_from(suspend.as_millis()).unwrap();
        self.suspended_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Posts a message to the lobby. It is on disk when this returns.
    pub(crate) async fn says(&self, text: &str) -> EntryId {
        self.says_in(self.lobby.unwrap(), text).await
    }

    pub(crate) async fn says_in(&self, room: RoomId, text: &str) -> EntryId {
        let id = EntryId::fresh();
        let body = Body::Message {
            text: text.into(),
            reply_to: None,
            mentions: Vec::new(),
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
        self.until("online", |user| user.connection == Some(ConnectionStatus::Online))
            .await;
    }

    pub(crate) async fn is_offline(&mut self) {
        self.until("offline", |user| {
            matches!(user.connection, Some(ConnectionStatus::Reconnecting { .. }))
        })
        .await;
    }

    /// Waits until a message with this text is in the lobby, and checks that there is only one.
    pub(crate) async fn sees(&mut self, text: &str) {
        self.until(&format!("a message \"{text}\""), |user| {
            user.texts().contains(&text.into())
        })
        .await;
        let count = self.texts().iter().filter(|shown| *shown == text).count();
        assert_eq!(count, 1, "\"{text}\" is there more than once");
    }

    /// Requests up to `limit` entries before this one.
    pub(crate) async fn scrolls_back(&mut self, before: u64, limit: u32) {
        let range = LogRange::before(Seq(before), limit);
        let room = self.lobby.unwrap();
        self.does(Command::History { room, range }).await;
    }

    /// Returns the messages of the lobby in their order.
    pub(crate) fn texts(&self) -> Vec<String> {
        let texts = self.timeline.iter().filter_map(message_text);
        texts.map(str::to_owned).collect()
    }

    /// Applies updates until the condition holds, and panics after [`TIMEOUT`].
    pub(crate) async fn until(&mut self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        let waiting = timeout(TIMEOUT, async {
            while !condition(self) {
                self.apply_next_update().await;
            }
        })
        .await;
        assert!(
            waiting.is_ok(),
            "waited in vain for: {what}; {:?}, outbox {:?}, timeline {:?}",
            self.connection,
            self.outbox,
            self.texts()
        );
    }

    async fn apply_next_update(&mut self) {
        let ClientUpdate::Session { server, update } = self.updates.next().await.unwrap() else {
            return;
        };
        if Some(server) != self.server {
            return;
        }
        match update {
            Update::Connection(connection) => self.connection = Some(connection),
            Update::Hello(hello) => self.lobby = Some(hello.lobby),
            Update::Rooms { rooms, .. } => self.rooms = rooms,
            Update::Directory(list) => self.directory = list.rooms,
            Update::Outbox { room, items, .. } => {
                if Some(room) == self.lobby {
                    self.outbox = items;
                }
            }
            Update::Entries { room, entries, .. } => {
                if Some(room) == self.lobby {
                    self.upsert(entries);
                }
            }
            Update::Reset { room } => {
                if Some(room) == self.lobby {
                    self.resets += 1;
                    self.timeline.clear();
                }
            }
            Update::Refused { error, .. } => self.refusals.push(error.message),
            Update::Members { .. } | Update::Presence { .. } | Update::Typing { .. } => {}
        }
    }

    fn upsert(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            match self.timeline.binary_search_by_key(&entry.seq, |shown| shown.seq) {
                Ok(at) => assert_eq!(self.timeline[at].id, entry.id, "a sequence number changed its entry"),
                Err(at) => self.timeline.insert(at, entry),
            }
        }
    }
}

/// Copies all files of a data folder. Its server must be stopped.
pub(crate) fn copy_data(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
