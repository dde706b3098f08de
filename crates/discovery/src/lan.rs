//! The handle on discovery: start it, announce, browse, shut it down.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::announcement::{Announced, Announcement};
use crate::cards::{Cards, Reach};
use crate::nearby::{Nearby, Servers};
use crate::task::{Command, Task};

/// Why nothing can be announced or searched.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// The system refused. Joining by address still works: say so, and go on without discovery.
    #[error(
        "servers near can't be searched or announced: {0}. Join by address instead, or restart I-Chat to try again"
    )]
    Start(String),
    /// An announcement without a port. Listen first, then announce the port that was given.
    #[error("a server on port 0 can't be announced: give the port that it listens on")]
    NoPort,
    /// [`Lan::shutdown`] was called, or the task has failed. Start another [`Lan`].
    #[error("discovery has been shut down")]
    Stopped,
}

/// Discovery on the local network. Cheap to clone; start one for each process.
#[derive(Debug, Clone)]
pub struct Lan {
    commands: mpsc::UnboundedSender<Command>,
    servers: watch::Sender<Servers>,
    serials: Arc<AtomicU64>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// How long a shutdown may take: two goodbyes, and the end of mdns-sd's thread.
const SHUTDOWN_WITHIN: Duration = Duration::from_secs(2);

impl Lan {
    /// Starts discovery on the best network cards. Must be called within a tokio runtime.
    pub fn start() -> Result<Self, DiscoveryError> {
        Self::start_within(Reach::Lan)
    }

    /// Starts discovery that reaches as far as said.
    pub fn start_within(reach: Reach) -> Result<Self, DiscoveryError> {
        let runtime = Handle::try_current().map_err(|error| DiscoveryError::Start(error.to_string()))?;
        // Unbounded, but only this program writes into it, and the task never waits for the network.
        let (commands, inbox) = mpsc::unbounded_channel();
        let servers = watch::Sender::new(Servers::default());
        let stop = CancellationToken::new();
        let task = Task::new(Arc::new(Cards::new(reach)), inbox, servers.clone(), stop.clone())
            .map_err(|error| DiscoveryError::Start(error.to_string()))?;
        let tasks = TaskTracker::new();
        tasks.spawn_on(task.run(), &runtime);
        tasks.close();
        Ok(Self {
            commands,
            servers,
            serials: Arc::default(),
            stop,
            tasks,
        })
    }

    /// Makes a server visible to everybody near, until the returned handle is stopped or dropped. Announcing a server
    /// again on the same port replaces its announcement.
    pub fn announce(&self, announcement: Announcement) -> Result<Announced, DiscoveryError> {
        if announcement.port == 0 {
            return Err(DiscoveryError::NoPort);
        }
        let serial = self.serials.fetch_add(1, Ordering::Relaxed);
        self.send(Command::Announce { serial, announcement })?;
        Ok(Announced {
            serial,
            commands: self.commands.clone(),
        })
    }

    /// Searches for servers until the returned list is dropped. Any number may search at once; the network is asked once.
    pub fn browse(&self) -> Result<Nearby, DiscoveryError> {
        let servers = self.servers.subscribe();
        self.send(Command::Browse)?;
        Ok(Nearby::new(servers, self.commands.clone()))
    }

    /// Says goodbye for everything announced, and ends discovery for all clones of this handle.
    pub async fn shutdown(self) {
        self.stop.cancel();
        if tokio::time::timeout(SHUTDOWN_WITHIN, self.tasks.wait()).await.is_err() {
            tracing::warn!("discovery did not end in time; it is left to the end of the process");
        }
    }

    fn send(&self, command: Command) -> Result<(), DiscoveryError> {
        self.commands.send(command).map_err(|_| DiscoveryError::Stopped)
    }
}
