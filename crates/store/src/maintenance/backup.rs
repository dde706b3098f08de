//! A copy of a history, made while a server writes to it.

use std::fs;
use std::path::Path;

use rusqlite::backup::StepResult;
use rusqlite::{Connection, OpenFlags};

use super::{MaintenanceError, Progress, ProgressFn, check, ensure_current, open_readonly};
use crate::data_dir::{file_in, sync_folder};

/// Pages copied between two reports.
const PAGES: i32 = 1_024;

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupReport {
    /// How many rooms are in it.
    pub rooms: u64,
    /// How many entries are in it.
    pub entries: u64,
    /// How large the file is, in bytes.
    pub bytes: u64,
}

/// Copies the history of the data folder `dir` into the new file `dest`. A server may run on the folder; it is not kept waiting.
///
/// The copy is of one moment: of each room it holds the first so many entries, all that were confirmed when it began among
/// them. It gets its name only when it has been looked through and is on the disk; until then, and when it fails, there is
/// nothing under that name.
pub fn backup(dir: &Path, dest: &Path, watch: &mut dyn FnMut(Progress)) -> Result<BackupReport, MaintenanceError> {
    let file = file_in(dir);
    if !file.exists() {
        return Err(MaintenanceError::NoHistory { dir: dir.to_owned() });
    }
    if dest.symlink_metadata().is_ok() {
        return Err(MaintenanceError::Exists { file: dest.to_owned() });
    }
    let (source, version) = open_readonly(&file)?;
    ensure_current(&file, version)?;
    let folder = match dest.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let of_dest = |e: std::io::Error| MaintenanceError::of_writing(dest, &e);
    // In the same folder, because only there it can be renamed.
    let unfinished = tempfile::Builder::new()
        .prefix(".ichat-backup-")
        .tempfile_in(folder)
        .map_err(of_dest)?;
    let copy = unfinished.path().to_owned();
    copy_pages(&source, &file, &copy, dest, watch)?;
    drop(source);
    let (looked, _) = open_readonly(&copy)?;
    let checked = check::look_through(&looked, watch).map_err(|e| MaintenanceError::of_sql(&copy, &e))?;
    drop(looked);
    if !checked.problems.is_empty() {
        return Err(MaintenanceError::Damaged {
            file,
            problems: checked.problems,
        });
    }
    unfinished.as_file().sync_all().map_err(of_dest)?;
    let bytes = fs::metadata(&copy).map_err(of_dest)?.len();
    unfinished.persist_noclobber(dest).map_err(|e| of_dest(e.error))?;
    sync_folder(folder);
    Ok(BackupReport {
        rooms: checked.rooms,
        entries: checked.entries,
        bytes,
    })
}

fn copy_pages(
    source: &Connection,
    file: &Path,
    copy: &Path,
    dest: &Path,
    watch: ProgressFn<'_>,
) -> Result<(), MaintenanceError> {
    let of_source = |e: rusqlite::Error| MaintenanceError::of_sql(file, &e);
    let of_copy = |e: rusqlite::Error| match MaintenanceError::of_sql(dest, &e) {
        MaintenanceError::Unreadable { file, cause } => MaintenanceError::Unwritable { file, cause },
        // What is read is the source.
        MaintenanceError::Damaged { problems, .. } => MaintenanceError::Damaged {
            file: file.to_owned(),
            problems,
        },
        other => other,
    };
    // What is read in one transaction is of one moment. Without it every commit of the server would start the copy again.
    let moment = source.unchecked_transaction().map_err(of_source)?;
    moment
        .query_row("SELECT count(*) FROM meta", [], |row| row.get::<_, i64>(0))
        .map_err(of_source)?;
    let mut into = Connection::open_with_flags(
        copy,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(of_copy)?;
    // It is forced to the disk once, at the end.
    into.pragma_update(None, "synchronous", "off").map_err(of_copy)?;
    let pages = rusqlite::backup::Backup::new(&moment, &mut into).map_err(of_copy)?;
    loop {
        let step = pages.step(PAGES).map_err(of_copy)?;
        let at = pages.progress();
        let natural = |pages: i32| u64::try_from(pages).unwrap_or(0);
        watch(Progress {
            task: "copying",
            done: natural(at.pagecount - at.remaining),
            total: natural(at.pagecount),
        });
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            // Only a checkpoint that ends holds it up, for an instant.
            _ => std::thread::yield_now(),
        }
    }
    drop(pages);
    // One file, and nothing beside it.
    into.pragma_update(None, "journal_mode", "delete").map_err(of_copy)?;
    into.close().map_err(|(_, e)| of_copy(e))
}
