//! Whether each room's log begins and ends where the room says.

use rusqlite::{Connection, OptionalExtension as _};

use crate::code::{RoomKey, natural};

/// The first room whose log does not, in a person's words. Two look-ups a room, however long its log is.
pub(crate) fn broken(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let mut rooms = connection.prepare("SELECT key, first, last FROM room")?;
    let rooms = rooms.query_map([], |row| {
        Ok((RoomKey(row.get(0)?), natural(row.get(1)?), natural(row.get(2)?)))
    })?;
    for room in rooms {
        let (room, first, last) = room?;
        let (low, top) = room.range();
        let found = (
            end(
                connection,
                "SELECT key FROM entry WHERE key BETWEEN ?1 AND ?2 ORDER BY key LIMIT 1",
                low,
                top,
            )?,
            end(
                connection,
                "SELECT key FROM entry WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT 1",
                low,
                top,
            )?,
        );
        if found != (first, last) {
            let (from, to) = found;
            return Ok(Some(format!(
                "room {} should hold the entries {first} to {last}, and holds {from} to {to}",
                room.0
            )));
        }
    }
    Ok(None)
}

fn end(connection: &Connection, sql: &'static str, low: i64, top: i64) -> rusqlite::Result<u64> {
    let key: Option<i64> = connection
        .prepare_cached(sql)?
        .query_row((low, top), |row| row.get(0))
        .optional()?;
    Ok(key.map_or(0, |key| crate::code::seq_of(key).0))
}
