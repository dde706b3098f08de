//! The running sessions: one driver task for each server.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ichat_protocol::ServerId;
use ichat_store::{Store, StoreError};
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::message::{QUEUE_CAPACITY, SessionMessage};
use crate::session_driver;
use crate::state::ClientState;

/// The time that sessions have to save their state and end.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) struct RunningSessions {
    state: Arc<ClientState>,
    /// The folder with one replica folder per server.
    dir: PathBuf,
    running: Mutex<HashMap<ServerId, RunningSession>>,
    /// All tasks of the client.
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

struct RunningSession {
    driver: mpsc::Sender<SessionMessage>,
    stop: CancellationToken,
    ended: CancellationToken,
}

impl RunningSessions {
    pub(crate) fn new(state: Arc<ClientState>, dir: PathBuf) -> Self {
        Self {
            state,
            dir,
            running: Mutex::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Starts the session with a server, unless it is running.
    pub(crate) fn start(&self, server: ServerId) {
        let mut running = self.running.lock();
        if running.contains_key(&server) {
            return;
        }
        let (driver, messages) = mpsc::channel(QUEUE_CAPACITY);
        let (stop, ended) = (self.stop.child_token(), CancellationToken::new());
        let ended_guard = ended.clone().drop_guard();
        let session = session_driver::run(
            Arc::clone(&self.state),
            server,
            self.dir.join(server.to_string()),
            driver.clone(),
            messages,
            stop.clone(),
        );
        self.tasks.spawn(async move {
            session.await;
            drop(ended_guard);
        });
        running.insert(server, RunningSession { driver, stop, ended });
    }

    /// Ends the session with a server. Returns at its end or after [`SHUTDOWN_TIMEOUT`].
    pub(crate) async fn end(&self, server: ServerId) {
        let session = self.running.lock().remove(&server);
        if let Some(session) = session {
            session.stop.cancel();
            let ended = tokio::time::timeout(SHUTDOWN_TIMEOUT, session.ended.cancelled()).await;
            if ended.is_err() {
                tracing::warn!(%server, "the session did not end in time");
            }
        }
    }

    /// Deletes the replica of a server whose session has ended.
    pub(crate) fn delete_replica(&self, server: ServerId) -> io::Result<()> {
        match std::fs::remove_dir_all(self.dir.join(server.to_string())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    /// Returns `true` if a post waits to be sent to a server. Its session must have ended.
    pub(crate) async fn has_unsent_posts(&self, server: ServerId) -> Result<bool, StoreError> {
        let dir = self.dir.join(server.to_string());
        if !dir.exists() {
            return Ok(false);
        }
        let opened = Store::open(&dir).await;
        let store = opened.map_err(|error| StoreError::Io(error.to_string()))?;
        let stored = store.persisted_state().await;
        store.close().await;
        Ok(stored?.outbox.iter().any(|post| post.error.is_none()))
    }

    /// Ends all sessions. Returns at their end or after [`SHUTDOWN_TIMEOUT`].
    pub(crate) async fn end_all(&self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, self.tasks.wait()).await.is_err() {
            tracing::warn!("some sessions did not end in time");
        }
    }

    /// Returns the queue of a session's driver, or `None` if no session with this server is running.
    pub(crate) fn driver(&self, server: ServerId) -> Option<mpsc::Sender<SessionMessage>> {
        let running = self.running.lock();
        running.get(&server).map(|session| session.driver.clone())
    }

    pub(crate) async fn reconnect(&self, server: ServerId) {
        if let Some(driver) = self.driver(server) {
            // Fails only if the session has ended.
            drop(driver.send(SessionMessage::Reconnect).await);
        }
    }

    pub(crate) async fn hurry(&self, server: ServerId) {
        if let Some(driver) = self.driver(server) {
            // Fails only if the session has ended.
            drop(driver.send(SessionMessage::Hurry).await);
        }
    }

    pub(crate) async fn nudge(&self, server: ServerId) {
        if let Some(driver) = self.driver(server) {
            // Fails only if the session has ended.
            drop(driver.send(SessionMessage::Nudge).await);
        }
    }

    pub(crate) async fn nudge_all(&self) {
        for driver in self.drivers() {
            drop(driver.send(SessionMessage::Nudge).await);
        }
    }

    pub(crate) async fn refresh_all(&self) {
        for driver in self.drivers() {
            drop(driver.send(SessionMessage::Refresh).await);
        }
    }

    fn drivers(&self) -> Vec<mpsc::Sender<SessionMessage>> {
        let running = self.running.lock();
        running.values().map(|session| session.driver.clone()).collect()
    }
}
