//! The words that I-Chat's clients and servers say to each other: ids, entries, events, limits and errors.
//! No I/O, no async; the TypeScript types of the interface are generated from here.
//!
//! ```text
//!   ids ── entry ──┬── event   what goes over the socket, both ways
//!            │     └── page    a range of a room's log, and what later amends it
//!          name            │
//!   limits ── error ───────┘   what is refused, and the words for it
//!   auth                       who is who: the challenge, and the signed answer
//! ```
//!
//! The whole of it, for people who write a client in another language, stands in `docs/protocol.md`.

mod auth;
mod entry;
mod error;
mod event;
mod ids;
pub mod limits;
mod name;
mod page;

pub use auth::{Auth, AuthError, Challenge, Key, ServerInfo, Signature, sign, verify};
pub use entry::{Body, Entry};
pub use error::{ErrorCode, WireError};
pub use event::{
    Away, ClientEvent, Closing, Create, Entries, Heads, Hello, History, InRoom, LimitsInfo, MemberList, Nothing, Post,
    Presence, Read, Refused, SetName, Reset, RoomList, ServerEvent, Sync, Typing, TypingNow,
};
pub use ids::{DeviceId, EntryId, Epoch, MemberId, RoomId, Seq, ServerId};
pub use name::{InvalidName, Name};
pub use page::{Availability, Head, Member, Page, Person, RoomSummary};

/// The protocol versions that this crate speaks, lowest first.
pub const PROTOCOLS: &[u32] = &[1];

/// The highest version that both sides speak, if there is one.
pub fn common_protocol(theirs: &[u32]) -> Option<u32> {
    PROTOCOLS.iter().rev().copied().find(|version| theirs.contains(version))
}
