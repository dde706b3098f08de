//! The handle to discovery: start, announce, browse, shut down.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::announcement::Announcement;
use crate::announcement_handle::AnnouncementHandle;
use crate::command::{Command, RegistrationId};
use crate::interface_selector::{InterfaceSelector, Scope};
use crate::nearby::{Nearby, ServerList};
use crate::task::Task;

/// Time that a shutdown may take: two goodbyes and the end of mdns-sd's thread.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// An error of [`Discovery`]. Each is a sentence for people.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// The system refused a socket or a thread. Joining by address still works: show the error and go on without
    /// discovery.
    #[error(
        "Servers near can't be searched or announced: {0}. Join by address instead, or restart I-Chat to try again."
    )]
    Start(String),
    /// The announcement has no port. Listen first, then announce the port that the system assigned.
    #[error("A server on port 0 can't be announced: give the port that it listens on.")]
    NoPort,
    /// [`Discovery::shutdown`] was called, or the task has failed. Start another [`Discovery`].
    #[error("Discovery has been shut down.")]
    Stopped,
}

/// Discovery on the local network. Cheap to clone; start one per process.
#[derive(Debug, Clone)]
pub struct Discovery {
    commands: mpsc::UnboundedSender<Command>,
    servers: watch::Sender<Arc<ServerList>>,
    next_id: Arc<AtomicU64>,
    runtime: Handle,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Discovery {
    /// Starts discovery within `scope`. Call it within a tokio runtime.
    pub fn start(scope: Scope) -> Result<Self, DiscoveryError> {
        let runtime = Handle::try_current().map_err(|error| DiscoveryError::Start(error.to_string()))?;
        // Unbounded: only this process writes to the channel, and the task never waits for the network.
        let (commands, inbox) = mpsc::unbounded_channel();
        let servers = watch::Sender::default();
        let stop = CancellationToken::new();
        let interfaces = Arc::new(InterfaceSelector::new(scope));
        let task = Task::new(interfaces, inbox, servers.clone(), stop.clone())
            .map_err(|error| DiscoveryError::Start(error.to_string()))?;
        let tasks = TaskTracker::new();
        tasks.spawn_on(task.run(), &runtime);
        tasks.close();
        Ok(Self {
            commands,
            servers,
            next_id: Arc::default(),
            runtime,
            stop,
            tasks,
        })
    }

    /// Announces a server until the returned handle is stopped or dropped. The announcement follows `people`, the number
    /// of people online. Announcing a server again on the same port replaces its announcement.
    pub fn announce(
        &self,
        announcement: Announcement,
        mut people: watch::Receiver<u32>,
    ) -> Result<AnnouncementHandle, DiscoveryError> {
        if announcement.port == 0 {
            return Err(DiscoveryError::NoPort);
        }
        let id = RegistrationId(self.next_id.fetch_add(1, Ordering::Relaxed));
        self.send(Command::Register {
            id,
            announcement,
            people: *people.borrow_and_update(),
        })?;
        Ok(AnnouncementHandle::new(
            id,
            self.commands.clone(),
            people,
            &self.runtime,
        ))
    }

    /// Searches for servers until the returned subscription is dropped. Any number may be open; the network is asked
    /// only once.
    pub fn browse(&self) -> Result<Nearby, DiscoveryError> {
        let servers = self.servers.subscribe();
        self.send(Command::Browse)?;
        Ok(Nearby::new(servers, self.commands.clone()))
    }

    /// Returns the servers near at this moment. The list is empty unless a [`Nearby`] is open.
    pub fn servers(&self) -> Arc<ServerList> {
        Arc::clone(&self.servers.borrow())
    }

    /// Says goodbye for all announcements and ends discovery for all clones of this handle.
    pub async fn shutdown(self) {
        self.stop.cancel();
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, self.tasks.wait()).await.is_err() {
            tracing::warn!("discovery did not end in time; its thread ends with the process");
        }
    }

    fn send(&self, command: Command) -> Result<(), DiscoveryError> {
        self.commands.send(command).map_err(|_| DiscoveryError::Stopped)
    }
}
