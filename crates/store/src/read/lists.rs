//! Parts of lists: of all rooms, of a member's rooms, and of a room's members. None reads more than it returns but for the
//! search of rooms, which reads the names and topics of all.

use ichat_protocol::{Head, Member, MemberId, RoomId, RoomSummary, fold_for_search};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Params};

use super::rooms::{read_member_row, read_room, room_row, select_members, select_rooms, user_key};
use crate::ListPart;
use crate::log::{RoomKey, UserKey, read_seq};

/// Reads rooms by name: see [`crate::Store::find_rooms`].
pub(crate) fn find_rooms(
    connection: &Connection,
    for_member: &MemberId,
    query: &str,
    after: Option<RoomId>,
    limit: u32,
) -> rusqlite::Result<Option<ListPart<RoomSummary>>> {
    let query = fold_for_search(query.trim());
    let after = match after {
        None => None,
        Some(id) => match room_row(connection, id)? {
            Some(room) => Some(room.key),
            None => return Ok(None),
        },
    };
    let keys = if query.is_empty() {
        all_by_name(connection, after, limit)?
    } else {
        found_by_name(connection, &query, after, limit)?
    };
    let user = user_key(connection, for_member)?;
    summaries(connection, keys, user, limit).map(Some)
}

/// Reads the keys of rooms in the order of their names, one more than the limit.
fn all_by_name(connection: &Connection, after: Option<RoomKey>, limit: u32) -> rusqlite::Result<Vec<RoomKey>> {
    match after {
        None => keys(
            connection,
            "SELECT room FROM room_state ORDER BY search_text, room LIMIT ?1",
            [limit + 1],
        ),
        Some(after) => keys(
            connection,
            "SELECT room FROM room_state
             WHERE (search_text, room) > (SELECT search_text, room FROM room_state WHERE room = ?2)
             ORDER BY search_text, room LIMIT ?1",
            (limit + 1, after),
        ),
    }
}

/// Reads the keys of the rooms whose name or topic has this text, or whose id ends with it: first those that are called so, then
/// by name.
fn found_by_name(
    connection: &Connection,
    query: &str,
    after: Option<RoomKey>,
    limit: u32,
) -> rusqlite::Result<Vec<RoomKey>> {
    let is_called = "substr(search_text, 1, length(?1) + 1) <> ?1 || char(10)";
    let after_sql = match after {
        None => String::new(),
        Some(_) => format!(
            "AND ({is_called}, search_text, room) > (SELECT {is_called}, search_text, room FROM room_state WHERE room = ?4)"
        ),
    };
    let sql = format!(
        "SELECT room FROM room_state
         WHERE (instr(search_text, ?1)
             OR (?3 <> '' AND (SELECT substr(hex(id), -length(?3)) FROM room WHERE key = room_state.room) = ?3))
         {after_sql} ORDER BY {is_called}, search_text, room LIMIT ?2"
    );
    let end_of_id = end_of_id(query).unwrap_or_default();
    match after {
        None => keys(connection, &sql, (query, limit + 1, end_of_id)),
        Some(after) => keys(connection, &sql, (query, limit + 1, end_of_id, after)),
    }
}

/// Returns a text as the end of an id in `SQLite`'s hexadecimal form, if it can be one.
fn end_of_id(query: &str) -> Option<String> {
    let digits: String = query.chars().filter(|c| *c != '-').collect();
    let is_end = (4..=32).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit());
    is_end.then(|| digits.to_ascii_uppercase())
}

/// Reads the rooms of a member: see [`crate::Store::joined_rooms`].
pub(crate) fn joined_rooms(
    connection: &Connection,
    member: &MemberId,
    after: Option<RoomId>,
    limit: u32,
) -> rusqlite::Result<Option<ListPart<RoomSummary>>> {
    let after = match after {
        None => RoomKey(0),
        Some(id) => match room_row(connection, id)? {
            Some(room) => room.key,
            None => return Ok(None),
        },
    };
    let user = user_key(connection, member)?;
    let keys = keys(
        connection,
        "SELECT room FROM member WHERE user = ?2 AND joined AND room > ?3 ORDER BY room LIMIT ?1",
        (limit + 1, user, after),
    )?;
    summaries(connection, keys, user, limit).map(Some)
}

