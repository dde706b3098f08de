//! Opening a history without changing it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::MaintenanceError;
use crate::file::database::{BUSY_TIMEOUT, MAGIC};
use crate::file::schema;

/// Opens a file without changing it. Fails if it is no history of this version.
pub(super) fn open_readonly(file: &Path) -> Result<Connection, MaintenanceError> {
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
pub(super) fn check_magic(file: &Path) -> Result<(), MaintenanceError> {
    let meta = fs::metadata(file).map_err(|e| MaintenanceError::of_reading(file, &e))?;
    if meta.is_dir() {
        return Err(MaintenanceError::foreign(file, "it is a folder"));
    }
    let mut head = [0; MAGIC.len()];
    match File::open(file).and_then(|mut file| file.read_exact(&mut head)) {
        Ok(()) if head == *MAGIC => Ok(()),
        Ok(()) => Err(MaintenanceError::foreign(file, "it is not a database")),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Err(MaintenanceError::foreign(file, "it is too short")),
        Err(e) => Err(MaintenanceError::of_reading(file, &e)),
    }
}
