//! Replacing the history in a data folder by a copy.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ichat_protocol::{Epoch, ServerId};
use rusqlite::Connection;

use super::check::{self, CheckReport};
use super::error::MaintenanceError;
use super::open::{check_magic, open_readonly};
use crate::file::data_dir::{DataDir, database_in, lock_in, shm_of, sync_dir, wal_of};
use crate::file::private::{open_private_file, private_dir_builder};
use crate::file::{commit_watermark, identity};
use crate::log::RoomKey;
use crate::progress::{Progress, ProgressFn};

/// Bytes copied between two reports of progress.
const COPY_BATCH: usize = 1 << 20;

/// The result of a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreReport {
    /// The server of the history, and from now on of the folder.
    pub server: ServerId,
    /// The server whose history the folder had, if it was another one.
    pub replaced: Option<ServerId>,
    pub rooms: u64,
    pub entries: u64,
    /// The folder that has the previous history now.
    pub previous: Option<PathBuf>,
}

/// Replaces the history in the data folder `dir` by the one in `file`, which is not changed. No server may use the folder.
///
/// `file` is a backup, or a folder's own file whose end was lost; then the rest of it is the history. Every room gets a new
/// epoch, so that clients, which may have seen more, drop their copies. The server keeps its id. The previous history is
/// kept in a folder of its own. After an error at any point the folder has the old history or the new one, never a mix.
pub fn restore(file: &Path, dir: &Path, progress: &mut dyn FnMut(Progress)) -> Result<RestoreReport, MaintenanceError> {
    check_magic(file)?;
    let data_dir = DataDir::lock(dir)?;
    check_unused(file, dir)?;
    let of_dir = |e: io::Error| MaintenanceError::of_writing(dir, &e);
    let temporary = tempfile::Builder::new()
        .prefix(".ichat-restore-")
        .tempdir_in(dir)
        .map_err(of_dir)?;
    let copy = database_in(temporary.path());
    copy_file(file, &copy, dir, progress)?;
    if wal_of(file).exists() {
        copy_file(&wal_of(file), &wal_of(&copy), dir, progress)?;
    }
    let (server, report) = renew(file, &copy, dir, progress)?;
    sync_file(&copy).map_err(of_dir)?;
    let replaced = server_in(dir).filter(|replaced| *replaced != server);
    let previous = replace_history(&copy, dir).map_err(of_dir)?;
    data_dir.sync();
    Ok(RestoreReport {
        server,
        replaced,
        rooms: report.rooms,
        entries: report.entries,
        previous,
    })
}

/// Fails if the file is in the folder of a running server: a part of its history is elsewhere, and changes.
fn check_unused(file: &Path, dir: &Path) -> Result<(), MaintenanceError> {
    let parent = file
        .canonicalize()
        .ok()
        .and_then(|file| file.parent().map(Path::to_owned));
    let is_other = |parent: &PathBuf| dir.canonicalize().is_ok_and(|dir| dir != *parent);
    if parent
        .filter(is_other)
        .is_some_and(|parent| DataDir::is_locked(&parent))
    {
        return Err(MaintenanceError::Live { file: file.to_owned() });
    }
    Ok(())
}

/// Copies a file to a new one in the data folder `dir`.
fn copy_file(from: &Path, to: &Path, dir: &Path, progress: ProgressFn<'_>) -> Result<(), MaintenanceError> {
    let of_reading = |e: io::Error| MaintenanceError::of_reading(from, &e);
    // The administrator knows the folder, and not the copy.
    let of_writing = |e: io::Error| MaintenanceError::of_writing(dir, &e);
    let mut source = File::open(from).map_err(of_reading)?;
    let total = source.metadata().map_err(of_reading)?.len();
    let mut copy = open_private_file(to).map_err(|error| of_writing(error.into()))?;
    let mut buffer = vec![0; COPY_BATCH];
    let mut done = 0;
    loop {
        let read = source.read(&mut buffer).map_err(of_reading)?;
        if read == 0 {
            return Ok(());
        }
        copy.write_all(&buffer[..read]).map_err(of_writing)?;
        done += read as u64;
        progress(Progress {
            task: "copying",
            done,
            total,
        });
    }
}

/// Checks the copy of `file` in the data folder `dir`, and makes it another history of the same server.
fn renew(
    file: &Path,
    copy: &Path,
    dir: &Path,
    progress: ProgressFn<'_>,
) -> Result<(ServerId, CheckReport), MaintenanceError> {
    // The administrator knows the file and the folder, and not the copy.
    let of_file = |e: rusqlite::Error| MaintenanceError::of_sql(file, &e);
    let of_copy = |e: rusqlite::Error| MaintenanceError::of_copying(file, dir, &e);
    let connection = open_readonly(copy).map_err(|error| error.about(file))?;
    let report = check::check_database(&connection, progress).map_err(of_file)?;
    if !report.problems.is_empty() {
        return Err(MaintenanceError::Damaged {
            file: file.to_owned(),
            problems: report.problems,
        });
    }
    if report.is_replica {
        return Err(MaintenanceError::foreign(file, "it is what an app keeps of a server"));
    }
    let identity = identity::ensure(&connection).map_err(of_copy)?;
    identity::write(&connection, identity.server, identity.lobby).map_err(of_copy)?;
    set_new_epochs(&connection).map_err(of_copy)?;
    // Makes it one file, without a write-ahead log.
    connection
        .pragma_update(None, "journal_mode", "delete")
        .map_err(of_copy)?;
    connection.close().map_err(|(_, e)| of_copy(e))?;
    Ok((identity.server, report))
}

