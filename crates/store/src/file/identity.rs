//! The identity of a data folder and of its file.

use ichat_protocol::{RoomId, ServerId};
use rusqlite::{Connection, OptionalExtension as _};
use uuid::Uuid;

use crate::checksum::checksum;
use crate::log::unreadable;

/// The identity that a data folder gets when it is first opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    pub(crate) server: ServerId,
    pub(crate) lobby: RoomId,
    /// Identifies the file: a copy has that of its original, a restored file has a new one.
    pub(crate) generation: Uuid,
}

impl Identity {
    fn checksum(&self) -> i32 {
        let ids = [self.server.0, self.lobby.0, self.generation];
        checksum(&ids.each_ref().map(|id| id.as_bytes().as_slice()))
    }
}

/// The key of the secrets by which the guests of a server keep their identity.
pub(crate) type GuestKey = [u8; 64];

/// Reads the identity; `None` in a file that was only just created.
pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Option<Identity>> {
    let found = connection
        .query_row("SELECT server, lobby, generation, checksum FROM identity", [], |row| {
            let identity = Identity {
                server: ServerId(row.get(0)?),
                lobby: RoomId(row.get(1)?),
                generation: row.get(2)?,
            };
            Ok((identity, row.get::<_, i32>(3)?))
        })
        .optional()?;
    match found {
        Some((identity, stored)) if identity.checksum() == stored => Ok(Some(identity)),
        Some(_) => Err(unreadable(3, "the server's identity is not what was written")),
        None => Ok(None),
    }
}

/// Reads the identity, and makes one if there is none.
pub(crate) fn ensure(connection: &Connection) -> rusqlite::Result<Identity> {
    match read(connection)? {
        Some(identity) => Ok(identity),
        None => write(connection, ServerId::fresh(), RoomId::fresh()),
    }
}

/// Writes the identity of a server with a new generation.
pub(crate) fn write(connection: &Connection, server: ServerId, lobby: RoomId) -> rusqlite::Result<Identity> {
    let identity = Identity {
        server,
        lobby,
        generation: Uuid::new_v4(),
    };
    let transaction = connection.unchecked_transaction()?;
    transaction.execute("DELETE FROM identity", [])?;
    transaction.execute(
        "INSERT INTO identity (server, lobby, generation, checksum) VALUES (?1, ?2, ?3, ?4)",
        (server.0, lobby.0, identity.generation, identity.checksum()),
    )?;
    transaction.commit()?;
    Ok(identity)
}

/// Reads the key of guests' secrets, and stores `fresh` as the key if there is none.
pub(crate) fn ensure_guest_key(connection: &Connection, fresh: GuestKey) -> rusqlite::Result<GuestKey> {
    let stored = connection
        .query_row("SELECT key FROM guest_key", [], |row| row.get(0))
        .optional()?;
    if let Some(key) = stored {
        return Ok(key);
    }
    connection.execute("INSERT INTO guest_key (key) VALUES (?1)", [fresh])?;
    Ok(fresh)
}
