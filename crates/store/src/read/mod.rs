//! Everything that is read. Each function is one short transaction of its own.

mod page;
mod persisted_state;
mod rooms;
mod search;
mod text_as_of;
mod words;

pub(crate) use page::page;
pub(crate) use persisted_state::persisted_state;
pub(crate) use rooms::{head, is_member, members, room, rooms, rooms_of};
pub(crate) use search::{is_indexed, search};
pub(crate) use text_as_of::text_as_of;
pub(crate) use words::indexed;
