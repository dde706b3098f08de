//! The data folder: its lock and the files in it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::OpenError;
use crate::file::commit_watermark;
use crate::file::dir_lock::DirLock;
use crate::file::private::ensure_private_file;

const LOCK_FILE: &str = "lock";
const DATABASE_FILE: &str = "ichat.db";

/// A data folder that no other process can open while this is alive.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: DirLock,
}

impl DataDir {
    /// Locks the folder, and creates it if there is none. Other users are kept out of it and of its files.
    pub(crate) fn lock(path: &Path) -> Result<Self, OpenError> {
        let created: Vec<&Path> = path.ancestors().take_while(|dir| !dir.exists()).collect();
        let own_files = [DATABASE_FILE, commit_watermark::FILE_NAME];
        let lock = DirLock::acquire(path, LOCK_FILE, &own_files)?;
        // The name of a new folder is in the one above it.
        for parent in created.iter().filter_map(|dir| dir.parent()) {
            sync_dir(parent);
        }
        let database = database_in(path);
        let watermark = path.join(commit_watermark::FILE_NAME);
        for file in [&wal_of(&database), &shm_of(&database), &watermark, &database] {
            ensure_private_file(file).map_err(|error| OpenError::of_privacy(path, error))?;
        }
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Locks the folder. Creates nothing: without a lock file no process uses it, and `None` is returned.
    pub(crate) fn lock_unchanged(path: &Path) -> Result<Option<DirLock>, OpenError> {
        match File::open(lock_in(path)) {
            Ok(lock) => DirLock::try_lock(lock, path).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(OpenError::of_io(path, &error)),
        }
    }

    /// Returns whether any process has the folder open.
    pub(crate) fn is_locked(path: &Path) -> bool {
        matches!(Self::lock_unchanged(path), Err(OpenError::InUse { .. }))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn database(&self) -> PathBuf {
        database_in(&self.path)
    }

    /// Forces the names of new files in the folder to the disk.
    pub(crate) fn sync(&self) {
        sync_dir(&self.path);
    }
}

pub(crate) fn lock_in(dir: &Path) -> PathBuf {
    dir.join(LOCK_FILE)
}

pub(crate) fn database_in(dir: &Path) -> PathBuf {
    dir.join(DATABASE_FILE)
}

/// Returns the path of a database's write-ahead log.
pub(crate) fn wal_of(database: &Path) -> PathBuf {
    with_suffix(database, "-wal")
}

/// Returns the path of a database's shared memory.
pub(crate) fn shm_of(database: &Path) -> PathBuf {
    with_suffix(database, "-shm")
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Forces the names in a folder to the disk. A failure is logged: a power failure may then undo a new name.
pub(crate) fn sync_dir(dir: &Path) {
    // Windows can't open a folder as a file, and needs nothing of the kind.
    if cfg!(not(unix)) {
        return;
    }
    let dir = if dir.as_os_str().is_empty() {
        Path::new(".")
    } else {
        dir
    };
    if let Err(error) = File::open(dir).and_then(|dir| dir.sync_all()) {
        tracing::warn!(%error, dir = %dir.display(), "the folder could not be forced to the disk");
    }
}
