//! The state of a client, as it is on disk.

use ichat_protocol::{EntryId, RoomId};
use rusqlite::{Connection, Row};

use super::rooms::{RoomRow, sound_room_rows, unless_damaged};
use crate::log::{natural, read_json, unreadable};
use crate::{OutboxRow, PersistedRoom, PersistedState};

/// Reads the state of a client: see [`crate::Store::persisted_state`].
pub(crate) fn persisted_state(connection: &Connection) -> rusqlite::Result<PersistedState> {
    let mut rooms = Vec::new();
    for row in sound_room_rows(connection)? {
        rooms.extend(unless_damaged(persisted_room(connection, row))?);
    }
    let (mut outbox, mut damaged_posts) = (Vec::new(), Vec::new());
    let mut query =
        connection.prepare_cached("SELECT id, room, body, written_at, error, sent, key FROM outbox ORDER BY key")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        match unless_damaged(read_outbox_row(row))? {
            Some(post) => outbox.push(post),
            None => damaged_posts.push(row.get(6)?),
        }
    }
    Ok(PersistedState {
        rooms,
        outbox,
        damaged_posts,
    })
}

fn persisted_room(connection: &Connection, row: RoomRow) -> rusqlite::Result<PersistedRoom> {
    let (epoch, first, last) = (row.epoch, row.first, row.last);
    let (members_complete, read_pending) = (row.members_complete(), row.read_pending());
    Ok(PersistedRoom {
        room: row.summary(connection, None)?,
        epoch,
        first,
        last,
        members_complete,
        read_pending,
    })
}

fn read_outbox_row(row: &Row<'_>) -> rusqlite::Result<OutboxRow> {
    Ok(OutboxRow {
        id: EntryId(row.get(0)?),
        room: RoomId(row.get(1)?),
        body: read_json(row, 2)?.ok_or_else(|| unreadable(2, "a post without a body"))?,
        written_at: natural(row.get(3)?),
        error: read_json(row, 4)?,
        sent: row.get(5)?,
    })
}
