//! Everything that is read. Each function is one short transaction of its own.

mod page;
mod restored;
mod rooms;
mod search;
mod text;
mod words;

pub(crate) use page::page;
pub(crate) use restored::restored;
pub(crate) use rooms::{head, heads, is_member, members, room, rooms, rooms_of};
pub(crate) use search::{is_indexed, search};
pub(crate) use text::text_before;
pub(crate) use words::indexed;
