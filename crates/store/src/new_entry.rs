//! The argument and the result of [`crate::Store::commit`].

use ichat_protocol::{Body, DeviceId, Entry, EntryId, MemberId, RoomId};

/// An entry that has no position in its room's log yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEntry {
    pub room: RoomId,
    /// The idempotency key, made by the author's device.
    pub id: EntryId,
    pub author: MemberId,
    pub device: DeviceId,
    /// The server's time, in milliseconds since the Unix epoch. The entry gets at least the time of the one before it.
    pub at: u64,
    pub body: Body,
}

/// The outcome of a new entry.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The entry is on disk, at its position.
    Committed(Entry),
    /// The log has an entry with the same id, author, room and body (or the member has joined under this name already):
    /// this one. A deleted message that is posted again is there as `wiped`.
    Duplicate(Entry),
    /// The id belongs to another entry, or the room exists already. Nothing was written.
    Conflict,
    /// There is no such room.
    UnknownRoom,
    /// The author is not a member of the room.
    NotJoined,
    /// The room has no message with the id that the entry refers to.
    UnknownEntry,
    /// Only the author of the message may do this.
    NotYours,
    /// The file has as many rooms as it can have, or the room as many entries.
    LimitReached,
    /// The message has as many reactions as it can have.
    TooManyReactions,
    /// The message has as many reactions of guests as it can have.
    TooManyGuestReactions,
    /// The message has as many reactions of the author as it can have.
    TooManyOwnReactions,
    /// A stored entry that this one depends on is damaged. Nothing was written; the rest of the batch was.
    Damaged(String),
}

impl Outcome {
    /// Returns whether the entry is new in the log.
    pub(crate) fn is_committed(&self) -> bool {
        match self {
            Outcome::Committed(_) => true,
            Outcome::Duplicate(_)
            | Outcome::Conflict
            | Outcome::UnknownRoom
            | Outcome::NotJoined
            | Outcome::UnknownEntry
            | Outcome::NotYours
            | Outcome::LimitReached
            | Outcome::TooManyReactions
            | Outcome::TooManyGuestReactions
            | Outcome::TooManyOwnReactions
            | Outcome::Damaged(_) => false,
        }
    }
}
