//! The state of a client: the part of each room's log that it has received, and the posts that it has not sent yet.

use ichat_protocol::{Body, Entry, EntryId, Epoch, Member, RoomId, RoomSummary, Seq, WireError};

/// The state of a client, as it is on disk when the client starts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PersistedState {
    /// The rooms, in the order in which they were first seen.
    pub rooms: Vec<PersistedRoom>,
    /// The posts that are not acknowledged yet, in the order in which they were written.
    pub outbox: Vec<OutboxRow>,
    /// The rows of the outbox that can't be read: for [`ReplicaChange::RemoveDamagedPosts`].
    pub damaged_posts: Vec<i64>,
}

/// A room and the range `first..=last` of its log that is stored, without a gap.
#[derive(Clone, Debug, PartialEq)]
pub struct PersistedRoom {
    /// The room as the server last described it. `read` and `unread` follow what was saved since.
    pub room: RoomSummary,
    /// The history that the entries belong to.
    pub epoch: Epoch,
    /// The first stored entry; 0 if there is none.
    pub first: Seq,
    /// The last stored entry; 0 if there is none.
    pub last: Seq,
    /// `false` if the room has members whom the server has not listed.
    pub members_complete: bool,
    /// `true` if the server does not have the read marker `room.read` yet.
    pub read_pending: bool,
}

/// A post that is not acknowledged yet.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxRow {
    pub id: EntryId,
    pub room: RoomId,
    pub body: Body,
    /// The device's time when it was written, in milliseconds since the Unix epoch.
    pub written_at: u64,
    /// The server's error, if it refused the post.
    pub error: Option<WireError>,
    /// `true` if the server may have it.
    pub sent: bool,
}

/// A change to what a client stores.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplicaChange {
    /// Adds a post to the outbox. One with the same id keeps its place in the order.
    AddPost(OutboxRow),
    /// Removes a post from the outbox.
    RemovePost { id: EntryId },
    /// Removes rows from the outbox that can't be read.
    RemoveDamagedPosts { rows: Vec<i64> },
    /// Stores a range of a room's log that adjoins or overlaps the stored one, or is the first. The posts among the entries
    /// leave the outbox.
    AddEntries {
        room: RoomId,
        epoch: Epoch,
        /// In order of `seq`, without a gap.
        entries: Vec<Entry>,
    },
    /// Drops all entries of a room: their history no longer counts. The next ones are of `epoch`.
    ResetRoom { room: RoomId, epoch: Epoch },
    /// Stores the server's description of a room.
    SetRoom(RoomSummary),
    /// Stores the server's list of past and present members, or the part of it that is known.
    SetMembers {
        room: RoomId,
        members: Vec<Member>,
        /// `true` if there are no others.
        complete: bool,
    },
    /// Moves the person's read marker. It is pending until the server has it, or describes the room again.
    SetReadMarker { room: RoomId, seq: Seq, pending: bool },
}

impl ReplicaChange {
    /// Returns the number of entries that it stores.
    pub(crate) fn entries(&self) -> usize {
        match self {
            ReplicaChange::AddEntries { entries, .. } => entries.len(),
            ReplicaChange::AddPost(_)
            | ReplicaChange::RemovePost { .. }
            | ReplicaChange::RemoveDamagedPosts { .. }
            | ReplicaChange::ResetRoom { .. }
            | ReplicaChange::SetRoom(_)
            | ReplicaChange::SetMembers { .. }
            | ReplicaChange::SetReadMarker { .. } => 0,
        }
    }

    /// Returns whether it adds a post to the outbox.
    pub(crate) fn adds_post(&self) -> bool {
        match self {
            ReplicaChange::AddPost(_) => true,
            ReplicaChange::RemovePost { .. }
            | ReplicaChange::RemoveDamagedPosts { .. }
            | ReplicaChange::AddEntries { .. }
            | ReplicaChange::ResetRoom { .. }
            | ReplicaChange::SetRoom(_)
            | ReplicaChange::SetMembers { .. }
            | ReplicaChange::SetReadMarker { .. } => false,
        }
    }
}
