//! The state of the listing of the user's rooms, which comes in parts.

use std::collections::BTreeSet;

use ichat_protocol::RoomId;

/// The listing of the rooms that the user is in. `hello` has the first ones.
pub(super) struct RoomListing {
    /// The known rooms that were not listed yet.
    pub(super) unlisted: BTreeSet<RoomId>,
    /// The rooms that were listed, known before or not.
    pub(super) listed: BTreeSet<RoomId>,
    /// The rooms whose read marker was moved since the listing began: the server may list them with the old one.
    pub(super) read: BTreeSet<RoomId>,
    /// The last room that was listed.
    pub(super) after: RoomId,
    /// The time at which the request for the next ones is sent again.
    pub(super) retry_at: u64,
}