fn set_new_epochs(connection: &Connection) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    let rooms: Vec<RoomKey> = transaction
        .prepare("SELECT key FROM room")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for room in rooms {
        transaction
            .prepare_cached("UPDATE room SET epoch = ?2 WHERE key = ?1")?
            .execute((room, Epoch::fresh().0))?;
    }
    transaction.commit()
}

/// Returns the server whose history is in the folder, if that can be read.
fn server_in(dir: &Path) -> Option<ServerId> {
    let connection = open_readonly(&database_in(dir)).ok()?;
    Some(identity::read(&connection).ok()??.server)
}

/// Replaces the history in the folder by the copy. Returns the folder that has the previous one.
///
/// First the previous files get a second name. Then the write-ahead log is removed, since the new file must never meet it.
/// Then the new file takes the old one's name in one step. After a crash in between, the old file is there without the end
/// of its log, which opening notices by the commit watermark. The new file ignores that one: it is of another generation.
fn replace_history(copy: &Path, dir: &Path) -> io::Result<Option<PathBuf>> {
    let file = database_in(dir);
    let present: Vec<PathBuf> = [file.clone(), wal_of(&file), dir.join(commit_watermark::FILE_NAME)]
        .into_iter()
        .filter(|file| file.exists())
        .collect();
    let previous = if present.is_empty() {
        None
    } else {
        Some(keep_previous(&present, dir)?)
    };
    let Err(error) = move_into_place(copy, dir) else {
        return Ok(previous);
    };
    if let Some(previous) = previous
        && let Err(undo) = put_back_wal(&previous, &file)
    {
        tracing::error!(error = %undo, dir = %previous.display(), "can't put back the end of the history's log");
    }
    Err(error)
}

fn move_into_place(copy: &Path, dir: &Path) -> io::Result<()> {
    let file = database_in(dir);
    for file in [wal_of(&file), shm_of(&file)] {
        remove_if_present(&file)?;
    }
    sync_dir(dir);
    for file in [copy, &lock_in(dir)] {
        copy_owner(dir, file);
    }
    fs::rename(copy, &file)
}

/// Gives the history that stays in place the end of its log again, and removes the folder that was to keep it.
fn put_back_wal(previous: &Path, file: &Path) -> io::Result<()> {
    let wal = wal_of(&database_in(previous));
    if wal.exists() {
        fs::rename(wal, wal_of(file))?;
    }
    fs::remove_dir_all(previous)
}

/// Links or copies the files into a new folder.
fn keep_previous(files: &[PathBuf], dir: &Path) -> io::Result<PathBuf> {
    let previous = create_previous_dir(dir)?;
    if let Err(error) = files.iter().try_for_each(|file| keep(file, &previous)) {
        // A link in it would be another name of the database that the next server writes to.
        if let Err(undo) = fs::remove_dir_all(&previous) {
            tracing::error!(error = %undo, dir = %previous.display(), "can't remove an incomplete copy of the history");
        }
        return Err(error);
    }
    copy_owner(dir, &previous);
    sync_dir(&previous);
    sync_dir(dir);
    Ok(previous)
}

fn keep(file: &Path, previous: &Path) -> io::Result<()> {
    let Some(name) = file.file_name() else { return Ok(()) };
    let kept = previous.join(name);
    // The next server writes to the watermark in place; through a hard link it would change the previous one.
    let is_linked = name != commit_watermark::FILE_NAME && fs::hard_link(file, &kept).is_ok();
    // Not every file system has hard links.
    if !is_linked {
        fs::copy(file, &kept)?;
        sync_file(&kept)?;
    }
    Ok(())
}

/// Forces a file to the disk. Windows does so only for a file that was opened for writing.
fn sync_file(file: &Path) -> io::Result<()> {
    File::options().write(true).open(file)?.sync_all()
}

fn create_previous_dir(dir: &Path) -> io::Result<PathBuf> {
    let mut seconds = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
    loop {
        let previous = dir.join(format!("before-restore-{seconds}"));
        match private_dir_builder().recursive(false).create(&previous) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => seconds += 1,
            created => return created.map(|()| previous),
        }
    }
}

fn remove_if_present(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Gives a new file to the folder's owner: an administrator restores, and the server runs as another user.
fn copy_owner(dir: &Path, file: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, chown};
        let changed = fs::metadata(dir).and_then(|dir| chown(file, Some(dir.uid()), Some(dir.gid())));
        if let Err(error) = changed {
            tracing::debug!(%error, file = %file.display(), "the owner was not changed");
        }
    }
    #[cfg(not(unix))]
    let _ = (dir, file);
}

#[cfg(test)]
mod tests {
    //! - a history that could not be replaced keeps the end of its log

    use ichat_protocol::Name;

    use super::*;
    use crate::Store;

    #[tokio::test]
    async fn a_history_that_could_not_be_replaced_keeps_the_end_of_its_log() {
        let name = Name::parse("Lobby").unwrap();
        let (running, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Store::open_server(running.path(), &name).await.unwrap();
        let (server, lobby) = (store.server_id(), store.lobby());
        let head = store.head(lobby).await.unwrap();
        for file in ["ichat.db", "ichat.db-wal", commit_watermark::FILE_NAME] {
            fs::copy(running.path().join(file), killed.path().join(file)).unwrap();
        }
        store.close().await;
        replace_history(&killed.path().join("missing"), killed.path()).unwrap_err();
        let store = Store::open_server(killed.path(), &name).await.unwrap();
        assert_eq!(store.server_id(), server);
        assert_eq!(store.head(lobby).await.unwrap(), head);
        store.close().await;
    }
}
