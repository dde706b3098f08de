//! What a client's folder holds when it is opened.

use ichat_protocol::{Body, EntryId, RoomId, WireError};
use rusqlite::{Connection, Row};
use serde::de::DeserializeOwned;

use super::rooms::rows;
use crate::code::{natural, unreadable};
use crate::{OutboxRow, PersistedRoom, PersistedState};

/// See [`crate::Store::persisted_state`].
pub(crate) fn persisted_state(connection: &Connection) -> rusqlite::Result<PersistedState> {
    let mut rooms = Vec::new();
    for room in rows(connection)? {
        let (epoch, first, last) = (room.epoch, room.first, room.last);
        rooms.push(PersistedRoom {
            room: room.summary(connection, None)?,
            epoch,
            first,
            last,
        });
    }
    let outbox = connection
        .prepare_cached("SELECT id, room, body, written, failed FROM outbox ORDER BY key")?
        .query_map([], |row| {
            Ok(OutboxRow {
                id: EntryId(row.get(0)?),
                room: RoomId(row.get(1)?),
                body: parse::<Body>(row, 2)?.ok_or(rusqlite::Error::InvalidQuery)?,
                written: natural(row.get(3)?),
                failed: parse::<WireError>(row, 4)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(PersistedState { rooms, outbox })
}

fn parse<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    row.get::<_, Option<String>>(column)?
        .map(|text| serde_json::from_str(&text).map_err(|e| unreadable(column, e)))
        .transpose()
}
