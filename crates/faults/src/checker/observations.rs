//! The observations that a round leaves for the checker.

use crate::client_protocol::View;
use crate::history::Event;
use crate::room_log::RoomLog;

/// Everything that the checker knows about a round. It trusts neither the clients nor the server, only what they wrote
/// down.
#[derive(Default)]
pub(crate) struct Observations {
    /// The log in the server's data folder after the server's end.
    pub(crate) logs: Vec<RoomLog>,
    /// The log as the witness saw it over the wire: a client that joined last.
    pub(crate) witness: Option<View>,
    pub(crate) clients: Vec<ClientHistory>,
    /// `true` if an older log was restored on purpose. Posts that were acknowledged in an earlier epoch may be gone
    /// then.
    pub(crate) is_restored: bool,
}

/// The observations of one client.
pub(crate) struct ClientHistory {
    pub(crate) name: String,
    /// The history of each incarnation, in their order.
    pub(crate) incarnations: Vec<Vec<Event>>,
    /// The client's view at the end. `None` if it was killed.
    pub(crate) view: Option<View>,
    /// The logs in its data folder at the end, if it has a replica.
    pub(crate) replica: Option<Vec<RoomLog>>,
    /// `true` if the client ran to the end and lost nothing of its outbox. Then every post must have an outcome.
    pub(crate) is_complete: bool,
}

impl ClientHistory {
    /// Returns the events of all incarnations.
    pub(crate) fn events(&self) -> impl Iterator<Item = &Event> {
        self.incarnations.iter().flatten()
    }
}
