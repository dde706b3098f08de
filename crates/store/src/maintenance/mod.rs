//! Looking after a history from outside: copying it while it is written, putting a copy in its place, looking it through.
//!
//! ```text
//!   backup    a live folder ──▶ snapshot ──▶ looked through ──▶ one file under its name
//!   restore   a file ──▶ copy ──▶ looked through ──▶ new epochs ──▶ in place; what was there is kept aside
//!   check     a folder or a file ──▶ the database's own check, every room replayed, every message found again
//! ```
//!
//! These functions block and may take minutes; they say how far they are.

mod backup;
mod check;
mod error;
mod restore;
mod room_verifier;

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

pub use backup::{BackupReport, backup};
pub use check::{CheckReport, check};
pub use error::MaintenanceError;
pub use restore::{RestoreReport, restore};

use crate::data_dir::{APPLICATION, PATIENCE};
use crate::schema;
use crate::shorthand::Books;

/// How far a work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, as in "copying".
    pub task: &'static str,
    /// How much of it is done, in a unit of its own.
    pub done: u64,
    /// How much there is. 0 when that is not known.
    pub total: u64,
}

/// Whoever wants to know how far a work is. Called often.
pub(crate) type ProgressFn<'a> = &'a mut dyn FnMut(Progress);

/// Opens a file that is nobody's at the moment, or everybody's, and leaves it as it is. Gives the format too.
fn open_readonly(file: &Path) -> Result<(Connection, u32), MaintenanceError> {
    let head = error::head(file)?;
    if &head != b"SQLite format 3\0" {
        return Err(MaintenanceError::foreign(file, "it is not a database"));
    }
    let look = || -> rusqlite::Result<(Connection, i32, u32)> {
        // Not read-only: then a write-ahead log that was not closed could not be read.
        let connection = Connection::open_with_flags(
            file,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        let application = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if application == APPLICATION && version == schema::VERSION {
            let books = Books::default();
            books.teach(&connection)?;
            books.load(&connection)?;
        }
        Ok((connection, application, version))
    };
    let (connection, application, version) = look().map_err(|e| MaintenanceError::of_sql(file, &e))?;
    if application != APPLICATION {
        return Err(MaintenanceError::foreign(
            file,
            "it is the database of another program, or an empty one",
        ));
    }
    if version > schema::VERSION {
        return Err(MaintenanceError::TooNew {
            file: file.to_owned(),
            found: version,
            known: schema::VERSION,
        });
    }
    Ok((connection, version))
}

/// Only a file of the current format can be looked through.
fn ensure_current(file: &Path, version: u32) -> Result<(), MaintenanceError> {
    if version == schema::VERSION {
        return Ok(());
    }
    Err(MaintenanceError::TooOld {
        file: file.to_owned(),
        found: version,
        known: schema::VERSION,
    })
}
