//! The data folder: its lock, its file, the file's format and health.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::commit_watermark::{self, Count};
use crate::shorthand::Books;
use crate::{OpenError, StoreError};
use crate::{identity, integrity, schema};

/// `SQLite`'s mark of whose file it is: "ICHT". The first step of the schema sets it.
pub(crate) const APPLICATION: i32 = 0x4943_4854;
/// Files up to this size are looked through entirely at every opening; it takes some tens of milliseconds.
/// Of larger ones only the head and the schema are.
const LOOKED_THROUGH: u64 = 8 << 20;
/// How long a connection waits for another one's lock. There is one writer, so that this is only met around a checkpoint.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What a look at a file shows.
#[derive(Default)]
struct Look {
    /// There are no tables in it yet.
    is_empty: bool,
    is_foreign: bool,
    version: u32,
    /// What is broken.
    fault: Option<String>,
    /// What was confirmed and is not there.
    missing: Option<String>,
}

/// A data folder that no other process can open meanwhile.
#[derive(Debug)]
pub(crate) struct DataDir {
    dir: PathBuf,
    /// Held for its lock, which ends with it; also when the process dies.
    _lock: File,
}

impl DataDir {
    /// Makes the folder when it is not there, and locks it.
    pub(crate) fn lock(dir: &Path) -> Result<Self, OpenError> {
        let made: Vec<&Path> = dir.ancestors().take_while(|dir| !dir.exists()).collect();
        fs::create_dir_all(dir).map_err(|e| of_io(dir, &e))?;
        // A new folder's name is in the one above it.
        for above in made.iter().filter_map(|made| made.parent()) {
            sync_folder(above);
        }
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(dir.join("lock"))
            .map_err(|e| of_io(dir, &e))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                dir: dir.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { dir: dir.to_owned() }),
            Err(TryLockError::Error(e)) => Err(of_io(dir, &e)),
        }
    }

    /// Opens the connection that writes, having checked that the file is sound and of a format that is known.
    pub(crate) fn open_writer(&self, books: &Books) -> Result<Connection, OpenError> {
        let file = self.file();
        match fs::metadata(&file) {
            Ok(meta) if meta.len() > 0 => self.inspect()?,
            Ok(_) => self.check_empty()?,
            // It was never there, or it was moved away to begin a new one.
            Err(_) => {}
        }
        let prepare = || -> rusqlite::Result<Connection> {
            let mut connection = Connection::open_with_flags(
                &file,
                OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            )?;
            configure(&connection)?;
            connection.pragma_update(None, "journal_mode", "wal")?;
            // The index of a busy room is worth more memory than the reader's few pages.
            connection.pragma_update(None, "cache_size", -32_768)?;
            // Checkpoints of 16 MiB cost commits less than the 4 MiB of the default; afterwards the file shrinks again.
            connection.pragma_update(None, "wal_autocheckpoint", 4_096)?;
            connection.pragma_update(None, "journal_size_limit", 32 << 20)?;
            // What is deleted within a page is overwritten; `wipe` goes further where a person's text is concerned.
            connection.pragma_update(None, "secure_delete", "fast")?;
            books.teach(&connection)?;
            schema::migrate(&mut connection, books)?;
            books.load(&connection)?;
            Ok(connection)
        };
        prepare().map_err(|e| self.explain(&e))
    }

    /// Opens a connection that reads.
    pub(crate) fn open_reader(dir: &Path, books: &Books) -> rusqlite::Result<Connection> {
        // Not SQLITE_OPEN_READ_ONLY, which can't take part in the recovery of a write-ahead log.
        let connection = Connection::open_with_flags(
            file_in(dir),
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        configure(&connection)?;
        books.teach(&connection)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }

    /// Looks at the file without changing it.
    fn inspect(&self) -> Result<(), OpenError> {
        let file = self.file();
        let mut head = [0; 16];
        File::open(&file)
            .and_then(|mut f| f.read_exact(&mut head))
            .map_err(|e| match e.kind() {
                io::ErrorKind::UnexpectedEof => self.damaged("the file is too short"),
                _ => of_io(&self.dir, &e),
            })?;
        if &head != b"SQLite format 3\0" {
            return Err(self.damaged("it is not a database file"));
        }
        let look = || -> rusqlite::Result<Look> {
            let connection = Connection::open_with_flags(
                &file,
                OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            )?;
            // What the write-ahead log holds must not be copied into a file that turns out to be damaged.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
            connection.busy_timeout(PATIENCE)?;
            let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
            let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
            let is_empty: bool =
                connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))?;
            let small = fs::metadata(&file).is_ok_and(|meta| meta.len() <= LOOKED_THROUGH);
            let fault = if small {
                let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
                (verdict != "ok").then_some(verdict)
            } else {
                None
            };
            if is_empty {
                return Ok(Look {
                    is_empty,
                    ..Look::default()
                });
            }
            let is_ours = application == APPLICATION && version == schema::VERSION;
            let (fault, missing) = match fault {
                None if is_ours => (integrity::broken(&connection)?, self.missing(&connection)?),
                fault => (fault, None),
            };
            Ok(Look {
                is_foreign: application != APPLICATION,
                is_empty,
                version,
                fault,
                missing,
            })
        };
        let Look {
            is_empty,
            is_foreign,
            version,
            fault,
            missing,
        } = look().map_err(|e| self.explain(&e))?;
        if let Some(fault) = fault {
            return Err(self.damaged(&fault));
        }
        if is_empty {
            return self.check_empty();
        }
        if is_foreign {
            return Err(self.damaged("it is the database of another program"));
        }
        if version > schema::VERSION {
            return Err(OpenError::TooNew {
                file,
                found: version,
                known: schema::VERSION,
            });
        }
        match missing {
            Some(missing) => Err(OpenError::Behind { file, missing }),
            None => Ok(()),
        }
    }

    /// A file without tables is a beginning, or the end of everything.
    fn check_empty(&self) -> Result<(), OpenError> {
        let file = self.file();
        let confirmed = commit_watermark::noted(&self.dir, None).unwrap_or_default();
        match Count::default().lacks(confirmed) {
            Some(missing) => Err(OpenError::Behind { file, missing }),
            None => Ok(()),
        }
    }

    /// What was confirmed and is not there.
    fn missing(&self, connection: &Connection) -> rusqlite::Result<Option<String>> {
        let Some(identity) = identity::read(connection)? else {
            return Ok(None);
        };
        let Some(confirmed) = commit_watermark::noted(&self.dir, Some(identity.generation)) else {
            return Ok(None);
        };
        Ok(Count::of(connection)?.lacks(confirmed))
    }

    /// Makes sure that the files that were made in it are found again after a loss of power.
    pub(crate) fn sync(&self) {
        sync_folder(&self.dir);
    }

    /// Whether somebody has it open.
    pub(crate) fn held(dir: &Path) -> bool {
        File::open(dir.join("lock")).is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
    }

    fn file(&self) -> PathBuf {
        file_in(&self.dir)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    fn damaged(&self, cause: &str) -> OpenError {
        OpenError::Damaged {
            file: self.file(),
            // SQLite's verdicts may have several lines; a sentence has one.
            cause: cause.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }

    pub(crate) fn explain(&self, error: &rusqlite::Error) -> OpenError {
        let dir = self.dir.clone();
        let cause = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => self.damaged(&cause),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                OpenError::ReadOnly { dir, cause }
            }
            Some(ErrorCode::DiskFull) => OpenError::Full { dir },
            _ => match StoreError::of_sql(error) {
                StoreError::Damaged(cause) => self.damaged(&cause),
                _ => OpenError::Io { dir, cause },
            },
        }
    }
}

