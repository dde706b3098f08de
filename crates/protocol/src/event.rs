//! The events both ways. On the wire each is a Socket.IO event of that name with one JSON object as its argument.
//!
//! An *answer is an event*: whoever emits `join` gets a `page` event, or `refused`. Whoever asks for a Socket.IO
//! acknowledgement gets the same answer there instead, as `{"event": <name>, "data": <object>}`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;

use crate::{
    Body, DeviceId, Entry, EntryId, Epoch, ErrorCode, Head, Member, MemberId, Name, Page, Person, RoomId, RoomSummary,
    Seq, ServerInfo, WireError,
};

/// What a client says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub enum ClientEvent {
    /// Adds an entry. The broadcast `entries` that holds its id is the receipt; `refused` is the other answer.
    /// Posting the same id again gives the entry that stands.
    Post(Post),
    /// Makes a room and joins it. Answer: `room`.
    Create(Create),
    /// Asks for every room that one may see. Answer: `rooms`.
    Rooms(Nothing),
    /// Becomes a member. Answers: `room`, then what `sync` without a cursor gives.
    Join(InRoom),
    /// Stops being one. Answer: `room`.
    Leave(InRoom),
    /// Asks who is and was a member. Answer: `members`.
    Members(InRoom),
    /// Asks for a range of a room's log. Answer: `page`.
    History(History),
    /// Subscribes to rooms and asks for what is missing. Answers, for each room: any number of `page`s up to the head, or `reset`.
    Sync(Sync),
    /// Says that one is typing, or no longer. No answer; may be lost.
    Typing(Typing),
    /// Says that one is away, or back. No answer.
    Away(Away),
    /// Says how far one has read. Goes to one's other devices as `read`.
    Read(Read),
    /// Takes another name. Answer: the `member_renamed` entries in one's rooms, and `presence`.
    SetName(SetName),
}

/// What a server says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub enum ServerEvent {
    /// The first event of every connection.
    Hello(Hello),
    /// New entries of one room: one broadcast per commit, to everybody who is subscribed, the authors included.
    Entries(Entries),
    /// A range of a room's log.
    Page(Page),
    /// What the client holds of this room is not this room's history: drop it and take the `page` that follows.
    Reset(Reset),
    /// How far the rooms go that this client is subscribed to; every five seconds.
    Heads(Heads),
    /// Every room that one may see.
    Rooms(RoomList),
    /// One room as it is now.
    Room(RoomSummary),
    /// Who is and was a member of a room.
    Members(MemberList),
    /// People whose presence changed; after `hello`, everybody who is here.
    Presence(Presence),
    /// Somebody is typing, or no longer. It counts for six seconds.
    Typing(TypingNow),
    /// How far one has read on another device.
    Read(Read),
    /// What was not done, and why.
    Refused(Refused),
    /// The server goes down; the connection ends after this.
    Closing(Closing),
    /// An event from a later version.
    #[serde(skip)]
    #[ts(skip)]
    Unknown,
}

/// No fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(type = "Record<string, never>")]
pub struct Nothing {}

/// See [`ClientEvent::Post`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Post {
    /// Where.
    pub room: RoomId,
    /// Made for this post, and kept for its repetitions.
    pub id: EntryId,
    /// `message`, `edit`, `delete`, `react`, `topic` or `room_renamed`.
    pub body: Body,
}

/// See [`ClientEvent::Create`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Create {
    /// Made for this room, so that repeating the event makes one room.
    pub room: RoomId,
    /// Its name.
    pub name: Name,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub topic: Option<String>,
}

/// An event about one room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct InRoom {
    /// The room.
    pub room: RoomId,
}

/// See [`ClientEvent::History`]. Without `before` and `after`: the newest page. With `after`: upwards from the entry behind it,
/// and up to the one ahead of `before`. With `before` alone: downwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct History {
    /// The room.
    pub room: RoomId,
    /// Only entries ahead of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub before: Option<Seq>,
    /// Only entries behind this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after: Option<Seq>,
    /// At most so many; 200 at most, and 200 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub limit: Option<u32>,
}

