//! A copy of a history, made while a server writes to it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::check;
use super::error::MaintenanceError;
use super::open::open_readonly;
use crate::file::data_dir::{database_in, sync_dir};
use crate::progress::{Progress, ProgressFn};

/// Pages copied between two reports of progress.
const PAGE_BATCH: i32 = 1_024;

/// The pause while the server's file is locked.
const LOCKED_PAUSE: Duration = Duration::from_millis(10);

/// The result of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupReport {
    pub rooms: u64,
    pub entries: u64,
    /// The size of the file.
    pub bytes: u64,
}

/// Copies the history of the data folder `dir` into the new file `dest`. A server may use the folder, and does not wait.
///
/// The copy is of one moment: it has the first entries of each room, among them all that were acknowledged when the backup
/// began. The file gets its name when it has been checked and is on the disk. Until then, and after an error, there is no
/// file of that name.
pub fn backup(dir: &Path, dest: &Path, progress: &mut dyn FnMut(Progress)) -> Result<BackupReport, MaintenanceError> {
    let file = database_in(dir);
    if !file.exists() {
        return Err(MaintenanceError::NoHistory { dir: dir.to_owned() });
    }
    if dest.symlink_metadata().is_ok() {
        return Err(MaintenanceError::Exists { file: dest.to_owned() });
    }
    let source = open_readonly(&file)?;
    let dest_dir = match dest.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let of_dest = |e: std::io::Error| MaintenanceError::of_writing(dest, &e);
    // In the same folder, because a rename does not reach further.
    let temporary = tempfile::Builder::new()
        .prefix(".ichat-backup-")
        .tempfile_in(dest_dir)
        .map_err(of_dest)?;
    let copy = temporary.path().to_owned();
    copy_pages(&source, &file, &copy, dest, progress)?;
    drop(source);
    let connection = open_readonly(&copy)?;
    let report = check::check_database(&connection, progress).map_err(|e| MaintenanceError::of_sql(&copy, &e))?;
    drop(connection);
    if !report.problems.is_empty() {
        return Err(MaintenanceError::Damaged {
            file,
            problems: report.problems,
        });
    }
    temporary.as_file().sync_all().map_err(of_dest)?;
    let bytes = fs::metadata(&copy).map_err(of_dest)?.len();
    temporary.persist_noclobber(dest).map_err(|e| of_dest(e.error))?;
    sync_dir(dest_dir);
    Ok(BackupReport {
        rooms: report.rooms,
        entries: report.entries,
        bytes,
    })
}

fn copy_pages(
    source: &Connection,
    file: &Path,
    copy: &Path,
    dest: &Path,
    progress: ProgressFn<'_>,
) -> Result<(), MaintenanceError> {
    let of_source = |e: rusqlite::Error| MaintenanceError::of_sql(file, &e);
    let of_copy = |e: rusqlite::Error| MaintenanceError::of_copying(file, dest, &e);
    // Without a transaction every commit of the server would start the copy over.
    let snapshot = source.unchecked_transaction().map_err(of_source)?;
    snapshot
        .query_row("SELECT count(*) FROM identity", [], |row| row.get::<_, i64>(0))
        .map_err(of_source)?;
    let mut target = Connection::open_with_flags(
        copy,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(of_copy)?;
    // The whole file is forced to the disk at the end.
    target.pragma_update(None, "synchronous", "off").map_err(of_copy)?;
    let pages = Backup::new(&snapshot, &mut target).map_err(of_copy)?;
    loop {
        let step = pages.step(PAGE_BATCH).map_err(of_copy)?;
        let at = pages.progress();
        let number = |pages: i32| u64::try_from(pages).unwrap_or(0);
        progress(Progress {
            task: "copying",
            done: number(at.pagecount - at.remaining),
            total: number(at.pagecount),
        });
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            // Busy or locked: a checkpoint of the server is about to end.
            _ => std::thread::sleep(LOCKED_PAUSE),
        }
    }
    drop(pages);
    // Makes it one file, without a write-ahead log.
    target.pragma_update(None, "journal_mode", "delete").map_err(of_copy)?;
    target.close().map_err(|(_, e)| of_copy(e))
}
