//! The bounds of the rooms' logs.

use rusqlite::{Connection, OptionalExtension as _};

use crate::log::{EntryKey, RoomKey, read_seq};

/// Compares the first and the last entry of each room with those that its row names: two look-ups a room, however long its
/// log is. Returns the first difference, in plain words.
pub(crate) fn check_bounds(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let mut rooms = connection.prepare("SELECT key, first_seq, last_seq FROM room")?;
    let rooms = rooms.query_map([], |row| Ok((row.get(0)?, read_seq(row, 1)?, read_seq(row, 2)?)))?;
    for room in rooms {
        let (room, first, last): (RoomKey, _, _) = room?;
        let found_first = bound(connection, room, "ASC")?;
        let found_last = bound(connection, room, "DESC")?;
        if (found_first, found_last) != (first.0, last.0) {
            return Ok(Some(format!(
                "room {} should have the entries {first} to {last}, and has {found_first} to {found_last}",
                room.0
            )));
        }
    }
    Ok(None)
}

fn bound(connection: &Connection, room: RoomKey, order: &str) -> rusqlite::Result<u64> {
    let key: Option<EntryKey> = connection
        .prepare_cached(&format!(
            "SELECT key FROM entry WHERE key BETWEEN ?1 AND ?2 ORDER BY key {order} LIMIT 1"
        ))?
        .query_row(room.entries(), |row| row.get(0))
        .optional()?;
    Ok(key.map_or(0, |key| key.seq().0))
}
