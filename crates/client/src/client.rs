//! The handle: commands go in, updates come out.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Arc;

use ichat_protocol::{Name, ServerId};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::error::{CommandError, JoinError, OpenError};
use crate::inbox::Inbox;
use crate::profile::Profile;
use crate::servers::KnownServer;
use crate::session::Command;
use crate::sessions::Sessions;
use crate::shared::Shared;
use crate::updates::Updates;
use crate::{Address, Clock};

/// Updates that wait to be taken; the sessions wait when they are not.
const UPDATES: usize = 1_024;

/// A client with all its sessions. Cheap to clone; all clones are the same client, which ends with the last of them.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    sessions: Sessions,
    ended: CancellationToken,
    _ends_with_this: DropGuard,
    _lock: File,
}

impl Client {
    /// Opens the data folder, makes a profile silently when there is none, and starts a session with each server that was joined.
    /// `name` takes the place of the name that the profile has. Call it within a Tokio runtime.
    pub fn open(dir: &Path, name: Option<Name>) -> Result<(Client, Updates), OpenError> {
        Self::open_by(Clock::of_the_machine(), dir, name)
    }

    /// Like [`Client::open`], by another clock than the machine's.
    pub fn open_by(clock: Clock, dir: &Path, name: Option<Name>) -> Result<(Client, Updates), OpenError> {
        let lock = locked_folder(dir)?;
        let (updates, taken) = mpsc::channel(UPDATES);
        let shared = Arc::new(Shared::open(clock, dir, name, updates)?);
        let sessions = Sessions::new(Arc::clone(&shared), dir.join("servers"));
        let ended = CancellationToken::new();
        let client = Client {
            inner: Arc::new(Inner {
                _ends_with_this: sessions.stop.clone().drop_guard(),
                _lock: lock,
                ended: ended.clone(),
                sessions,
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
    pub async fn set_name(&self, name: Name) -> Result<(), CommandError> {
        let saved = self.inner.shared.set_name(name.clone());
        saved.map_err(|error| CommandError::Storage(error.to_string()))?;
        for server in self.servers() {
            self.command(server.id, Command::SetName { name: name.clone() }).await?;
        }
        Ok(())
    }

    /// The servers that were joined.
    pub fn servers(&self) -> Vec<KnownServer> {
        self.inner.shared.servers()
    }

    /// Finds out which server is there, remembers it, and starts a session with it. All addresses are of one server.
    /// It takes eight seconds at most.
    pub async fn join(&self, addresses: &[Address]) -> Result<ServerId, JoinError> {
        let Inner { shared, sessions, .. } = &*self.inner;
        let (address, challenge) = shared.asker.race(addresses, None).await?;
        if sessions.stop.is_cancelled() {
            return Err(JoinError::Closing);
        }
        let id = challenge.server.id;
        let mut found = vec![address];
        found.extend(addresses.iter().cloned());
        let remembered = shared.remember(id, challenge.server.name, &found);
        remembered.map_err(|error| JoinError::Storage(error.to_string()))?;
        sessions.start(id);
        sessions.nudge(id).await;
        Ok(id)
    }

    /// The server was seen at these addresses.
    pub async fn update_addresses(&self, server: ServerId, addresses: &[Address]) {
        let known = self.inner.shared.addresses(server);
        if !addresses.iter().all(|address| known.contains(address)) {
            self.inner.shared.learn(server, None, addresses);
        }
        // Where it was or somewhere else: it was seen just now, so a session that waits need not wait any longer.
        self.inner.sessions.nudge(server).await;
    }

    /// Ends the session with a server, and deletes what is kept of it.
    pub async fn forget(&self, server: ServerId) -> Result<(), CommandError> {
        let failed = |error: io::Error| CommandError::Storage(error.to_string());
        self.inner.sessions.end(server).await;
        self.inner.shared.forget(server).map_err(failed)?;
        self.inner.sessions.delete(server).map_err(failed)
    }

    /// Hands a command to the session with a server. When it returns, what must not be lost is on disk.
    pub async fn command(&self, server: ServerId, command: Command) -> Result<(), CommandError> {
        let inbox = self.inner.sessions.inbox(server).ok_or(CommandError::UnknownServer)?;
        let (answer, answered) = oneshot::channel();
        let sent = inbox.send(Inbox::Command(command, answer)).await;
        sent.map_err(|_| CommandError::Closing)?;
        answered.await.map_err(|_| CommandError::Closing)?
    }

    /// The interface starts anew: everything that it would know is told again.
    pub async fn refresh(&self) {
        self.inner.shared.tell_servers();
        self.inner.sessions.refresh_all().await;
    }

    /// The network came back, or the machine woke up.
    pub async fn nudge(&self) {
        self.inner.sessions.nudge_all().await;
    }

    /// Ends all sessions, and returns when everything is on disk, or after five seconds.
    pub async fn shutdown(&self) {
        self.inner.sessions.end_all().await;
        self.inner.ended.cancel();
    }

    fn start_all(&self) {
        for server in self.servers() {
            self.inner.sessions.start(server.id);
        }
        let (shared, stop) = (Arc::clone(&self.inner.shared), self.inner.sessions.stop.clone());
        shared.tell_servers();
        let inner = Arc::downgrade(&self.inner);
        let clock = shared.clock.clone();
        let waking = async move {
            loop {
                clock.slept().await;
                tracing::info!("the machine slept");
                let Some(client) = inner.upgrade().map(|inner| Client { inner }) else {
                    return;
                };
                client.nudge().await;
            }
        };
        self.inner.sessions.tasks.spawn(async move {
            let telling = shared.tell_servers_when_due();
            stop.run_until_cancelled(futures_util::future::join(telling, waking))
                .await;
        });
    }
}

/// Makes the data folder, and keeps every other process out of it until the file is dropped.
fn locked_folder(dir: &Path) -> Result<File, OpenError> {
    let folder = |cause| OpenError::Folder {
        dir: dir.to_owned(),
        cause,
    };
    fs::create_dir_all(dir).map_err(folder)?;
    let lock = File::create(dir.join("client.lock")).map_err(folder)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { dir: dir.to_owned() }),
        Err(TryLockError::Error(cause)) => Err(folder(cause)),
    }
}
