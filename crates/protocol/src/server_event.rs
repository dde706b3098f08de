//! The events that a server sends, with the same form as those of a client.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::VariantNames as _;
use ts_rs::TS;

use crate::tagged::{data_of, tagged};
use crate::{
    DeviceId, Entry, EntryId, Epoch, Head, Member, MemberId, Name, Page, Person, Read, RoomId, RoomSummary, ServerInfo,
    WireError, limits,
};

/// An event from a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, strum::IntoStaticStr, strum::VariantNames)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ServerEvent {
    /// The first event of every connection.
    Hello(Box<Hello>),
    /// New entries of one room: a broadcast per commit to every subscriber, the authors included.
    Entries(Entries),
    /// A range of a room's log.
    Page(Page),
    /// The client's copy of this room belongs to another history: the client drops it and takes the `page` that follows.
    Reset(Reset),
    /// The heads of the rooms that the client is subscribed to, every five seconds.
    Heads(Heads),
    /// A part of the list of rooms.
    Rooms(RoomList),
    /// One room.
    Room(RoomSummary),
    /// Some of the present and former members of a room.
    Members(MemberList),
    /// Some of the people whose presence changed; after `hello`, of those who are online.
    Presence(Presence),
    /// A member started or stopped typing. A start counts for six seconds.
    Typing(TypingNow),
    /// The read marker that the user set on another device.
    Read(Read),
    /// A refused request and the reason.
    Refused(Refused),
    /// The server shuts down; the connection ends after this event.
    Closing(Closing),
    /// An event from a later version.
    #[serde(skip)]
    #[ts(skip)]
    Unknown,
}

/// The argument of [`ServerEvent::Hello`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Hello {
    /// The server.
    pub server: ServerInfo,
    /// The protocol version of this connection.
    pub protocol: u32,
    /// The client's identity on this server.
    pub me: MemberId,
    /// The client's name on this server.
    pub name: Name,
    /// The device id in the client's entries.
    pub device: DeviceId,
    /// A guest's secret: a later connection with it in its `auth` payload is the same person. `None` for a client with a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub guest_secret: Option<String>,
    /// The room that every person is in.
    pub lobby: RoomId,
    /// The first of the person's rooms, the lobby among them.
    pub rooms: Vec<RoomSummary>,
    /// `true` if the person is in further rooms, which `rooms` lists.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub more: bool,
    /// The limits that the server enforces.
    pub limits: LimitsInfo,
    /// The server's clock, in milliseconds since the Unix epoch.
    #[ts(type = "number")]
    pub now: u64,
}

/// The limits that a client must know; [`crate::limits`] defines them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LimitsInfo {
    /// Bytes of UTF-8 in a message.
    pub text_bytes: u32,
    /// Entries in a page.
    pub page_entries: u32,
    /// Bytes in a packet.
    pub packet_bytes: u32,
    /// Events of one connection without a response.
    pub pending_events: u32,
    /// Milliseconds between two `heads`.
    pub heads_interval_ms: u32,
}

/// The argument of [`ServerEvent::Entries`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Entries {
    /// The room.
    pub room: RoomId,
    /// The history that the entries belong to.
    pub epoch: Epoch,
    /// The entries in order of `seq`, without a gap.
    pub entries: Vec<Entry>,
}

/// The argument of [`ServerEvent::Reset`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Reset {
    /// The room.
    pub room: RoomId,
    /// The head of the history that replaces the client's.
    pub head: Head,
}

/// The argument of [`ServerEvent::Heads`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Heads {
    /// The head of each room.
    #[ts(type = "Record<string, Head>")]
    pub heads: BTreeMap<RoomId, Head>,
}

/// The argument of [`ServerEvent::Rooms`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct RoomList {
    /// The rooms, by name; those that the user is in, in an order that never changes.
    pub rooms: Vec<RoomSummary>,
    /// The request's `joined`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub joined: bool,
    /// The request's `query`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub query: Option<String>,
    /// The request's `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after: Option<RoomId>,
    /// `true` if others follow.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub more: bool,
}

/// The argument of [`ServerEvent::Members`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MemberList {
    /// The room.
    pub room: RoomId,
    /// The present and former members: by name if the request has a part of it, otherwise in an order that never changes, in
    /// which a new member is the last.
    pub members: Vec<Member>,
    /// The request's `query`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub query: Option<String>,
    /// The request's `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after: Option<MemberId>,
    /// `true` if others follow, `false` if none do; absent if the request named the members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub more: Option<bool>,
}

/// The argument of [`ServerEvent::Presence`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Presence {
    /// The people whose presence or name changed.
    pub people: Vec<Person>,
}

/// The argument of [`ServerEvent::Typing`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TypingNow {
    /// The room.
    pub room: RoomId,
    /// The member who types.
    pub member: MemberId,
    /// `true` when typing starts or goes on, `false` when it stops.
    pub on: bool,
}

/// The argument of [`ServerEvent::Refused`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Refused {
    /// The name of the refused event.
    pub event: String,
    /// The room that the event named, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub room: Option<RoomId>,
    /// The id of the entry that the event would have added, or its `around`, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub id: Option<EntryId>,
    /// The reason.
    pub error: WireError,
}

/// The argument of [`ServerEvent::Closing`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Closing {
    /// A sentence for people.
    pub message: String,
    /// The reason for programs. Default: `shutdown`.
    #[serde(default)]
    #[ts(as = "Option<ClosingReason>", optional)]
    pub reason: ClosingReason,
}

/// The reason why a server ends its connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ClosingReason {
    /// The host has stopped hosting on purpose, and may never host again.
    Stopped,
    /// The server ends, and may be back at any moment. Also a reason of a later version.
    #[default]
    #[serde(other)]
    Shutdown,
}

impl LimitsInfo {
    /// Returns the limits that this crate defines.
    pub fn current() -> Self {
        let as_u32 = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            text_bytes: as_u32(limits::MAX_TEXT_BYTES),
            page_entries: limits::MAX_PAGE_ENTRIES,
            packet_bytes: as_u32(limits::MAX_PACKET_BYTES),
            pending_events: as_u32(limits::MAX_PENDING_EVENTS),
            heads_interval_ms: u32::try_from(limits::HEADS_INTERVAL.as_millis()).unwrap_or(u32::MAX),
        }
    }
}

impl ServerEvent {
    /// Returns the event's name on the wire.
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// Returns the event's argument on the wire.
    pub fn data(&self) -> Value {
        data_of(self)
    }

    /// Parses an event from its name and argument. An unknown name gives [`ServerEvent::Unknown`]; a wrong argument is an
    /// error, since only a broken or hostile server sends one.
    pub fn parse(name: &str, data: Value) -> Result<Self, serde_json::Error> {
        if name == ServerEvent::Unknown.name() || !Self::VARIANTS.contains(&name) {
            return Ok(ServerEvent::Unknown);
        }
        serde_json::from_value(tagged(name, data))
    }
}
