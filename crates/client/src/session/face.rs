//! What goes into a session and what comes out of it.

use ichat_protocol::{
    Body, ClientEvent, Entry, EntryId, Epoch, Head, Hello, Member, MemberId, Name, Person, RoomId, RoomSummary, Seq,
    ServerEvent, WireError,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Something that happened to a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "input", rename_all = "snake_case")]
pub enum Input {
    /// The first input: what the disk holds.
    Start(Restored),
    /// The transport is open and the server has accepted us. Its `hello` comes as the first [`Input::Event`].
    Opened,
    /// The server said something.
    Event(ServerEvent),
    /// The transport ended, or an attempt to open it failed. `error` is set when the server refused us with a reason.
    Closed {
        /// Why, if the server said why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        error: Option<WireError>,
    },
    /// The time of the last [`Effect::Wake`] has come, or the wrapper's regular tick.
    Tick,
    /// The network came back, or the machine woke up: don't wait any longer.
    Nudge,
    /// The interface starts anew: tell it everything that it would know.
    Refresh,
    /// The person wants something.
    Command(Command),
    /// The answer to [`Effect::Load`]: what the replica holds of the range (nothing, in a browser).
    Loaded {
        /// The room.
        room: RoomId,
        /// What was asked for.
        load: Load,
        /// In order of `seq`, without a gap; may be empty.
        entries: Vec<Entry>,
        /// What amends them.
        later: Vec<Entry>,
    },
}

/// What the disk holds when a session starts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Restored {
    /// How much of each room the replica holds.
    pub rooms: Vec<RoomCursor>,
    /// What is not acknowledged yet, in the order in which it was written.
    pub outbox: Vec<OutboxItem>,
}

/// How much of a room is held: the entries `first..=last`, without a gap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct RoomCursor {
    /// The room as it was last seen.
    pub room: RoomSummary,
    /// Of which history.
    pub epoch: Epoch,
    /// The first entry held.
    pub first: Seq,
    /// The last entry held.
    pub last: Seq,
    /// Who was a member when it was last seen: without a connection the names come from here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Member>>", optional)]
    pub members: Vec<Member>,
}

/// A post that is not acknowledged yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct OutboxItem {
    /// The entry's id.
    pub id: EntryId,
    /// The room.
    pub room: RoomId,
    /// What is posted.
    pub body: Body,
    /// When it was written, in milliseconds since the Unix epoch, by the device's clock.
    #[ts(type = "number")]
    pub written: u64,
    /// Where it stands.
    pub state: OutboxState,
}

/// Where a post stands. (Acknowledged ones are no longer in the outbox.)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum OutboxState {
    /// On its way, or waiting for the connection.
    Sending,
    /// The server refused it; it waits for *Retry* or *Delete*.
    Failed {
        /// Why.
        error: WireError,
    },
}

/// What a person wants of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Posts to a room.
    Send {
        /// The room.
        room: RoomId,
        /// Made by the caller.
        id: EntryId,
        /// What to post.
        body: Body,
        /// The device's clock, in milliseconds since the Unix epoch.
        #[ts(type = "number")]
        written: u64,
    },
    /// Tries a failed post again.
    Retry {
        /// The entry's id.
        id: EntryId,
    },
    /// Drops a failed post, or one that was not sent yet.
    Discard {
        /// The entry's id.
        id: EntryId,
    },
    /// Makes a room and joins it.
    Create {
        /// Made by the caller.
        room: RoomId,
        /// Its name.
        name: Name,
        /// What it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        topic: Option<String>,
    },
    /// Asks for the rooms that can be joined.
    Browse,
    /// Joins a room.
    Join {
        /// The room.
        room: RoomId,
    },
    /// Leaves a room.
    Leave {
        /// The room.
        room: RoomId,
    },
    /// Shows a room: its newest entries, its members, and what lies around its first unread entry come up.
    Open {
        /// The room.
        room: RoomId,
    },
    /// Asks for a range of a room's log: from the replica, else from the server.
    History {
        /// The room.
        room: RoomId,
        /// Which range.
        load: Load,
    },
    /// Says that the person types, or no longer.
    Typing {
        /// The room.
        room: RoomId,
        /// Typing, or no longer.
        on: bool,
    },
    /// Says how far the person has read; a lower place marks as unread.
    Read {
        /// The room.
        room: RoomId,
        /// The last entry seen.
        seq: Seq,
    },
    /// Says that the person is away, or back.
    Away {
        /// Away, or back.
        away: bool,
    },
    /// Takes another name.
    SetName {
        /// The new name.
        name: Name,
    },
}

