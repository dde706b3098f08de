//! Everything that is read. Each function runs in a short transaction of its own.

mod lists;
mod page;
mod parsed_query;
mod persisted_state;
mod rooms;
mod search;

pub(crate) use lists::{find_members, find_rooms, heads, joined_rooms, members_of_ids};
pub(crate) use page::{page, seq_of};
pub(crate) use persisted_state::persisted_state;
pub(crate) use rooms::{head, is_member, members, room, room_creators, rooms, rooms_of};
pub(crate) use search::search;
