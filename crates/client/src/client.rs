//! The handle: who one is, which servers one knows, and a session with each.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ichat_protocol::{ErrorCode, Name, ServerId, WireError};
use ichat_store::StoreError;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::hello::{Asker, HelloError};
use crate::profile::{Identity, Profile};
use crate::runner::{self, INBOX, Inbox};
use crate::servers::{KnownServer, Servers};
use crate::session::{Command, Update};
use crate::{Address, clock};

/// Updates that wait to be taken; the sessions wait when they are not.
const UPDATES: usize = 1_024;
/// How long the sessions may take to end.
const PART_WITHIN: Duration = Duration::from_secs(5);

/// A client with all its sessions. Cheap to clone; all clones are the same client, which ends with the last of them.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    dir: PathBuf,
    sessions: Mutex<HashMap<ServerId, Running>>,
    stop: CancellationToken,
    ended: CancellationToken,
    tasks: TaskTracker,
    _ends_with_this: DropGuard,
    _lock: File,
}

/// A session that runs.
struct Running {
    inbox: mpsc::Sender<Inbox>,
    stop: CancellationToken,
    ended: CancellationToken,
}

/// What the sessions share.
pub(crate) struct Shared {
    pub(crate) asker: Asker,
    pub(crate) updates: mpsc::Sender<ClientUpdate>,
    identity: Mutex<Identity>,
    servers: Mutex<Servers>,
    /// The list has changed; somebody tells it.
    servers_changed: tokio::sync::Notify,
}

/// What the client tells, in order. Take them all the time: the sessions wait when a thousand are not taken.
pub struct Updates {
    updates: mpsc::Receiver<ClientUpdate>,
    ended: CancellationToken,
}

/// What the client tells.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientUpdate {
    /// The servers that were joined. Replaces the list.
    Servers(Vec<KnownServer>),
    /// News of the session with a server.
    Session {
        /// Which server.
        server: ServerId,
        /// What is new.
        update: Update,
    },
}

/// Why the client did not start; each is a sentence that a person can act on.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("The data folder {} is in use by another I-Chat. Quit that one first, or choose another folder.", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder, or a file in it, can't be read or written.
    #[error("I-Chat can't use its data folder {}: {cause}.", dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The system gives no networking.
    #[error("I-Chat can't use the network: {0}.")]
    Network(#[from] reqwest::Error),
}

/// Why a server was not joined; each is a sentence that a person can act on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// Nobody was reached, or not the right one.
    #[error(transparent)]
    Hello(#[from] HelloError),
    /// The server can't be remembered.
    #[error("The server was found, but can't be remembered: {0}. Free some space, or check the data folder's rights.")]
    Storage(String),
    /// The client ends.
    #[error("I-Chat is closing.")]
    Closing,
}

impl JoinError {
    /// In the words of the protocol.
    pub fn to_wire(&self) -> WireError {
        match self {
            JoinError::Hello(error) => error.to_wire(),
            JoinError::Storage(_) => WireError::new(ErrorCode::Storage, self.to_string()),
            JoinError::Closing => WireError::new(ErrorCode::Closing, self.to_string()),
        }
    }
}

/// Why a command was not taken. What the server does with one that was taken is told by updates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No such server is known.
    #[error("This server is not known. Join it first.")]
    UnknownServer,
    /// It could not be saved, and so was not done.
    #[error("It could not be saved: {0}")]
    Storage(String),
    /// The client ends.
    #[error("I-Chat is closing.")]
    Closing,
}

impl CommandError {
    /// In the words of the protocol.
    pub fn to_wire(&self) -> WireError {
        let code = match self {
            CommandError::UnknownServer => ErrorCode::Other,
            CommandError::Storage(_) => ErrorCode::Storage,
            CommandError::Closing => ErrorCode::Closing,
        };
        WireError::new(code, self.to_string())
    }
}

impl From<&StoreError> for CommandError {
    fn from(error: &StoreError) -> Self {
        CommandError::Storage(error.to_string())
    }
}

