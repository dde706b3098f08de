//! Ranges of a log, rooms and people as they are shown.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Entry, Epoch, MemberId, Name, RoomId, Seq};

/// How far a room's log goes, in which history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
pub struct Head {
    /// Which history.
    pub epoch: Epoch,
    /// The last entry's place; 0 for an empty log.
    pub seq: Seq,
}

/// A range of a room's log without a gap, and what lies beyond the range but changes how it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Page {
    /// The room.
    pub room: RoomId,
    /// How far the log goes now.
    pub head: Head,
    /// In order of `seq`, without a gap.
    pub entries: Vec<Entry>,
    /// Later entries (edits, deletions, reactions) that amend those of the page, in order of `seq`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Entry>>", optional)]
    pub later: Vec<Entry>,
}

/// A room as it stands in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct RoomSummary {
    /// Its id.
    pub id: RoomId,
    /// Its name.
    pub name: Name,
    /// What it is about; may be empty.
    #[serde(default)]
    pub topic: String,
    /// How many are members.
    pub members: u32,
    /// How far its log goes.
    pub head: Head,
    /// Whether the one who asks is a member.
    pub joined: bool,
    /// How far the one who asks has read.
    #[serde(default)]
    pub read: Seq,
    /// Messages of others after `read`.
    #[serde(default)]
    pub unread: u32,
}

/// A member of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Member {
    /// Who.
    pub id: MemberId,
    /// Under which name.
    pub name: Name,
    /// Whether they have left; their old entries still need the name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub left: bool,
}

/// Whether somebody is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// Connected, and in front of it.
    Online,
    /// Connected, but away.
    Away,
    /// Not connected.
    Offline,
}

/// Somebody on the server, with presence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Person {
    /// Who.
    pub id: MemberId,
    /// Under which name.
    pub name: Name,
    /// Whether they are here.
    pub availability: Availability,
}
