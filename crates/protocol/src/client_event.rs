//! The events that a client sends. On the wire each is a Socket.IO event of that name with one JSON object as its argument.
//!
//! An *answer is an event*: a client that emits `join` receives `room` and `page` events, or `refused`. A client that asks
//! for a Socket.IO acknowledgement gets the same answer there instead, as `{"event": <name>, "data": <object>}`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use crate::tagged::data_of;
use crate::{Body, EntryId, Head, MemberId, Name, RoomId, Seq};

/// An event from a client.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Serialize,
    Deserialize,
    TS,
    strum::IntoStaticStr,
    strum::VariantNames,
    strum::EnumDiscriminants,
)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[strum_discriminants(
    name(ClientEventKind),
    doc = "The kind of a [`ClientEvent`]. Its text form is the event's name.",
    derive(strum::EnumString, strum::IntoStaticStr, strum::VariantArray),
    strum(serialize_all = "snake_case"),
    allow(missing_docs, reason = "the variants of `ClientEvent` have them")
)]
pub enum ClientEvent {
    /// Adds an entry. Answers: the broadcast `entries` that has its id, or `refused`. Posting the same id again returns
    /// the existing entry.
    Post(Post),
    /// Creates a room and joins it. Answer: `room`.
    Create(Create),
    /// Requests a part of the list of rooms. Answer: `rooms`.
    Rooms(FindRooms),
    /// Becomes a member. Answers: `room`, then the answers to a `sync` without a cursor.
    Join(InRoom),
    /// Ends the membership. Answer: `room`.
    Leave(InRoom),
    /// Requests some of the present and former members. Answer: `members`.
    Members(FindMembers),
    /// Requests a range of a room's log. Answer: `page`, or `refused` if there is no such entry in the room.
    History(History),
    /// Subscribes to rooms and requests what is missing. Answers, for each room: `page`s up to the head, or `reset`.
    Sync(Sync),
    /// Reports that the user started or stopped typing. No answer; may be lost.
    Typing(Typing),
    /// Reports that the user went away or came back. No answer.
    Away(Away),
    /// Sets the read marker. No answer; the user's other devices receive `read`.
    Read(Read),
    /// Sets the user's name. Answers: `member_renamed` entries in the user's rooms, and `presence`.
    SetName(SetName),
}

/// The argument of [`ClientEvent::Rooms`]. The answer has at most [`crate::limits::MAX_LIST_ITEMS`] rooms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FindRooms {
    /// `true` for the rooms that the user is in, as in `hello`, instead of all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub joined: bool,
    /// A part of the name or the topic, or the end of the id: only the rooms that have it, first those that are called so.
    /// At most 64 characters. It has no effect with `joined`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub query: Option<String>,
    /// The last room of the answer before, for the rooms that follow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after: Option<RoomId>,
}

/// The argument of [`ClientEvent::Members`]. The answer has at most [`crate::limits::MAX_LIST_ITEMS`] members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FindMembers {
    /// The room.
    pub room: RoomId,
    /// The beginning of the name: only the members who have it, by name. At most 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub query: Option<String>,
    /// The last member of the answer before, for the members who follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after: Option<MemberId>,
    /// The members to list, instead of those of the other fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<MemberId>>")]
    pub ids: Vec<MemberId>,
}

impl FindMembers {
    /// Returns the request for the first members of a room.
    pub fn first(room: RoomId) -> Self {
        Self {
            room,
            query: None,
            after: None,
            ids: Vec::new(),
        }
    }
}

/// The argument of [`ClientEvent::Post`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Post {
    /// The room.
    pub room: RoomId,
    /// The new entry's id; a retry repeats it.
    pub id: EntryId,
    /// A body that [`Body::check`] accepts.
    pub body: Body,
}

/// The argument of [`ClientEvent::Create`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Create {
    /// The new room's id; a retry repeats it.
    pub room: RoomId,
    /// The room's name.
    pub name: Name,
    /// The room's topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub topic: Option<String>,
}

/// The argument of an event about one room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct InRoom {
    /// The room.
    pub room: RoomId,
}

/// The argument of [`ClientEvent::History`]: a range of entries, of which at most `limit` fit into the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct History {
    /// The room.
    pub room: RoomId,
    /// The exclusive upper end of the range; without it the range reaches to the newest entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub before: Option<Seq>,
    /// The exclusive lower end of the range. With it the page has the oldest entries of the range, without it the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after: Option<Seq>,
    /// The entry in the middle of the page, instead of the bounds. With a `limit` of 1 the page has this entry alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub around: Option<EntryId>,
    /// The maximum number of entries. Default and maximum: 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub limit: Option<u32>,
}

/// The argument of [`ClientEvent::Sync`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Sync {
    /// For each room the client's last entry and its epoch. For a room with `null` the server sends the newest page.
    #[ts(type = "Record<string, Head | null>")]
    pub rooms: BTreeMap<RoomId, Option<Head>>,
}

/// The argument of [`ClientEvent::Typing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Typing {
    /// The room.
    pub room: RoomId,
    /// `true` when typing starts or goes on, `false` when it stops.
    pub on: bool,
}

/// The argument of [`ClientEvent::Away`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Away {
    /// `true` when the user went away, `false` when they came back.
    pub away: bool,
}

/// The argument of [`ClientEvent::Read`] and of [`crate::ServerEvent::Read`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Read {
    /// The room.
    pub room: RoomId,
    /// The last entry that the user has seen. A smaller one than before marks later messages as unread.
    pub seq: Seq,
}

/// The argument of [`ClientEvent::SetName`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SetName {
    /// The new name.
    pub name: Name,
}

impl ClientEventKind {
    /// Returns the event's name on the wire.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the field whose entry a refusal names, if the argument has it.
    pub fn entry_field(self) -> &'static str {
        match self {
            Self::History => "around",
            Self::Post
            | Self::Create
            | Self::Rooms
            | Self::Join
            | Self::Leave
            | Self::Members
            | Self::Sync
            | Self::Typing
            | Self::Away
            | Self::Read
            | Self::SetName => "id",
        }
    }
}

impl ClientEvent {
    /// Returns the event's name on the wire.
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// Returns the event's argument on the wire.
    pub fn data(&self) -> Value {
        data_of(self)
    }
}
