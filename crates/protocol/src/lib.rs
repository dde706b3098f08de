//! The protocol between I-Chat's clients and servers: ids, entries, events, limits and errors. The crate does no I/O and
//! has no async code; the TypeScript types of the interface are generated from it.
//!
//! ```text
//!   parse_event ── fields           a client's event from its JSON, or the field that is wrong
//!         │
//!   client_event, server_event      the events that the two sides send (in the form of `tagged`)
//!         │
//!   page, summary, projection       ranges of a log; rooms and people in lists; a room's fields, computed from its log
//!         │
//!   entry ── body ── kind           a change to a room; the properties of its kind
//!         │
//!   mentions, cut_text              the members that a text mentions; texts cut to a length
//!   search_fold                     texts as names are searched for
//!   ids, name, text_rule, limits    values and their rules
//!   emoji, joiners, visibility      properties of characters that the rules use
//!   auth, error                     identities; refusals
//! ```
//!
//! `docs/protocol.md` describes the protocol for authors of clients in other languages.

#![warn(missing_docs)]

mod auth;
mod body;
mod client_event;
mod cut_text;
mod emoji;
mod entry;
mod error;
mod fields;
mod ids;
pub mod joiners;
mod kind;
pub mod limits;
mod mentions;
mod name;
mod page;
mod parse_event;
mod projection;
mod search_fold;
mod server_event;
mod summary;
mod tagged;
pub mod text_rule;
pub mod visibility;

pub use auth::{Auth, AuthError, Challenge, GuestAuth, Key, ServerInfo, Signature, sign, verify};
pub use body::{Body, CollapseKey, Mention, RoomChange};
pub use client_event::{
    Away, ClientEvent, ClientEventKind, Create, FindMembers, FindRooms, History, InRoom, Post, Read, SetName, Sync,
    Typing,
};
pub use cut_text::cut_text;
pub use entry::Entry;
pub use error::{ErrorCode, WireError};
pub use ids::{DeviceId, EntryId, Epoch, InvalidMemberId, MemberId, RoomId, Seq, ServerId};
pub use kind::{Collapse, Kind, KindProperties, TargetEffect, Writer};
pub use mentions::mentions_in;
pub use name::{InvalidName, Name};
pub use page::{Head, Page};
pub use projection::{Membership, RoomProjection};
pub use search_fold::fold_for_search;
pub use server_event::{
    Closing, ClosingReason, Entries, Heads, Hello, LimitsInfo, MemberList, Presence, Refused, Reset, RoomList,
    ServerEvent, TypingNow,
};
pub use summary::{Availability, Member, Person, RoomSummary};

/// The TCP port of a server, unless another one is chosen.
pub const DEFAULT_PORT: u16 = 4242;

/// The beginning of a server's response, with status 404, to a request for a path where it has nothing. The path of the chat and
/// a full stop follow.
pub const NOTHING_HERE: &str = "There is nothing here. The chat is at ";

/// The newest protocol version that this crate implements.
pub const NEWEST_PROTOCOL: u32 = 1;

/// The protocol versions that this crate implements, lowest first.
pub const PROTOCOLS: &[u32] = &[NEWEST_PROTOCOL];

/// Returns the highest version that both sides implement, if there is one.
pub fn common_protocol(theirs: &[u32]) -> Option<u32> {
    PROTOCOLS.iter().rev().copied().find(|version| theirs.contains(version))
}
