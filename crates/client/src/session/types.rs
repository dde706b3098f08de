//! The inputs and effects of a session, and the types in them. `ui/src/backend/session-types.ts` is generated from this
//! file.

use ichat_protocol::{
    Body, ClientEvent, Entry, EntryId, Epoch, Head, Hello, History, Member, MemberId, Name, Person, RoomId, RoomList,
    RoomSummary, Seq, ServerEvent, WireError,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Something that happened to a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, strum::VariantNames)]
#[serde(tag = "input", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Input {
    /// The first input of every session.
    Start(PersistedState),
    /// The transport is open and the server has accepted the client. The server's `hello` follows as the first
    /// [`Input::Event`].
    Opened,
    /// An event from the server.
    Event(ServerEvent),
    /// The transport closed, or an attempt to open it failed.
    Closed {
        /// The server's reason, if it refused the connection and gave one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        error: Option<WireError>,
    },
    /// The time of the last [`Effect::Wake`] has come. An earlier tick does no harm.
    Tick,
    /// The network or the user came back, or the machine woke up: connect now instead of waiting, unless the server has
    /// refused the last attempt. Then its time to wait counts.
    Nudge,
    /// The user asks for a connection: connect now, whatever the wait is for.
    Reconnect,
    /// The interface restarted and has lost its state: repeat everything that it needs.
    Refresh,
    /// A request of the user.
    Command(Command),
    /// A post of another device of the user's that has ended, such as a closed tab.
    Adopt(OutboxItem),
    /// Another device of the user's has adopted a post of this one, which was asleep for so long that it seemed to have ended.
    Disowned {
        id: EntryId,
        /// The post as that device sends it; without it, that device has sent or withdrawn the post.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        item: Option<OutboxItem>,
    },
    /// The answer to [`Effect::Load`].
    Loaded {
        room: RoomId,
        /// The range that was requested.
        range: LogRange,
        /// The part of the range that the replica has: in order of `seq`, without a gap, possibly empty. A browser has
        /// no replica.
        entries: Vec<Entry>,
        /// Later entries that amend those.
        later: Vec<Entry>,
        /// `true` if the replica can't read what it has of the range.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[ts(as = "Option<bool>", optional)]
        damaged: bool,
    },
}

/// The state that survives a restart of the client.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct PersistedState {
    pub rooms: Vec<RoomCursor>,
    /// The unacknowledged posts, oldest first.
    pub outbox: Vec<OutboxItem>,
}

/// The part of a room's log that the replica has: the entries `first..=last`, without a gap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct RoomCursor {
    pub room: RoomSummary,
    pub epoch: Epoch,
    pub first: Seq,
    pub last: Seq,
    /// The members as last seen. They provide the names while there is no connection.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Member>>", optional)]
    pub members: Vec<Member>,
    /// `true` if the room has others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub members_partial: bool,
    /// `true` if the read marker (`room.read`) has not been sent to the server yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub read_pending: bool,
}

/// A post that the server has not acknowledged yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct OutboxItem {
    pub id: EntryId,
    pub room: RoomId,
    pub body: Body,
    /// The time at which the user wrote it: milliseconds since the Unix epoch, by the device's clock.
    #[ts(type = "number")]
    pub written: u64,
    pub state: OutboxState,
    /// `true` from before it is first sent, unless the server has refused it: the log may have it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub sent: bool,
}

/// The state of a post in the outbox. An acknowledged post leaves the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum OutboxState {
    /// In flight, or waiting for a connection.
    Sending,
    /// Refused by the server. It stays until the user retries or discards it.
    Failed { error: WireError },
}

