//! The handle of a client: commands in, updates out.

use std::io;
use std::path::Path;
use std::sync::Arc;

use ichat_protocol::{Name, ServerId};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::error::{CommandError, JoinError, OpenError};
use crate::known_servers::KnownServer;
use crate::message::SessionMessage;
use crate::profile::{Identity, Profile};
use crate::running_sessions::RunningSessions;
use crate::server_prober::Found;
use crate::session::Command;
use crate::state::ClientState;
use crate::updates::{QUEUE_CAPACITY, Updates};
use crate::{Address, Clock};

/// A client with its sessions. Cheap to clone. The client ends when its last clone is dropped.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    state: Arc<ClientState>,
    sessions: RunningSessions,
    ended: CancellationToken,
    /// Locked while a server is added or removed together with its session.
    joining: Mutex<()>,
    _stop_on_drop: DropGuard,
}

impl Client {
    /// Opens a data folder and starts a session with each known server. A new folder gets a profile. `name` replaces
    /// the name in the profile. Must be called within a Tokio runtime.
    pub fn open(dir: &Path, name: Option<Name>) -> Result<(Client, Updates), OpenError> {
        Self::open_with_clock(Clock::system(), dir, name)
    }

    /// Does the same as [`Client::open`], with a clock other than the machine's.
    pub fn open_with_clock(clock: Clock, dir: &Path, name: Option<Name>) -> Result<(Client, Updates), OpenError> {
        Self::open_with(clock, dir, |dir| Identity::open(dir, name))
    }

    /// Opens another data folder of the user whose folder is `main`.
    pub(crate) fn open_as(dir: &Path, main: &Path, name: Option<Name>) -> Result<(Client, Updates), OpenError> {
        Self::open_with(Clock::system(), dir, |dir| Identity::open_as(dir, main, name))
    }

    fn open_with(
        clock: Clock,
        dir: &Path,
        identity: impl FnOnce(&Path) -> io::Result<Identity>,
    ) -> Result<(Client, Updates), OpenError> {
        let (updates, queue) = mpsc::channel(QUEUE_CAPACITY);
        let state = Arc::new(ClientState::open(clock, dir, identity, updates)?);
        let sessions = RunningSessions::new(Arc::clone(&state), dir.join("servers"));
        let ended = CancellationToken::new();
        let client = Client {
            inner: Arc::new(Inner {
                _stop_on_drop: sessions.stop.clone().drop_guard(),
                joining: Mutex::default(),
                ended: ended.clone(),
                sessions,
                state,
            }),
        };
        client.start();
        Ok((client, Updates { queue, ended }))
    }

    /// Returns the user's profile.
    pub fn profile(&self) -> Profile {
        self.inner.state.identity().profile
    }

    /// Changes the user's name, here and on every server. A server whose session returns an error does not keep the name
    /// from the others, and gets it with the next connection.
    pub async fn set_name(&self, name: Name) -> Result<(), CommandError> {
        let saved = self.inner.state.set_name(name.clone());
        saved.map_err(|error| CommandError::Storage(error.to_string()))?;
        let mut outcome = Ok(());
        for server in self.servers() {
            let sent = self.command(server.id, Command::SetName { name: name.clone() }).await;
            outcome = outcome.and(sent);
        }
        outcome
    }

    /// Returns the servers that the user has joined.
    pub fn servers(&self) -> Vec<KnownServer> {
        self.inner.state.servers()
    }

    /// Finds the server at one of these addresses, adds it to the known servers and starts a session with it. All addresses
    /// must belong to one server. Takes eight seconds at most, or twice as long if something else answers there.
    ///
    /// If there is something else at the path of an address, the paths above it are tried: it may be a link to something on the
    /// server.
    pub async fn join(&self, addresses: &[Address]) -> Result<ServerId, JoinError> {
        let found = self.inner.state.prober.find_typed(addresses).await?;
        let others = if addresses.contains(&found.address) {
            addresses
        } else {
            &[]
        };
        self.add(found, others).await
    }

    /// Does the same with a server whose id is known. Another server that answers at one of the addresses is not joined:
    /// anyone can announce the id of this one.
    pub async fn join_server(&self, server: ServerId, addresses: &[Address]) -> Result<(), JoinError> {
        let found = self.inner.state.prober.find(addresses, Some(server)).await?;
        self.add(found, addresses).await.map(drop)
    }

    /// Replaces the addresses at which discovery sees a known server, and connects to it if its session is waiting, unless the
    /// server has asked it to wait. They are tried as well as those where it was found, and not saved: anyone can announce them.
    pub async fn set_announced_addresses(&self, server: ServerId, addresses: &[Address]) {
        self.inner.state.set_announced(server, addresses);
        // Known addresses are news as well: the server is up.
        self.inner.sessions.nudge(server).await;
    }

