//! What the server's writer hands in, and what it gets back.

use ichat_protocol::{Body, DeviceId, Entry, EntryId, MemberId, RoomId};

/// An entry that has no place in its room yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEntry {
    /// Where.
    pub room: RoomId,
    /// Made by the author's device; the key for "already have it".
    pub id: EntryId,
    /// Who.
    pub author: MemberId,
    /// On which device.
    pub device: DeviceId,
    /// The server's clock, in milliseconds since the Unix epoch. The entry gets at least the time of the one ahead of it.
    pub at: u64,
    /// What happened.
    pub body: Body,
}

/// What became of a draft.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It is on disk, with its place.
    Committed(Entry),
    /// The same id, author, room and body stand already (or the member has already joined under this name):
    /// this is the entry that stands. A deleted message that is posted again stands as `wiped`.
    Duplicate(Entry),
    /// The id stands for something else, or the room exists already. Nothing was written.
    Conflict,
    /// There is no such room.
    UnknownRoom,
    /// The author is not a member of the room.
    NotJoined,
    /// The message that the draft speaks of does not stand in this room.
    UnknownEntry,
    /// Only the author of the message may do this.
    NotYours,
}

/// What to look for in the messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Words and "quoted phrases"; the last word also matches its continuations. Without any word nothing is found.
    pub text: String,
    /// Only in this room.
    pub room: Option<RoomId>,
    /// Only by this person.
    pub author: Option<MemberId>,
    /// Only what was committed at this time or later, in milliseconds since the Unix epoch.
    pub from: Option<u64>,
    /// Only what was committed before this time.
    pub until: Option<u64>,
    /// At most so many; 200 at most.
    pub limit: u32,
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Where.
    pub room: RoomId,
    /// The message, with its current text.
    pub entry: Entry,
}
