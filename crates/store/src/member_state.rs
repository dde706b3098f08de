//! Member state: small values that belong to one user, by a key. The last write wins.

use std::fmt;

use ichat_protocol::{RoomId, Seq};
use rusqlite::{Connection, OptionalExtension as _};

use crate::log::{UserKey, unreadable};

/// The key of a value. Its text form is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StateKey {
    /// The read marker in a room: the last entry that the user has read.
    Read(RoomId),
}

impl fmt::Display for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StateKey::Read(room) => write!(f, "read/{room}"),
        }
    }
}

/// Returns the user's read marker in a room; [`Seq::ZERO`] if there is none.
pub(crate) fn read_marker(connection: &Connection, user: UserKey, room: RoomId) -> rusqlite::Result<Seq> {
    match get(connection, user, StateKey::Read(room))? {
        Some(value) => serde_json::from_str(&value).map_err(|e| unreadable(0, e)),
        None => Ok(Seq::ZERO),
    }
}

/// Moves the user's read marker in a room.
pub(crate) fn set_read_marker(connection: &Connection, user: UserKey, room: RoomId, seq: Seq) -> rusqlite::Result<()> {
    set(connection, user, StateKey::Read(room), &crate::log::json(&seq))
}

fn get(connection: &Connection, user: UserKey, key: StateKey) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT value FROM member_state WHERE user = ?1 AND key = ?2")?
        .query_row((user, key.to_string()), |row| row.get(0))
        .optional()
}

fn set(connection: &Connection, user: UserKey, key: StateKey, json: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO member_state (user, key, value) VALUES (?1, ?2, ?3)")?
        .execute((user, key.to_string(), json))?;
    Ok(())
}
