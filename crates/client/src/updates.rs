//! The stream of updates from the client to its user interface.

use ichat_protocol::ServerId;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::known_servers::KnownServer;
use crate::session::Update;

/// The number of updates that wait to be received. While the queue is full, the sessions wait.
pub(crate) const QUEUE_CAPACITY: usize = 1_024;

/// The receiver of all updates, in order. Receive them continuously: a full queue stops the sessions.
pub struct Updates {
    pub(crate) queue: mpsc::Receiver<ClientUpdate>,
    pub(crate) ended: CancellationToken,
}

/// News for the user interface.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientUpdate {
    /// The servers that the user has joined. Replaces the list.
    Servers(Vec<KnownServer>),
    /// An update from the session with one server.
    Session { server: ServerId, update: Update },
}

impl Updates {
    /// Waits for the next update. Returns `None` when the client has shut down.
    pub async fn next(&mut self) -> Option<ClientUpdate> {
        tokio::select! {
            biased;
            update = self.queue.recv() => update,
            () = self.ended.cancelled() => None,
        }
    }
}
