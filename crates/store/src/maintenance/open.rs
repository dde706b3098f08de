//! Opening a history without changing it.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::error::MaintenanceError;
use crate::file::inspect::{Inspected, Magic, open_unchanged, read_magic};
use crate::file::schema;

/// Opens a file without changing it. Fails if it is no history of this version.
pub(super) fn open_readonly(file: &Path) -> Result<Connection, MaintenanceError> {
    check_magic(file)?;
    let Inspected {
        connection,
        is_foreign,
        format,
    } = open_unchanged(file).map_err(|e| MaintenanceError::of_sql(file, &e))?;
    if is_foreign || format == 0 {
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
    match read_magic(file).map_err(|e| MaintenanceError::of_reading(file, &e))? {
        Magic::Database => Ok(()),
        Magic::Other => Err(MaintenanceError::foreign(file, "it is not a database")),
        Magic::TooShort => Err(MaintenanceError::foreign(file, "it is too short")),
    }
}
