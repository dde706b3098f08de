//! Putting a copy of a history in the place of the one that is there.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ichat_protocol::{Epoch, ServerId};
use rusqlite::Connection;
use tempfile::TempDir;

use super::{MaintenanceError, Progress, ProgressFn, check, open_readonly};
use crate::data_dir::{self, DataDir, file_in, sync_folder, wal_of};
use crate::shorthand::Books;
use crate::{commit_watermark, identity, schema};

/// Bytes copied between two reports.
const CHUNK: usize = 1 << 20;

/// A history that was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreReport {
    /// Whose history it is: the folder is this server from now on.
    pub server: ServerId,
    /// Whose history the folder held before, if it was another server's.
    pub replaced: Option<ServerId>,
    /// How many rooms there are.
    pub rooms: u64,
    /// How many entries there are.
    pub entries: u64,
    /// Where the history is that was there before.
    pub previous: Option<PathBuf>,
}

/// Puts the history in `file` into the data folder `dir`, which no server may use meanwhile. `file` is left as it is.
///
/// It is a backup, or a folder's own file whose end was lost: then what is left of it is gone on with. Every room gets a
/// new epoch, so that clients, who may have seen more, take the rooms anew. The server keeps its id. What was in the
/// folder is kept aside. When it fails at any point, the folder holds the old history or the new one, and never a mix.
pub fn restore(file: &Path, dir: &Path, watch: &mut dyn FnMut(Progress)) -> Result<RestoreReport, MaintenanceError> {
    let head = super::error::head(file)?;
    if &head != b"SQLite format 3\0" {
        return Err(MaintenanceError::foreign(file, "it is not a database"));
    }
    let folder = DataDir::lock(dir)?;
    is_nobodys(file, dir)?;
    let of_dir = |e: io::Error| MaintenanceError::of_writing(dir, &e);
    let unfinished = tempfile::Builder::new()
        .prefix(".ichat-restore-")
        .tempdir_in(dir)
        .map_err(of_dir)?;
    let copy = file_in(unfinished.path());
    copy_file(file, &copy, watch)?;
    if wal_of(file).exists() {
        copy_file(&wal_of(file), &wal_of(&copy), watch)?;
    }
    let (server, checked) = renew(file, &copy, watch)?;
    File::open(&copy).and_then(|copy| copy.sync_all()).map_err(of_dir)?;
    let replaced = server_in(dir).filter(|replaced| *replaced != server);
    let previous = put_in_place(&copy, dir).map_err(of_dir)?;
    folder.sync();
    drop::<TempDir>(unfinished);
    Ok(RestoreReport {
        server,
        replaced,
        rooms: checked.rooms,
        entries: checked.entries,
        previous,
    })
}