/// A range of a room's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Load {
    /// Only entries ahead of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub before: Option<Seq>,
    /// Only entries behind this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after: Option<Seq>,
    /// At most so many.
    pub limit: u32,
}

/// Something that the wrapper does, in the order given, each done before the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Opens a fresh transport after a random time between the two, in milliseconds.
    /// It ends with [`Input::Opened`] or [`Input::Closed`]. A later `Connect` replaces one that still waits, and is nothing
    /// while an attempt is under way.
    Connect {
        /// At the earliest.
        #[ts(type = "number")]
        after_ms: u64,
        /// At the latest.
        #[ts(type = "number")]
        before_ms: u64,
    },
    /// Closes the transport; [`Input::Closed`] follows.
    Close,
    /// Says something to the server.
    Emit(ClientEvent),
    /// Writes to the disk, and is done when it is there.
    Save(Change),
    /// Looks into the replica; [`Input::Loaded`] follows.
    Load {
        /// The room.
        room: RoomId,
        /// Which range.
        load: Load,
    },
    /// Tells the interface.
    Up(Update),
    /// Wants [`Input::Tick`] after so many milliseconds; replaces the one before. None is given while an earlier one still
    /// waits: a tick that comes too early costs nothing.
    Wake {
        /// From now.
        #[ts(type = "number")]
        after_ms: u64,
    },
}

/// A change to what the disk holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// A post that must not be lost. On disk before it is sent.
    Outbox(OutboxItem),
    /// A post was refused, or is to be tried again.
    Outcome {
        /// The entry's id.
        id: EntryId,
        /// Where it stands now.
        state: OutboxState,
    },
    /// A post that is no longer wanted, or that stands in a part of the log that is not held.
    Discarded {
        /// The entry's id.
        id: EntryId,
    },
    /// Entries of a room, adjoining what is held (above or below). Those of the outbox that are among them leave it, in the same transaction.
    Entries {
        /// The room.
        room: RoomId,
        /// Of which history.
        epoch: Epoch,
        /// In order of `seq`, without a gap.
        entries: Vec<Entry>,
    },
    /// All that is held of a room is of a history that no longer counts.
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

/// What the interface is told. `apply` these and the picture is right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "update", rename_all = "snake_case")]
pub enum Update {
    /// Where the connection stands.
    Connection(Connection),
    /// The server accepted us: who it is and who we are.
    Hello(Hello),
    /// The rooms that the person is a member of, with unread counts. Replaces the list.
    Rooms {
        /// The lobby first, then by name.
        rooms: Vec<RoomSummary>,
    },
    /// All rooms that can be joined or were.
    Directory {
        /// By name.
        rooms: Vec<RoomSummary>,
    },
    /// Entries to upsert by `id`; of any age, in order of `seq`.
    Entries {
        /// The room.
        room: RoomId,
        /// How far the room goes, as far as known.
        head: Head,
        /// In order of `seq`, without a gap.
        entries: Vec<Entry>,
        /// Later entries that amend those; to be folded, not shown.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[ts(as = "Option<Vec<Entry>>", optional)]
        later: Vec<Entry>,
    },
    /// Drop all that is shown of this room; its entries follow.
    Reset {
        /// The room.
        room: RoomId,
    },
    /// The posts of a room that are not acknowledged. Replaces the list.
    Outbox {
        /// The room.
        room: RoomId,
        /// In the order in which they were written.
        items: Vec<OutboxItem>,
    },
    /// Who is and was a member of a room. Replaces the list.
    Members {
        /// The room.
        room: RoomId,
        /// All of them.
        members: Vec<Member>,
    },
    /// Who is here. Replaces the list.
    People {
        /// Those who are online or away.
        people: Vec<Person>,
    },
    /// Who is typing in a room. Replaces the list.
    Typing {
        /// The room.
        room: RoomId,
        /// Without oneself.
        members: Vec<MemberId>,
    },
    /// Something that the person wanted was refused (posts are refused in the outbox instead).
    Refused {
        /// What was wanted, as the event's name.
        event: String,
        /// In which room.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        room: Option<RoomId>,
        /// Why.
        error: WireError,
    },
}

/// Where the connection stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Connection {
    /// The first attempt is under way.
    Connecting,
    /// In step with the server.
    Online,
    /// Lost; trying again by itself.
    Reconnecting {
        /// How many attempts failed since.
        attempts: u32,
        /// How many posts wait in the outbox.
        waiting: u32,
        /// What the server said when it went, if it said something.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        message: Option<String>,
    },
    /// The server refuses us, and trying again would not help.
    Refused {
        /// Why, and what to do.
        error: WireError,
    },
}
