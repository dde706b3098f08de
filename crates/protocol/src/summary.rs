//! Rooms and people as lists show them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Head, MemberId, Name, RoomId, Seq};

/// A room as a list shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct RoomSummary {
    /// The room's id.
    pub id: RoomId,
    /// The room's name.
    pub name: Name,
    /// The room's topic; may be empty.
    #[serde(default)]
    pub topic: String,
    /// The number of members.
    pub members: u32,
    /// The end of the room's log.
    pub head: Head,
    /// `true` if the recipient is a member.
    pub joined: bool,
    /// The recipient's read marker: the last entry that they have seen.
    #[serde(default)]
    pub read: Seq,
    /// The number of messages by others after `read`.
    #[serde(default)]
    pub unread: u32,
}

/// A present or former member of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Member {
    /// The person's id.
    pub id: MemberId,
    /// The person's name in this room.
    pub name: Name,
    /// `true` for a former member, whose entries still need the name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub left: bool,
    /// The time from which the person has had this name here, in milliseconds since the Unix epoch, if it is known. Of two
    /// people with one name it shows who took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub since: Option<u64>,
}

/// The availability of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// Connected and active.
    Online,
    /// Connected but away.
    Away,
    /// Not connected.
    Offline,
}

/// A person on the server, with presence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Person {
    /// The person's id.
    pub id: MemberId,
    /// The person's name.
    pub name: Name,
    /// The person's availability.
    pub availability: Availability,
}
