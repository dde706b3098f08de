//! Opening the database of a data folder, after an inspection that changes nothing.

use std::fs;
use std::io;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::bounds::check_bounds;
use super::commit_watermark::{self, Counts};
use super::data_dir::{DataDir, database_in};
use super::inspect::{BUSY_TIMEOUT, Inspected, Magic, open_unchanged, read_magic};
use super::private::open_private_file;
use super::{identity, schema};
use crate::OpenError;
use crate::progress::ProgressFn;

/// Files up to this size get a `quick_check` at every opening, which takes some tens of milliseconds.
const MAX_QUICK_CHECK_BYTES: u64 = 8 << 20;
/// The memory for pages of the writer, in `SQLite`'s negative KiB: the index of a busy room is worth more than the default.
const WRITER_CACHE: i32 = -32_768;
/// The pages after which a commit checkpoints. 16 MiB cost commits less than the default of 4 MiB.
const CHECKPOINT_PAGES: u32 = 4_096;
/// The size that a larger write-ahead log shrinks to after a checkpoint.
const MAX_WAL_BYTES: u32 = 32 << 20;
const STATEMENT_CACHE_CAPACITY: usize = 64;

/// The findings of an inspection.
struct Inspection {
    /// There are no tables in it.
    is_empty: bool,
    is_foreign: bool,
    format: u32,
    damage: Option<String>,
    /// The acknowledged entries that are missing, in plain words.
    missing: Option<String>,
}

/// Opens the connection that writes, if the file is sound and of a known format. Creates the file if there is none, adds to
/// one of an earlier format what is new, and rebuilds the projections if they are of another version.
pub(crate) fn open_writer(dir: &DataDir, progress: ProgressFn<'_>) -> Result<Connection, OpenError> {
    let file = dir.database();
    match fs::metadata(&file) {
        Ok(meta) if meta.len() > 0 => check_file(dir)?,
        Ok(_) => check_empty(dir)?,
        // There never was one, or the administrator moved it away to start a new history.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(OpenError::of_io(dir.path(), &error)),
    }
    // SQLite gives its other files the rights of this one.
    open_private_file(&file).map_err(|error| OpenError::of_privacy(dir.path(), error))?;
    let mut open = || -> rusqlite::Result<Connection> {
        let mut connection = Connection::open_with_flags(
            &file,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        configure(&connection)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "cache_size", WRITER_CACHE)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        connection.pragma_update(None, "journal_size_limit", MAX_WAL_BYTES)?;
        // Erased text must not stay in free pages, where the search index leaves words as well.
        connection.pragma_update(None, "secure_delete", "on")?;
        schema::ensure_current(&mut connection, progress)?;
        Ok(connection)
    };
    open().map_err(|e| OpenError::of_sql(&file, &e))
}

