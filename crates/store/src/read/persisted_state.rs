//! The state of a client, as it is on disk.

use ichat_protocol::{EntryId, RoomId};
use rusqlite::{Connection, Row};

use super::rooms::room_rows;
use crate::log::{natural, read_json};
use crate::{OutboxRow, PersistedRoom, PersistedState};

/// Reads the state of a client: see [`crate::Store::persisted_state`].
pub(crate) fn persisted_state(connection: &Connection) -> rusqlite::Result<PersistedState> {
    let mut rooms = Vec::new();
    for room in room_rows(connection)? {
        let (epoch, first, last, read_pending) = (room.epoch, room.first, room.last, room.read_pending());
        rooms.push(PersistedRoom {
            room: room.summary(connection, None)?,
            epoch,
            first,
            last,
            read_pending,
        });
    }
    let outbox = connection
        .prepare_cached("SELECT id, room, body, written_at, error, sent FROM outbox ORDER BY key")?
        .query_map([], read_outbox_row)?
        .collect::<Result<_, _>>()?;
    Ok(PersistedState { rooms, outbox })
}

fn read_outbox_row(row: &Row<'_>) -> rusqlite::Result<OutboxRow> {
    Ok(OutboxRow {
        id: EntryId(row.get(0)?),
        room: RoomId(row.get(1)?),
        body: read_json(row, 2)?.ok_or(rusqlite::Error::InvalidQuery)?,
        written_at: natural(row.get(3)?),
        error: read_json(row, 4)?,
        sent: row.get(5)?,
    })
}