/// The database in a data folder.
pub(crate) fn file_in(dir: &Path) -> PathBuf {
    dir.join("ichat.db")
}

/// The write-ahead log of a database.
pub(crate) fn wal_of(file: &Path) -> PathBuf {
    beside(file, "-wal")
}

/// The shared memory of a database.
pub(crate) fn shm_of(file: &Path) -> PathBuf {
    beside(file, "-shm")
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Forces the names in a folder to the disk.
pub(crate) fn sync_folder(dir: &Path) {
    // On Windows a folder can't be opened as a file, and needn't.
    #[cfg(unix)]
    {
        let dir = if dir.as_os_str().is_empty() {
            Path::new(".")
        } else {
            dir
        };
        if let Err(error) = File::open(dir).and_then(|dir| dir.sync_all()) {
            tracing::warn!(%error, dir = %dir.display(), "the folder could not be forced to the disk");
        }
    }
    #[cfg(not(unix))]
    let _ = dir;
}

/// What holds for every connection. `FULL`, because what was acknowledged outlives a loss of power.
fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "synchronous", "full")?;
    #[cfg(feature = "broken")]
    if crate::broken::Broken::SynchronousOff.is_wanted() {
        connection.pragma_update(None, "synchronous", "off")?;
    }
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // Pages that contradict themselves are noticed when they are read, and not when they have misled somebody.
    connection.pragma_update(None, "cell_size_check", true)?;
    // Otherwise the planner looks at what is bound to some statements, and plans them anew each time: a quarter of a commit.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

pub(crate) fn of_io(dir: &Path, error: &io::Error) -> OpenError {
    use io::ErrorKind::{AlreadyExists, NotADirectory, PermissionDenied, ReadOnlyFilesystem, StorageFull};
    let dir = dir.to_owned();
    let cause = error.to_string();
    match error.kind() {
        PermissionDenied | ReadOnlyFilesystem | NotADirectory | AlreadyExists => OpenError::ReadOnly { dir, cause },
        StorageFull => OpenError::Full { dir },
        _ => OpenError::Io { dir, cause },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2 is FULL: <https://sqlite.org/pragma.html#pragma_synchronous>.
    #[test]
    fn every_connection_is_durable_and_of_a_sound_sqlite() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, books) = (DataDir::lock(dir.path()).unwrap(), Books::default());
        let writer = folder.open_writer(&books).unwrap();
        let reader = DataDir::open_reader(dir.path(), &books).unwrap();
        for connection in [&writer, &reader] {
            let synchronous: i64 = connection
                .pragma_query_value(None, "synchronous", |row| row.get(0))
                .unwrap();
            assert_eq!(synchronous, 2);
            let journal: String = connection
                .pragma_query_value(None, "journal_mode", |row| row.get(0))
                .unwrap();
            assert_eq!(journal, "wal");
        }
        // 3.7.0 to 3.51.2 can damage a write-ahead log when a checkpoint meets a write.
        assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
        let own: String = writer
            .query_row("SELECT sqlite_version()", [], |row| row.get(0))
            .unwrap();
        assert_eq!(own, rusqlite::version());
    }

    #[test]
    fn readers_can_not_write() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, books) = (DataDir::lock(dir.path()).unwrap(), Books::default());
        let _writer = folder.open_writer(&books).unwrap();
        let reader = DataDir::open_reader(dir.path(), &books).unwrap();
        assert!(reader.execute("DELETE FROM entry", []).is_err());
    }
}
