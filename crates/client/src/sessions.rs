//! The sessions that run, one with each server.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ichat_protocol::ServerId;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::inbox::{INBOX, Inbox};
use crate::runner;
use crate::shared::Shared;

/// How long the sessions may take to end.
const PART_WITHIN: Duration = Duration::from_secs(5);

pub(crate) struct Sessions {
    shared: Arc<Shared>,
    /// Where each keeps its history, in a folder of its own.
    dir: PathBuf,
    running: Mutex<HashMap<ServerId, Running>>,
    /// Everything that ends with the client.
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

/// A session that runs.
struct Running {
    inbox: mpsc::Sender<Inbox>,
    stop: CancellationToken,
    ended: CancellationToken,
}

impl Sessions {
    pub(crate) fn new(shared: Arc<Shared>, dir: PathBuf) -> Self {
        Self {
            shared,
            dir,
            running: Mutex::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Starts the session with a server, unless it runs.
    pub(crate) fn start(&self, server: ServerId) {
        let mut running = self.running();
        if running.contains_key(&server) {
            return;
        }
        let (inbox, asked) = mpsc::channel(INBOX);
        let (stop, ended) = (self.stop.child_token(), CancellationToken::new());
        let ends = ended.clone().drop_guard();
        let session = runner::run(
            Arc::clone(&self.shared),
            server,
            self.dir.join(server.to_string()),
            (inbox.clone(), asked),
            stop.clone(),
        );
        self.tasks.spawn(async move {
            session.await;
            drop(ends);
        });
        running.insert(server, Running { inbox, stop, ended });
    }

    /// Ends the session with a server, or stops waiting for its end.
    pub(crate) async fn end(&self, server: ServerId) {
        let running = self.running().remove(&server);
        if let Some(running) = running {
            running.stop.cancel();
            drop(tokio::time::timeout(PART_WITHIN, running.ended.cancelled()).await);
        }
    }

    /// Deletes what is kept of a server whose session has ended.
    pub(crate) fn delete(&self, server: ServerId) -> io::Result<()> {
        match std::fs::remove_dir_all(self.dir.join(server.to_string())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Ends all, or stops waiting for their end.
    pub(crate) async fn end_all(&self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(PART_WITHIN, self.tasks.wait()).await.is_err() {
            tracing::warn!("some sessions did not end in time");
        }
    }

    pub(crate) fn inbox(&self, server: ServerId) -> Option<mpsc::Sender<Inbox>> {
        self.running().get(&server).map(|running| running.inbox.clone())
    }

    pub(crate) async fn nudge(&self, server: ServerId) {
        if let Some(inbox) = self.inbox(server) {
            // It ends: then it needs to know nothing.
            drop(inbox.send(Inbox::Nudge).await);
        }
    }

    pub(crate) async fn nudge_all(&self) {
        for inbox in self.inboxes() {
            drop(inbox.send(Inbox::Nudge).await);
        }
    }

    pub(crate) async fn refresh_all(&self) {
        for inbox in self.inboxes() {
            drop(inbox.send(Inbox::Refresh).await);
        }
    }

    fn inboxes(&self) -> Vec<mpsc::Sender<Inbox>> {
        self.running().values().map(|running| running.inbox.clone()).collect()
    }

    /// What a panic left behind is still whole: the map is changed in single steps.
    fn running(&self) -> MutexGuard<'_, HashMap<ServerId, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
