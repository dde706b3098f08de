//! What the client tells to whoever shows it.

use ichat_protocol::ServerId;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::servers::KnownServer;
use crate::session::Update;

/// What the client tells, in order. Take them all the time: the sessions wait when a thousand are not taken.
pub struct Updates {
    pub(crate) updates: mpsc::Receiver<ClientUpdate>,
    pub(crate) ended: CancellationToken,
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