/// See [`ClientEvent::Sync`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Sync {
    /// For each room the last entry held, and of which history; `null` for a room of which nothing is held:
    /// it is answered with the newest page.
    #[ts(type = "Record<string, Head | null>")]
    pub rooms: BTreeMap<RoomId, Option<Head>>,
}

/// See [`ClientEvent::Typing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Typing {
    /// The room.
    pub room: RoomId,
    /// Typing, or no longer.
    pub on: bool,
}

/// See [`ClientEvent::Away`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Away {
    /// Away, or back.
    pub away: bool,
}

/// See [`ClientEvent::Read`] and [`ServerEvent::Read`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Read {
    /// The room.
    pub room: RoomId,
    /// The last entry that was seen. It may go back: that marks as unread.
    pub seq: Seq,
}

/// See [`ClientEvent::SetName`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SetName {
    /// The new name.
    pub name: Name,
}

/// See [`ServerEvent::Hello`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Hello {
    /// Which server this is.
    pub server: ServerInfo,
    /// The protocol version of this connection.
    pub protocol: u32,
    /// Who the client is to this server.
    pub me: MemberId,
    /// The name that goes with it.
    pub name: Name,
    /// The device that entries will carry.
    pub device: DeviceId,
    /// The room that everybody is in.
    pub lobby: RoomId,
    /// The rooms that this person is a member of, the lobby among them.
    pub rooms: Vec<RoomSummary>,
    /// What the server refuses as too large or too much.
    pub limits: LimitsInfo,
    /// The server's clock, in milliseconds since the Unix epoch.
    #[ts(type = "number")]
    pub now: u64,
}

/// The limits that a client must know; their meaning stands in [`crate::limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LimitsInfo {
    /// Bytes of UTF-8 in a message.
    pub text_bytes: u32,
    /// Entries in a page.
    pub page_entries: u32,
    /// Bytes in a packet.
    pub packet_bytes: u32,
    /// Posts that one connection may have waiting.
    pub waiting_posts: u32,
    /// Milliseconds between two `heads`.
    pub heads_every_ms: u32,
}

/// See [`ServerEvent::Entries`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Entries {
    /// The room.
    pub room: RoomId,
    /// Of which history.
    pub epoch: Epoch,
    /// In order of `seq`, without a gap.
    pub entries: Vec<Entry>,
}

/// See [`ServerEvent::Reset`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Reset {
    /// The room.
    pub room: RoomId,
    /// How far the room goes, in the history that counts from now on.
    pub head: Head,
}

/// See [`ServerEvent::Heads`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Heads {
    /// For each room of this client how far it goes.
    #[ts(type = "Record<string, Head>")]
    pub heads: BTreeMap<RoomId, Head>,
}

/// See [`ServerEvent::Rooms`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct RoomList {
    /// By name.
    pub rooms: Vec<RoomSummary>,
}

/// See [`ServerEvent::Members`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MemberList {
    /// The room.
    pub room: RoomId,
    /// Who is, and who was.
    pub members: Vec<Member>,
}

/// See [`ServerEvent::Presence`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Presence {
    /// Those who changed.
    pub people: Vec<Person>,
}

/// See [`ServerEvent::Typing`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TypingNow {
    /// The room.
    pub room: RoomId,
    /// Who.
    pub member: MemberId,
    /// Typing, or no longer.
    pub on: bool,
}

/// See [`ServerEvent::Refused`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Refused {
    /// The event that was not done.
    pub event: String,
    /// The room that it spoke of, if it spoke of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub room: Option<RoomId>,
    /// The entry that it would have made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub id: Option<EntryId>,
    /// Why.
    pub error: WireError,
}

/// See [`ServerEvent::Closing`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Closing {
    /// For people.
    pub message: String,
}