/// A request of the user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, strum::VariantNames)]
#[serde(tag = "command", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Command {
    /// Posts to a room. An edit or a deletion of a message that waits in the outbox and can't be in the log is applied to it
    /// there.
    Send {
        room: RoomId,
        /// A fresh id. It makes repeating the post safe.
        id: EntryId,
        body: Body,
        /// Milliseconds since the Unix epoch, by the device's clock.
        #[ts(type = "number")]
        written: u64,
    },
    /// Sends a failed post again.
    Retry {
        id: EntryId,
    },
    /// Drops a post that failed or can't be in the log, and the changes of it.
    Discard {
        id: EntryId,
    },
    /// Reports that the user is editing a message, or has stopped. If it is in the outbox and can't be in the log, it is not
    /// sent before its edit, unless no report follows for a minute. To be repeated while the user types.
    Editing {
        id: EntryId,
        on: bool,
    },
    /// Creates a room and joins it.
    Create {
        /// A fresh id.
        room: RoomId,
        name: Name,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        topic: Option<String>,
    },
    /// Requests a part of the list of all rooms. The answer is [`Update::Directory`].
    Browse {
        /// A part of the name or the topic, or the end of the id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        query: Option<String>,
        /// The last room of the part before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        after: Option<RoomId>,
    },
    /// Looks for members of a room whose names begin with a text, where not all are known. They are added to
    /// [`Update::Members`].
    FindMembers {
        room: RoomId,
        query: String,
    },
    Join {
        room: RoomId,
    },
    Leave {
        room: RoomId,
    },
    /// Opens a room in the interface: requests its newest entries and its members.
    Open {
        room: RoomId,
    },
    /// Requests a range of a room's log, from the replica first and then from the server.
    History {
        room: RoomId,
        range: LogRange,
    },
    /// Reports that the user started or stopped typing.
    Typing {
        room: RoomId,
        on: bool,
    },
    /// Moves the read marker. Moving it back marks messages as unread.
    Read {
        room: RoomId,
        /// The last entry seen.
        seq: Seq,
    },
    /// Reports that the user went away or came back.
    Away {
        away: bool,
    },
    /// Changes the user's name.
    SetName {
        name: Name,
    },
}

/// A range of a room's log. Without bounds it is the newest page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogRange {
    /// An upper bound, exclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub before: Option<Seq>,
    /// A lower bound, exclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after: Option<Seq>,
    /// The entry in the middle of the range, instead of the bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub around: Option<EntryId>,
    /// The maximum number of entries.
    pub limit: u32,
}

impl LogRange {
    /// Returns the range of the newest entries.
    pub fn newest(limit: u32) -> Self {
        Self {
            before: None,
            after: None,
            around: None,
            limit,
        }
    }

    /// Returns the range of the last entries before this one.
    pub fn before(seq: Seq, limit: u32) -> Self {
        Self {
            before: Some(seq),
            ..Self::newest(limit)
        }
    }

    /// Returns the range of the first entries after this one.
    pub fn after(seq: Seq, limit: u32) -> Self {
        Self {
            after: Some(seq),
            ..Self::newest(limit)
        }
    }

    /// Returns the range that has the entry with this id in its middle.
    pub fn around(id: EntryId, limit: u32) -> Self {
        Self {
            around: Some(id),
            ..Self::newest(limit)
        }
    }

    /// Returns the request for the range of a room.
    pub(super) fn request(self, room: RoomId) -> History {
        let Self {
            before,
            after,
            around,
            limit,
        } = self;
        History {
            room,
            before,
            after,
            around,
            limit: Some(limit),
        }
    }

    /// Returns whether this is the newest page.
    pub(super) fn is_newest(self) -> bool {
        self.before.is_none() && self.after.is_none() && self.around.is_none()
    }
}

/// Something for the driver to do. Effects run in the given order, each to its end before the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, strum::VariantNames)]
#[serde(tag = "effect", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Effect {
    /// Opens a new transport after a random delay between the two bounds, in milliseconds. The outcome is
    /// [`Input::Opened`] or [`Input::Closed`]. A later `Connect` replaces one that is still waiting, and does nothing
    /// while an attempt is running.
    Connect {
        #[ts(type = "number")]
        after_ms: u64,
        #[ts(type = "number")]
        before_ms: u64,
    },
    /// Closes the transport. [`Input::Closed`] follows.
    Close,
    /// Sends an event to the server.
    Emit(ClientEvent),
    /// Writes to the disk. The effect ends when the change is durable.
    Save(Change),
    /// Reads from the replica. [`Input::Loaded`] follows.
    Load { room: RoomId, range: LogRange },
    /// Passes an update to the interface.
    Notify(Update),
    /// Requests an [`Input::Tick`] in `after_ms` milliseconds, and replaces an earlier request.
    Wake {
        #[ts(type = "number")]
        after_ms: u64,
    },
}

