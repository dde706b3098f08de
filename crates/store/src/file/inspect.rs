//! Opening a database without changing it.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::schema;

/// The wait for the lock of another connection. There is one writer, so that this only happens around a checkpoint.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// The first bytes of every database: <https://sqlite.org/fileformat.html>, "The Database Header".
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The kind of a file, by its first bytes.
pub(crate) enum Magic {
    Database,
    Other,
    TooShort,
}

/// A database that was opened without changing it.
pub(crate) struct Inspected {
    pub(crate) connection: Connection,
    pub(crate) is_foreign: bool,
    pub(crate) format: u32,
}

/// Reads the first bytes of a file.
pub(crate) fn read_magic(file: &Path) -> io::Result<Magic> {
    let mut head = [0; MAGIC.len()];
    match File::open(file)?.read_exact(&mut head) {
        Ok(()) if head == *MAGIC => Ok(Magic::Database),
        Ok(()) => Ok(Magic::Other),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Magic::TooShort),
        Err(error) => Err(error),
    }
}

/// Opens a database without changing it: it may turn out to be damaged, or of another program.
pub(crate) fn open_unchanged(file: &Path) -> rusqlite::Result<Inspected> {
    // With SQLITE_OPEN_READ_ONLY a write-ahead log that was not closed could not be read.
    let connection = Connection::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    let application_id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let format = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(Inspected {
        connection,
        is_foreign: application_id != schema::APPLICATION_ID,
        format,
    })
}