impl ClientEvent {
    /// The event's name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            ClientEvent::Post(_) => "post",
            ClientEvent::Create(_) => "create",
            ClientEvent::Rooms(_) => "rooms",
            ClientEvent::Join(_) => "join",
            ClientEvent::Leave(_) => "leave",
            ClientEvent::Members(_) => "members",
            ClientEvent::History(_) => "history",
            ClientEvent::Sync(_) => "sync",
            ClientEvent::Typing(_) => "typing",
            ClientEvent::Away(_) => "away",
            ClientEvent::Read(_) => "read",
            ClientEvent::SetName(_) => "set_name",
        }
    }

    /// The event's argument on the wire.
    pub fn data(&self) -> Value {
        serde_json::to_value(self).map(data_of).unwrap_or_default()
    }

    /// Reads an event from its name and argument.
    pub fn parse(name: &str, data: Value) -> Result<Self, WireError> {
        fn read<T: serde::de::DeserializeOwned>(name: &str, data: Value) -> Result<T, WireError> {
            serde_json::from_value(data).map_err(|e| {
                WireError::new(
                    ErrorCode::BadRequest,
                    format!("The argument of \"{name}\" is wrong: {e}."),
                )
            })
        }
        Ok(match name {
            "post" => ClientEvent::Post(read(name, data)?),
            "create" => ClientEvent::Create(read(name, data)?),
            // It has no fields, and clients may leave the argument out.
            "rooms" => ClientEvent::Rooms(Nothing {}),
            "join" => ClientEvent::Join(read(name, data)?),
            "leave" => ClientEvent::Leave(read(name, data)?),
            "members" => ClientEvent::Members(read(name, data)?),
            "history" => ClientEvent::History(read(name, data)?),
            "sync" => ClientEvent::Sync(read(name, data)?),
            "typing" => ClientEvent::Typing(read(name, data)?),
            "away" => ClientEvent::Away(read(name, data)?),
            "read" => ClientEvent::Read(read(name, data)?),
            "set_name" => ClientEvent::SetName(read(name, data)?),
            _ => {
                let shown: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
                return Err(WireError::new(
                    ErrorCode::UnknownEvent,
                    format!("This server knows no event \"{shown}\"; docs/protocol.md lists them."),
                ));
            }
        })
    }
}

impl ServerEvent {
    /// The event's name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            ServerEvent::Hello(_) => "hello",
            ServerEvent::Entries(_) => "entries",
            ServerEvent::Page(_) => "page",
            ServerEvent::Reset(_) => "reset",
            ServerEvent::Heads(_) => "heads",
            ServerEvent::Rooms(_) => "rooms",
            ServerEvent::Room(_) => "room",
            ServerEvent::Members(_) => "members",
            ServerEvent::Presence(_) => "presence",
            ServerEvent::Typing(_) => "typing",
            ServerEvent::Read(_) => "read",
            ServerEvent::Refused(_) => "refused",
            ServerEvent::Closing(_) => "closing",
            ServerEvent::Unknown => "unknown",
        }
    }

    /// The event's argument on the wire.
    pub fn data(&self) -> Value {
        serde_json::to_value(self).map(data_of).unwrap_or_default()
    }

    /// Reads an event from its name and argument. An unknown name gives [`ServerEvent::Unknown`]; an argument that
    /// does not fit is a broken or hostile server.
    pub fn parse(name: &str, data: Value) -> Result<Self, serde_json::Error> {
        match name {
            "hello" | "entries" | "page" | "reset" | "heads" | "rooms" | "room" | "members" | "presence" | "typing"
            | "read" | "refused" | "closing" => {
                let tagged = Map::from_iter([("event".to_owned(), name.into()), ("data".to_owned(), data)]);
                serde_json::from_value(tagged.into())
            }
            _ => Ok(ServerEvent::Unknown),
        }
    }
}

/// The `data` of an adjacently tagged event.
fn data_of(event: Value) -> Value {
    match event {
        Value::Object(mut object) => object.remove("data").unwrap_or_default(),
        _ => Value::Null,
    }
}