    /// Removes a server from the known servers, ends its session and deletes its replica. If the list can't be saved,
    /// this has no effect.
    pub async fn forget(&self, server: ServerId) -> Result<(), CommandError> {
        let failed = |error: io::Error| CommandError::Storage(error.to_string());
        let _joining = self.inner.joining.lock().await;
        self.inner.state.remove_server(server).map_err(failed)?;
        self.inner.sessions.end(server).await;
        self.inner.sessions.delete_replica(server).map_err(failed)
    }

    /// Passes a command to the session with a server. When this returns, everything that must not be lost is on disk.
    pub async fn command(&self, server: ServerId, command: Command) -> Result<(), CommandError> {
        let driver = self.inner.sessions.driver(server).ok_or(CommandError::UnknownServer)?;
        let (reply, result) = oneshot::channel();
        let sent = driver.send(SessionMessage::Command(command, reply)).await;
        sent.map_err(|_| self.session_ended())?;
        result.await.map_err(|_| self.session_ended())?
    }

    /// Repeats all updates that a restarted interface needs.
    pub async fn refresh(&self) {
        self.inner.state.request_server_list();
        self.inner.sessions.refresh_all().await;
    }

    /// Connects or probes now, because the network or the user is back, or the machine woke up.
    pub async fn nudge(&self) {
        self.inner.sessions.nudge_all().await;
    }

    /// Connects or probes now, because the user asks for it: also while a server that has refused asks to wait.
    pub async fn reconnect(&self, server: ServerId) {
        self.inner.sessions.reconnect(server).await;
    }

    /// Connects with a server soon, because the user writes there. Has no effect while there is a connection or an attempt is
    /// under way, or when the server has refused the last attempt: then its time to wait counts.
    pub async fn hurry(&self, server: ServerId) {
        self.inner.sessions.hurry(server).await;
    }

    /// Ends all sessions. Returns when everything is on disk, or after five seconds.
    pub async fn shutdown(&self) {
        self.inner.sessions.end_all().await;
        self.inner.ended.cancel();
    }

    /// Returns `true` if a post waits to be sent to any server, or if that can't be read. Only after [`Client::shutdown`].
    pub(crate) async fn has_unsent_posts(&self) -> bool {
        for server in self.servers() {
            match self.inner.sessions.has_unsent_posts(server.id).await {
                Ok(false) => {}
                Ok(true) => return true,
                Err(error) => {
                    tracing::warn!(%error, server = %server.id, "the outbox can't be read");
                    return true;
                }
            }
        }
        false
    }

    /// Returns the error of a command whose session has ended, with the client or because the server was forgotten.
    fn session_ended(&self) -> CommandError {
        if self.inner.sessions.stop.is_cancelled() {
            CommandError::Closing
        } else {
            CommandError::UnknownServer
        }
    }

    /// Adds a server that was found, and that may have other addresses as well.
    async fn add(&self, found: Found, others: &[Address]) -> Result<ServerId, JoinError> {
        let Inner {
            state,
            sessions,
            joining,
            ..
        } = &*self.inner;
        let Found { address, challenge, .. } = found;
        let server = challenge.server;
        let _joining = joining.lock().await;
        if sessions.stop.is_cancelled() {
            return Err(JoinError::Closing);
        }
        let added = state.add_server(server.id, server.name, address, others);
        added.map_err(|error| JoinError::Storage(error.to_string()))?;
        sessions.start(server.id);
        sessions.reconnect(server.id).await;
        Ok(server.id)
    }

    /// Starts the sessions with the known servers, and the background tasks.
    fn start(&self) {
        let Inner { state, sessions, .. } = &*self.inner;
        for server in self.servers() {
            sessions.start(server.id);
        }
        state.request_server_list();
        let (lists, stop) = (Arc::clone(state), sessions.stop.clone());
        sessions.tasks.spawn(async move {
            stop.run_until_cancelled(lists.send_server_lists()).await;
        });
        let (wake_ups, stop) = (self.nudge_after_wake_ups(), sessions.stop.clone());
        sessions.tasks.spawn(async move {
            stop.run_until_cancelled(wake_ups).await;
        });
    }

    /// Nudges the sessions whenever the machine wakes up. Has only a weak reference, so that dropping the last handle
    /// ends the client.
    fn nudge_after_wake_ups(&self) -> impl Future<Output = ()> + use<> {
        let (inner, clock) = (Arc::downgrade(&self.inner), self.inner.state.clock.clone());
        async move {
            loop {
                clock.wait_for_wake_up().await;
                tracing::info!("the machine was suspended");
                let Some(inner) = inner.upgrade() else { return };
                inner.sessions.nudge_all().await;
            }
        }
    }
}