/// A change to the persisted state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, strum::VariantNames)]
#[serde(tag = "change", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Change {
    /// Adds a post to the outbox, before it is sent, or replaces it in its position.
    Outbox(OutboxItem),
    /// Removes a post that the user discarded, or whose entry lies outside the stored range.
    Discarded { id: EntryId },
    /// Adds entries that adjoin the stored range, above or below. In the same transaction, posts with their ids leave
    /// the outbox.
    Entries {
        room: RoomId,
        epoch: Epoch,
        /// In order of `seq`, without a gap.
        entries: Vec<Entry>,
    },
    /// Drops a room's stored entries: they belong to a history that the server no longer has, or are damaged. `epoch` is the
    /// current one.
    Reset { room: RoomId, epoch: Epoch },
    /// Stores a room's summary.
    Room(RoomSummary),
    /// Replaces a room's list of present and past members.
    Members {
        room: RoomId,
        members: Vec<Member>,
        /// `true` if the room has others.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[ts(as = "Option<bool>", optional)]
        partial: bool,
    },
    /// Stores the read marker of a room.
    Read {
        room: RoomId,
        seq: Seq,
        /// `true` if it has not been sent to the server yet.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[ts(as = "Option<bool>", optional)]
        pending: bool,
    },
}

/// A change for the interface to show. Its state is correct after it has applied all of them in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, strum::VariantNames)]
#[serde(tag = "update", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Update {
    Connection(ConnectionStatus),
    /// The server accepted the client.
    Hello(Box<Hello>),
    /// The rooms that the user is a member of: the lobby first, then by name. Replaces the list.
    Rooms {
        rooms: Vec<RoomSummary>,
        /// `true` while the server has not listed all of them yet.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[ts(as = "Option<bool>", optional)]
        partial: bool,
    },
    /// A part of the list of all rooms of the server that the user may see.
    Directory(RoomList),
    /// Entries of any age, to insert or replace by `id`.
    Entries {
        room: RoomId,
        /// The room's last entry as far as known.
        head: Head,
        /// In order of `seq`, without a gap.
        entries: Vec<Entry>,
        /// Later entries that amend those: to be applied to them, but not shown as lines.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[ts(as = "Option<Vec<Entry>>", optional)]
        later: Vec<Entry>,
    },
    /// Drops all entries of a room. The current ones follow.
    Reset {
        room: RoomId,
    },
    /// The unacknowledged posts of a room, oldest first. Replaces the list.
    Outbox {
        room: RoomId,
        items: Vec<OutboxItem>,
        /// The edits and deletions that were applied to posts in the outbox since the last list. They are not sent.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[ts(as = "Option<Vec<EntryId>>", optional)]
        merged: Vec<EntryId>,
    },
    /// The present and past members of a room. Replaces the list.
    Members {
        room: RoomId,
        members: Vec<Member>,
        /// `true` if the room has others.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[ts(as = "Option<bool>", optional)]
        partial: bool,
    },
    /// Everyone who is online or away. Replaces the list.
    Presence {
        people: Vec<Person>,
    },
    /// The members who are typing in a room, without the user. Replaces the list.
    Typing {
        room: RoomId,
        members: Vec<MemberId>,
    },
    /// A command that was refused. Refused posts appear in [`Update::Outbox`] instead.
    Refused {
        /// The name of the event that carried the command, `save` if the replica could not be read or written, or `storage` if
        /// a browser stores nothing.
        event: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        room: Option<RoomId>,
        /// The entry that the server's refusal names: for a load of history that of `around`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        id: Option<EntryId>,
        error: WireError,
    },
}

/// The state of the connection, as the interface shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, strum::VariantNames)]
#[serde(tag = "state", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ConnectionStatus {
    /// The first attempt is running.
    Connecting,
    Online,
    /// The connection was lost. The session keeps trying by itself.
    Reconnecting {
        /// The number of attempts that have failed since.
        attempts: u32,
        /// The number of posts in the outbox that are waiting.
        waiting: u32,
        /// The server's last message, if it sent one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        message: Option<String>,
        /// `true` if the server's host has stopped hosting on purpose, and not for a restart.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[ts(as = "Option<bool>", optional)]
        stopped: bool,
        /// `true` while an attempt is under way that the user has asked for.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[ts(as = "Option<bool>", optional)]
        trying: bool,
    },
    /// The server refuses this client, and a new attempt would not help by itself.
    Refused {
        error: WireError,
        /// As in `reconnecting`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[ts(as = "Option<bool>", optional)]
        trying: bool,
    },
}