fn keys(connection: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<Vec<RoomKey>> {
    connection
        .prepare_cached(sql)?
        .query_map(params, |row| row.get(0))?
        .collect()
}

fn summaries(
    connection: &Connection,
    keys: Vec<RoomKey>,
    user: Option<UserKey>,
    limit: u32,
) -> rusqlite::Result<ListPart<RoomSummary>> {
    let mut part = ListPart::cut(keys, limit);
    let mut rooms = Vec::with_capacity(part.items.len());
    for key in std::mem::take(&mut part.items) {
        let room = connection
            .prepare_cached(select_rooms!("WHERE room.key = ?1"))?
            .query_row([key], read_room)?;
        rooms.push(room.summary(connection, user)?);
    }
    Ok(ListPart {
        items: rooms,
        more: part.more,
    })
}

/// Reads the end of each room's log: see [`crate::Store::heads`].
pub(crate) fn heads(connection: &Connection) -> rusqlite::Result<Vec<(RoomId, Head)>> {
    connection
        .prepare_cached("SELECT id, epoch, last_seq FROM room")?
        .query_map([], |row| {
            let epoch = ichat_protocol::Epoch(row.get(1)?);
            Ok((
                RoomId(row.get(0)?),
                Head {
                    epoch,
                    seq: read_seq(row, 2)?,
                },
            ))
        })?
        .collect()
}

/// Reads members of a room: see [`crate::Store::find_members`].
pub(crate) fn find_members(
    connection: &Connection,
    room: RoomId,
    query: &str,
    after: Option<&MemberId>,
    limit: u32,
) -> rusqlite::Result<Option<ListPart<Member>>> {
    let Some(room) = room_row(connection, room)?.map(|room| room.key) else {
        return Ok(None);
    };
    let after = match after {
        None => None,
        Some(id) => match place_of(connection, room, id)? {
            Some(place) => Some(place),
            None => return Ok(None),
        },
    };
    let query = fold_for_search(query.trim());
    let limit_and_one = Value::Integer(i64::from(limit) + 1);
    let (sql, params) = if query.is_empty() {
        let (user, _) = after.unwrap_or((UserKey::NONE, String::new()));
        let sql = select_members!("WHERE member.room = ?1 AND member.user > ?3 ORDER BY member.user LIMIT ?2");
        (sql, vec![Value::Integer(room.0), limit_and_one, Value::Integer(user.0)])
    } else {
        // One lower bound, so that the index begins at it: with two, a later part would read those before it again.
        let (user, name) = match after {
            Some((user, name)) if name >= query => (user, name),
            Some(_) | None => (UserKey::NONE, query.clone()),
        };
        let sql = select_members!(
            "WHERE member.room = ?1 AND search_name < ?3 || char(1114111) AND (search_name, member.user) > (?4, ?5)
             ORDER BY search_name, member.user LIMIT ?2"
        );
        let params = [room.0.into(), limit_and_one, query.into(), name.into(), user.0.into()];
        (sql, params.to_vec())
    };
    let found = connection
        .prepare_cached(sql)?
        .query_map(rusqlite::params_from_iter(params), read_member_row)?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Some(ListPart::cut(found, limit)))
}

/// Reads these members of a room: see [`crate::Store::members_of_ids`].
pub(crate) fn members_of_ids(connection: &Connection, room: RoomId, ids: &[MemberId]) -> rusqlite::Result<Vec<Member>> {
    let Some(room) = room_row(connection, room)?.map(|room| room.key) else {
        return Ok(Vec::new());
    };
    let mut query = connection.prepare_cached(select_members!("WHERE member.room = ?1 AND member.user = ?2"))?;
    let mut members = Vec::new();
    for id in ids {
        if let Some(user) = user_key(connection, id)? {
            members.extend(query.query_row((room, user), read_member_row).optional()?);
        }
    }
    Ok(members)
}

/// Returns the place of a member in the lists of a room's members: their number, and their name for search.
fn place_of(connection: &Connection, room: RoomKey, id: &MemberId) -> rusqlite::Result<Option<(UserKey, String)>> {
    connection
        .prepare_cached(
            "SELECT member.user, search_name FROM member JOIN user ON user.key = member.user
             WHERE room = ?1 AND user.id = ?2",
        )?
        .query_row((room, id.as_str()), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}
