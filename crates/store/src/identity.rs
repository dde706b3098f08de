//! Whose folder it is, and which file.

use ichat_protocol::{RoomId, ServerId};
use rusqlite::{Connection, OptionalExtension as _};
use uuid::Uuid;

use crate::checksum;
use crate::code::unreadable;

/// Who a folder is, from its first opening on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    pub(crate) server: ServerId,
    pub(crate) lobby: RoomId,
    /// Which file it is: a copy has that of its original, a restored file another one.
    pub(crate) generation: Uuid,
}

/// What an existing file of the current format says. `None` when it was never opened as this format.
pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Option<Identity>> {
    let found = connection
        .query_row("SELECT server, lobby, generation, sum FROM meta", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((server, lobby, Some(generation), written)): Option<(_, _, _, Option<i32>)> = found else {
        return Ok(None);
    };
    let (server, lobby) = (ServerId(server), RoomId(lobby));
    if written != Some(checksum::of_meta(server, lobby, generation)) {
        return Err(unreadable(3, "whose folder it is is not what was written"));
    }
    Ok(Some(Identity {
        server,
        lobby,
        generation,
    }))
}

/// Reads it, and makes it when it is not there.
pub(crate) fn ensure(connection: &Connection) -> rusqlite::Result<Identity> {
    if let Some(known) = read(connection)? {
        return Ok(known);
    }
    let of_an_older_format = connection
        .query_row("SELECT server, lobby FROM meta", [], |row| {
            Ok((ServerId(row.get(0)?), RoomId(row.get(1)?)))
        })
        .optional()?;
    let (server, lobby) = of_an_older_format.unwrap_or_else(|| (ServerId::fresh(), RoomId::fresh()));
    write(connection, server, lobby)
}

/// Makes the file another one, of the same server.
pub(crate) fn write(connection: &Connection, server: ServerId, lobby: RoomId) -> rusqlite::Result<Identity> {
    let generation = Uuid::new_v4();
    let transaction = connection.unchecked_transaction()?;
    transaction.execute("DELETE FROM meta", [])?;
    transaction.execute(
        "INSERT INTO meta (server, lobby, generation, sum) VALUES (?1, ?2, ?3, ?4)",
        (
            server.0,
            lobby.0,
            generation,
            checksum::of_meta(server, lobby, generation),
        ),
    )?;
    transaction.commit()?;
    Ok(Identity {
        server,
        lobby,
        generation,
    })
}