/// Opens a connection that reads.
pub(crate) fn open_reader(dir: &Path) -> rusqlite::Result<Connection> {
    // With SQLITE_OPEN_READ_ONLY it could not take part in the recovery of a write-ahead log.
    let connection = Connection::open_with_flags(
        database_in(dir),
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    configure(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Fails if the file is damaged, of another program or version, or lacks what was acknowledged.
fn check_file(dir: &DataDir) -> Result<(), OpenError> {
    let file = dir.database();
    check_magic(dir.path(), &file)?;
    let found = inspect(dir.path(), &file).map_err(|e| OpenError::of_sql(&file, &e))?;
    if let Some(cause) = found.damage {
        return Err(OpenError::damaged(&file, &cause));
    }
    if found.is_empty {
        return check_empty(dir);
    }
    if found.is_foreign {
        return Err(OpenError::damaged(&file, "it is the database of another program"));
    }
    if found.format > schema::FORMAT {
        return Err(OpenError::TooNew {
            file,
            found: found.format,
            known: schema::FORMAT,
        });
    }
    match found.missing {
        Some(missing) => Err(OpenError::Behind { file, missing }),
        None => Ok(()),
    }
}

fn check_magic(dir: &Path, file: &Path) -> Result<(), OpenError> {
    match read_magic(file).map_err(|e| OpenError::of_io(dir, &e))? {
        Magic::Database => Ok(()),
        Magic::Other => Err(OpenError::damaged(file, "it is not a database file")),
        Magic::TooShort => Err(OpenError::damaged(file, "the file is too short")),
    }
}

fn inspect(dir: &Path, file: &Path) -> rusqlite::Result<Inspection> {
    let Inspected {
        connection,
        is_foreign,
        format,
    } = open_unchanged(file)?;
    let is_empty = connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))?;
    let mut found = Inspection {
        is_empty,
        is_foreign,
        format,
        damage: None,
        missing: None,
    };
    if fs::metadata(file).is_ok_and(|meta| meta.len() <= MAX_QUICK_CHECK_BYTES) {
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        found.damage = (verdict != "ok").then_some(verdict);
    }
    let is_ours = !is_empty && !found.is_foreign && (1..=schema::FORMAT).contains(&format);
    if is_ours && found.damage.is_none() {
        found.damage = check_bounds(&connection)?;
        found.missing = missing(dir, &connection)?;
    }
    Ok(found)
}

/// Fails if entries were acknowledged: an empty database is either new or has lost everything.
fn check_empty(dir: &DataDir) -> Result<(), OpenError> {
    let watermark = commit_watermark::read(dir.path(), None).unwrap_or_default();
    match Counts::default().missing_since(watermark) {
        Some(missing) => Err(OpenError::Behind {
            file: dir.database(),
            missing,
        }),
        None => Ok(()),
    }
}

/// Returns the acknowledged entries that are missing, in plain words.
pub(crate) fn missing(dir: &Path, connection: &Connection) -> rusqlite::Result<Option<String>> {
    let Some(identity) = identity::read(connection)? else {
        return Ok(None);
    };
    let Some(watermark) = commit_watermark::read(dir, Some(identity.generation)) else {
        return Ok(None);
    };
    Ok(Counts::read(connection)?.missing_since(watermark))
}

/// Configures a connection. `synchronous` is `FULL`, so that acknowledged entries survive a power failure.
fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "synchronous", "full")?;
    // On macOS `fsync` leaves the data in the drive's cache. Elsewhere these do nothing:
    // <https://sqlite.org/pragma.html#pragma_fullfsync>.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    #[cfg(feature = "broken")]
    if crate::broken::Broken::SynchronousOff.is_wanted() {
        connection.pragma_update(None, "synchronous", "off")?;
    }
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // Reports a malformed page when it is read, and not after it has led astray.
    connection.pragma_update(None, "cell_size_check", true)?;
    // Otherwise the planner looks at some statements' parameters and plans them again each time: a quarter of a commit.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE_CAPACITY);
    Ok(())
}

#[cfg(test)]
mod tests {
    //! - every connection forces commits to the disk, with a sound version of `SQLite`
    //! - a reader can't write

    use super::*;

    /// 2 is FULL: <https://sqlite.org/pragma.html#pragma_synchronous>.
    #[test]
    fn every_connection_is_durable_with_a_sound_version_of_sqlite() {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = DataDir::lock(dir.path()).unwrap();
        let writer = open_writer(&data_dir, &mut |_| {}).unwrap();
        let reader = open_reader(dir.path()).unwrap();
        for connection in [&writer, &reader] {
            let synchronous: i64 = connection
                .pragma_query_value(None, "synchronous", |row| row.get(0))
                .unwrap();
            assert_eq!(synchronous, 2);
            let is_full: bool = connection
                .pragma_query_value(None, "fullfsync", |row| row.get(0))
                .unwrap();
            assert!(is_full);
            let journal: String = connection
                .pragma_query_value(None, "journal_mode", |row| row.get(0))
                .unwrap();
            assert_eq!(journal, "wal");
        }
        // 3.7.0 to 3.51.2 can damage a write-ahead log when a checkpoint meets a write.
        assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
        let linked: String = writer
            .query_row("SELECT sqlite_version()", [], |row| row.get(0))
            .unwrap();
        assert_eq!(linked, rusqlite::version());
    }

    #[test]
    fn a_reader_can_not_write() {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = DataDir::lock(dir.path()).unwrap();
        let _writer = open_writer(&data_dir, &mut |_| {}).unwrap();
        let reader = open_reader(dir.path()).unwrap();
        assert!(reader.execute("DELETE FROM entry", []).is_err());
    }
}