/// The file may be that of a folder on which a server runs: then a part of what it holds is elsewhere, and changes.
fn is_nobodys(file: &Path, dir: &Path) -> Result<(), MaintenanceError> {
    let folder = file
        .canonicalize()
        .ok()
        .and_then(|file| file.parent().map(Path::to_owned));
    let Some(folder) = folder.filter(|folder| dir.canonicalize().is_ok_and(|dir| dir != *folder)) else {
        return Ok(());
    };
    if DataDir::held(&folder) {
        return Err(MaintenanceError::Live { file: file.to_owned() });
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path, watch: ProgressFn<'_>) -> Result<(), MaintenanceError> {
    let mut source = File::open(from).map_err(|e| MaintenanceError::of_reading(from, &e))?;
    let of = source
        .metadata()
        .map_err(|e| MaintenanceError::of_reading(from, &e))?
        .len();
    let mut copy = File::create_new(to).map_err(|e| MaintenanceError::of_writing(to, &e))?;
    let mut chunk = vec![0; CHUNK];
    let mut done = 0;
    loop {
        let read = source
            .read(&mut chunk)
            .map_err(|e| MaintenanceError::of_reading(from, &e))?;
        if read == 0 {
            return Ok(());
        }
        copy.write_all(&chunk[..read])
            .map_err(|e| MaintenanceError::of_writing(to, &e))?;
        done += read as u64;
        watch(Progress {
            task: "copying",
            done,
            total: of,
        });
    }
}

/// Looks the copy through, and makes it another history of the same server.
fn renew(file: &Path, copy: &Path, watch: ProgressFn<'_>) -> Result<(ServerId, check::CheckReport), MaintenanceError> {
    // Whatever is wrong with the copy is wrong with the file, which is what people know.
    let of_file = |e: rusqlite::Error| match MaintenanceError::of_sql(file, &e) {
        MaintenanceError::Full { .. } => MaintenanceError::Full { file: copy.to_owned() },
        other => other,
    };
    let (mut connection, version) = open_readonly(copy).map_err(|error| error.about(file))?;
    if version < schema::VERSION {
        let books = Books::default();
        books.teach(&connection).map_err(of_file)?;
        schema::migrate(&mut connection, &books).map_err(of_file)?;
        identity::ensure(&connection).map_err(of_file)?;
    }
    let checked = check::look_through(&connection, watch).map_err(of_file)?;
    if !checked.problems.is_empty() {
        return Err(MaintenanceError::Damaged {
            file: file.to_owned(),
            problems: checked.problems,
        });
    }
    if checked.is_replica {
        return Err(MaintenanceError::foreign(file, "it is what an app keeps of a server"));
    }
    let identity = identity::ensure(&connection).map_err(of_file)?;
    identity::write(&connection, identity.server, identity.lobby).map_err(of_file)?;
    new_epochs(&connection).map_err(of_file)?;
    // One file, and nothing beside it.
    connection
        .pragma_update(None, "journal_mode", "delete")
        .map_err(of_file)?;
    connection.close().map_err(|(_, e)| of_file(e))?;
    Ok((identity.server, checked))
}

fn new_epochs(connection: &Connection) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    let rooms: Vec<i64> = transaction
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

/// Whose history is in the folder, if that can be read.
fn server_in(dir: &Path) -> Option<ServerId> {
    let (connection, version) = open_readonly(&file_in(dir)).ok()?;
    if version != schema::VERSION {
        return None;
    }
    Some(identity::read(&connection).ok()??.server)
}

/// Puts the copy in the place of what is there, and gives where that is now.
///
/// First what is there gets a second name; then its write-ahead log goes, for the new file must never meet it; then the new
/// file takes the old one's name in one step. Cut short in between, the old file is there without its log's end, which
/// opening it notices.
fn put_in_place(copy: &Path, dir: &Path) -> io::Result<Option<PathBuf>> {
    let file = file_in(dir);
    let parts = [file.clone(), wal_of(&file), dir.join(commit_watermark::FILE)];
    let there: Vec<&PathBuf> = parts.iter().filter(|part| part.exists()).collect();
    let aside = if there.is_empty() { None } else { Some(new_folder(dir)?) };
    if let Some(aside) = &aside {
        for part in there {
            let Some(name) = part.file_name() else { continue };
            // Not every file system knows second names.
            if fs::hard_link(part, aside.join(name)).is_err() {
                fs::copy(part, aside.join(name))?;
                File::open(aside.join(name))?.sync_all()?;
            }
        }
        copy_owner(dir, aside);
        sync_folder(aside);
        sync_folder(dir);
    }
    for gone in [wal_of(&file), data_dir::shm_of(&file)] {
        match fs::remove_file(gone) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    sync_folder(dir);
    for part in [copy, &dir.join("lock")] {
        copy_owner(dir, part);
    }
    // A second name of the note would be written on by the next server.
    match fs::remove_file(dir.join(commit_watermark::FILE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::rename(copy, &file)?;
    Ok(aside)
}

fn new_folder(dir: &Path) -> io::Result<PathBuf> {
    let seconds = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
    for attempt in 0.. {
        let aside = dir.join(format!("before-restore-{}", seconds + attempt));
        match fs::create_dir(&aside) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|()| aside),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// An administrator restores, and the server runs as somebody else: what is made belongs to whom the folder belongs.
fn copy_owner(dir: &Path, made: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, chown};
        let given = fs::metadata(dir).and_then(|dir| chown(made, Some(dir.uid()), Some(dir.gid())));
        if let Err(error) = given {
            tracing::debug!(%error, made = %made.display(), "its owner was not changed");
        }
    }
    #[cfg(not(unix))]
    let _ = (dir, made);
}
