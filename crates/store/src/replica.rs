//! What a client keeps: the part of each room's log that it has seen, and what it has not sent yet.

use ichat_protocol::{Body, Entry, EntryId, Epoch, Member, RoomId, RoomSummary, Seq, WireError};

/// What the disk holds when a client starts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PersistedState {
    /// How much of each room is held, in the order in which the rooms were first seen.
    pub rooms: Vec<PersistedRoom>,
    /// What is not acknowledged yet, in the order in which it was written.
    pub outbox: Vec<OutboxRow>,
}

/// A room as it was last seen, and the range `first..=last` of its log that is held without a gap.
#[derive(Clone, Debug, PartialEq)]
pub struct PersistedRoom {
    /// As the server last told it; `read` and `unread` follow what was saved since.
    pub room: RoomSummary,
    /// Of which history the entries are.
    pub epoch: Epoch,
    /// The first entry held; 0 when none is.
    pub first: Seq,
    /// The last entry held; 0 when none is.
    pub last: Seq,
}

/// A post that is not acknowledged yet.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxRow {
    /// The entry's id.
    pub id: EntryId,
    /// The room.
    pub room: RoomId,
    /// What is posted.
    pub body: Body,
    /// When it was written, in milliseconds since the Unix epoch, by the device's clock.
    pub written: u64,
    /// Why the server refused it, if it did.
    pub failed: Option<WireError>,
}

/// A change to what a client keeps.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplicaChange {
    /// A post that must not be lost. One that is there already keeps its place.
    Outbox(OutboxRow),
    /// A post was refused, or is to be tried again. A post that is not there any more is none of its business.
    OutboxState {
        /// The entry's id.
        id: EntryId,
        /// Why it was refused, or that it was not.
        failed: Option<WireError>,
    },
    /// A post that is no longer wanted.
    Discarded {
        /// The entry's id.
        id: EntryId,
    },
    /// A range of a room's log that adjoins or overlaps what is held, or is the first of it. Posts of the outbox that
    /// are among the entries leave it in the same transaction.
    Entries {
        /// The room.
        room: RoomId,
        /// Of which history.
        epoch: Epoch,
        /// In order of `seq`, without a gap.
        entries: Vec<Entry>,
    },
    /// All that is held of the room's log is of a history that no longer counts.
    Reset {
        /// The room.
        room: RoomId,
        /// The history from now on.
        epoch: Epoch,
    },
    /// A room as the server sees it.
    Room(RoomSummary),
    /// Who is and was a member.
    Members {
        /// The room.
        room: RoomId,
        /// All of them.
        members: Vec<Member>,
    },
    /// How far the person has read.
    Read {
        /// The room.
        room: RoomId,
        /// The last entry seen.
        seq: Seq,
    },
}

impl ReplicaChange {
    /// How many entries it brings.
    pub(crate) fn entries(&self) -> usize {
        match self {
            ReplicaChange::Entries { entries, .. } => entries.len(),
            _ => 0,
        }
    }
}
