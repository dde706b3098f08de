//! A range of a room's log.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Entry, Epoch, RoomId, Seq};

/// The end of a room's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
pub struct Head {
    /// The history that `seq` belongs to.
    pub epoch: Epoch,
    /// The last entry; 0 for an empty log.
    pub seq: Seq,
}

/// A range of a room's log without a gap, and later entries that change how the range is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Page {
    /// The room.
    pub room: RoomId,
    /// The end of the log at the time of the answer.
    pub head: Head,
    /// The range, in order of `seq`.
    pub entries: Vec<Entry>,
    /// Edits and reactions after the range that refer to its entries, in order of `seq`. Those that a later one replaces
    /// are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Entry>>", optional)]
    pub later: Vec<Entry>,
}