impl Client {
    /// Opens the data folder, makes a profile silently when there is none, and starts a session with each server that was joined.
    /// `name` takes the place of the name that the profile has. Call it within a Tokio runtime.
    pub fn open(dir: &Path, name: Option<Name>) -> Result<(Client, Updates), OpenError> {
        let folder = |cause| OpenError::Folder {
            dir: dir.to_owned(),
            cause,
        };
        fs::create_dir_all(dir).map_err(folder)?;
        let lock = File::create(dir.join("client.lock")).map_err(folder)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => OpenError::InUse { dir: dir.to_owned() },
            TryLockError::Error(cause) => folder(cause),
        })?;
        let (updates, taken) = mpsc::channel(UPDATES);
        let shared = Arc::new(Shared {
            asker: Asker::new()?,
            updates,
            identity: Mutex::new(Identity::open(dir, name).map_err(folder)?),
            servers: Mutex::new(Servers::open(dir).map_err(folder)?),
            servers_changed: tokio::sync::Notify::new(),
        });
        let (stop, ended) = (CancellationToken::new(), CancellationToken::new());
        let client = Client {
            inner: Arc::new(Inner {
                dir: dir.join("servers"),
                sessions: Mutex::default(),
                tasks: TaskTracker::new(),
                _ends_with_this: stop.clone().drop_guard(),
                _lock: lock,
                ended: ended.clone(),
                stop,
                shared,
            }),
        };
        client.start_all();
        Ok((client, Updates { updates: taken, ended }))
    }

    /// Who one is.
    pub fn profile(&self) -> Profile {
        self.inner.shared.identity().profile
    }

    /// Takes another name, here and on every server.
    pub async fn rename(&self, name: Name) -> Result<(), CommandError> {
        let renamed = locked(&self.inner.shared.identity).rename(name.clone());
        renamed.map_err(|error| CommandError::Storage(error.to_string()))?;
        for server in self.servers() {
            self.command(server.id, Command::Rename { name: name.clone() }).await?;
        }
        Ok(())
    }

    /// The servers that were joined.
    pub fn servers(&self) -> Vec<KnownServer> {
        locked(&self.inner.shared.servers).all()
    }

    /// Finds out which server is there, remembers it, and starts a session with it. All addresses are of one server.
    /// It takes eight seconds at most.
    pub async fn join(&self, addresses: &[Address]) -> Result<ServerId, JoinError> {
        let (address, challenge) = self.inner.shared.asker.race(addresses, None).await?;
        if self.inner.stop.is_cancelled() {
            return Err(JoinError::Closing);
        }
        let id = challenge.server.id;
        let mut found = vec![address];
        found.extend(addresses.iter().cloned());
        let learned = locked(&self.inner.shared.servers).learn(id, Some(challenge.server.name), &found);
        learned.map_err(|error| JoinError::Storage(error.to_string()))?;
        self.inner.shared.servers_changed.notify_one();
        self.start(id);
        self.tell_one(id, Inbox::Nudge).await;
        Ok(id)
    }

    /// The server was seen at these addresses.
    pub async fn update_addresses(&self, server: ServerId, addresses: &[Address]) {
        let known = self.inner.shared.addresses(server);
        if !addresses.iter().all(|address| known.contains(address)) {
            self.inner.shared.learn(server, None, addresses);
        }
        // Where it was or somewhere else: it was seen just now, so a session that waits need not wait any longer.
        self.tell_one(server, Inbox::Nudge).await;
    }

    /// Ends the session with a server, and deletes what is kept of it.
    pub async fn forget(&self, server: ServerId) -> Result<(), CommandError> {
        let failed = |error: io::Error| CommandError::Storage(error.to_string());
        let running = locked(&self.inner.sessions).remove(&server);
        if let Some(running) = running {
            running.stop.cancel();
            drop(tokio::time::timeout(PART_WITHIN, running.ended.cancelled()).await);
        }
        locked(&self.inner.shared.servers).forget(server).map_err(failed)?;
        self.inner.shared.servers_changed.notify_one();
        match fs::remove_dir_all(self.inner.dir.join(server.to_string())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        }
    }

    /// Hands a command to the session with a server. When it returns, what must not be lost is on disk.
    pub async fn command(&self, server: ServerId, command: Command) -> Result<(), CommandError> {
        let inbox = locked(&self.inner.sessions)
            .get(&server)
            .map(|running| running.inbox.clone());
        let inbox = inbox.ok_or(CommandError::UnknownServer)?;
        let (answer, answered) = oneshot::channel();
        let sent = inbox.send(Inbox::Command(command, answer)).await;
        sent.map_err(|_| CommandError::Closing)?;
        answered.await.map_err(|_| CommandError::Closing)?
    }

    /// The interface starts anew: everything that it would know is told again.
    pub async fn refresh(&self) {
        self.inner.shared.servers_changed.notify_one();
        for inbox in self.inboxes() {
            drop(inbox.send(Inbox::Refresh).await);
        }
    }

    /// The network came back, or the machine woke up.
    pub async fn nudge(&self) {
        nudge(&self.inboxes()).await;
    }

    /// Ends all sessions, and returns when everything is on disk, or after five seconds.
    pub async fn shutdown(&self) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        if tokio::time::timeout(PART_WITHIN, self.inner.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("some sessions did not end in time");
        }
        self.inner.ended.cancel();
    }

    fn start_all(&self) {
        for server in self.servers() {
            self.start(server.id);
        }
        let (shared, stop) = (Arc::clone(&self.inner.shared), self.inner.stop.clone());
        shared.servers_changed.notify_one();
        let telling = async move {
            loop {
                shared.servers_changed.notified().await;
                let servers = locked(&shared.servers).all();
                // Nobody listens: then nobody misses it.
                drop(shared.updates.send(ClientUpdate::Servers(servers)).await);
            }
        };
        let inner = Arc::downgrade(&self.inner);
        let waking = async move {
            loop {
                clock::slept().await;
                tracing::info!("the machine slept");
                let Some(client) = inner.upgrade().map(|inner| Client { inner }) else {
                    return;
                };
                client.nudge().await;
            }
        };
        self.inner.tasks.spawn(async move {
            stop.run_until_cancelled(futures_util::future::join(telling, waking))
                .await;
        });
    }

    /// Starts the session with a server, unless it runs.
    fn start(&self, server: ServerId) {
        let mut sessions = locked(&self.inner.sessions);
        if sessions.contains_key(&server) {
            return;
        }
        let (inbox, asked) = mpsc::channel(INBOX);
        let (stop, ended) = (self.inner.stop.child_token(), CancellationToken::new());
        let ends = ended.clone().drop_guard();
        let session = runner::run(
            Arc::clone(&self.inner.shared),
            server,
            self.inner.dir.join(server.to_string()),
            (inbox.clone(), asked),
            stop.clone(),
        );
        self.inner.tasks.spawn(async move {
            session.await;
            drop(ends);
        });
        sessions.insert(server, Running { inbox, stop, ended });
    }

    async fn tell_one(&self, server: ServerId, what: Inbox) {
        let inbox = locked(&self.inner.sessions)
            .get(&server)
            .map(|running| running.inbox.clone());
        if let Some(inbox) = inbox {
            // It ends: then it needs to know nothing.
            drop(inbox.send(what).await);
        }
    }

    fn inboxes(&self) -> Vec<mpsc::Sender<Inbox>> {
        locked(&self.inner.sessions)
            .values()
            .map(|running| running.inbox.clone())
            .collect()
    }
}

impl Updates {
    /// The next one; `None` when the client has ended.
    pub async fn next(&mut self) -> Option<ClientUpdate> {
        tokio::select! {
            biased;
            update = self.updates.recv() => update,
            () = self.ended.cancelled() => None,
        }
    }
}

impl Shared {
    pub(crate) fn identity(&self) -> Identity {
        locked(&self.identity).clone()
    }

    pub(crate) fn addresses(&self, server: ServerId) -> Vec<Address> {
        locked(&self.servers).addresses(server)
    }

    /// Remembers where a server is, and its name, and tells that if it is new.
    pub(crate) fn learn(&self, server: ServerId, name: Option<Name>, found: &[Address]) {
        match locked(&self.servers).learn(server, name, found) {
            Ok(true) => self.servers_changed.notify_one(),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "a server's address could not be remembered"),
        }
    }
}

async fn nudge(inboxes: &[mpsc::Sender<Inbox>]) {
    for inbox in inboxes {
        drop(inbox.send(Inbox::Nudge).await);
    }
}

/// What a panic left behind is still whole: nothing here is changed in two steps.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
