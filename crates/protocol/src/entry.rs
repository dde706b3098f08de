//! An entry: one line of a room's log.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Body, DeviceId, EntryId, MemberId, Seq};

/// One line of a room's log. The batch or page that carries it names the room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Entry {
    /// Position in the room's log, assigned by the server at commit.
    pub seq: Seq,
    /// Idempotency key, made by the author's device before sending.
    pub id: EntryId,
    /// The person who wrote it.
    pub author: MemberId,
    /// The installation that it was written on.
    pub device: DeviceId,
    /// The server's time at commit, in milliseconds since the Unix epoch.
    #[ts(type = "number")]
    pub at: u64,
    /// The change to the room.
    pub body: Body,
}
