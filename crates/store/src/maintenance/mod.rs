//! Maintenance of a history from outside: copying it while a server writes to it, replacing it by a copy, checking it.
//!
//! ```text
//!   backup    a data folder ──▶ snapshot ──▶ check ──▶ one file under its name
//!   restore   a file ──▶ copy ──▶ check ──▶ new epochs ──▶ in place; the previous history is kept
//!   check     a data folder or file ──▶ the database's own check, every log, every projection against a rebuild
//! ```
//!
//! These functions block and may take minutes; they report their progress.

mod backup;
mod check;
mod error;
mod projection_check;
mod restore;
mod room_verifier;

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

pub use backup::{BackupReport, backup};
pub use check::{CheckReport, check};
pub use error::MaintenanceError;
pub use restore::{RestoreReport, restore};

use crate::file::database::{BUSY_TIMEOUT, MAGIC};
use crate::file::schema;
use crate::log::RoomKey;

/// Opens a file without changing it. Fails if it is no history of this version.
fn open_readonly(file: &Path) -> Result<Connection, MaintenanceError> {
    check_magic(file)?;
    let open = || -> rusqlite::Result<(Connection, i32, u32)> {
        // With SQLITE_OPEN_READ_ONLY a write-ahead log that was not closed could not be read.
        let connection = Connection::open_with_flags(
            file,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        let application_id = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let format = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok((connection, application_id, format))
    };
    let (connection, application_id, format) = open().map_err(|e| MaintenanceError::of_sql(file, &e))?;
    if application_id != schema::APPLICATION_ID || format == 0 {
        return Err(MaintenanceError::foreign(
            file,
            "it is the database of another program, or an empty one",
        ));
    }
    if format > schema::FORMAT {
        return Err(MaintenanceError::TooNew {
            file: file.to_owned(),
            found: format,
            known: schema::FORMAT,
        });
    }
    Ok(connection)
}

/// Fails if a file is no database.
fn check_magic(file: &Path) -> Result<(), MaintenanceError> {
    error::check_magic(file, MAGIC)
}

/// Returns how a report names a room: by its name, or by its number in the file.
fn room_label(connection: &Connection, room: RoomKey) -> String {
    let name = connection.query_row("SELECT name FROM main.room_state WHERE room = ?1", [room], |row| {
        row.get::<_, String>(0)
    });
    match name {
        Ok(name) => format!("the room {name:?}"),
        Err(_) => format!("room {}", room.0),
    }
}
