//! The data folder: its lock and the files in it.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::OpenError;

const LOCK_FILE: &str = "lock";

/// A data folder that no other process can open while this is alive.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    /// The lock ends with the open file, also when the process dies.
    _lock: File,
}

impl DataDir {
    /// Locks the folder, and creates it if there is none, for this user only.
    pub(crate) fn lock(path: &Path) -> Result<Self, OpenError> {
        let created: Vec<&Path> = path.ancestors().take_while(|dir| !dir.exists()).collect();
        private_dir_builder()
            .create(path)
            .map_err(|e| OpenError::of_io(path, &e))?;
        // The name of a new folder is in the one above it.
        for parent in created.iter().filter_map(|dir| dir.parent()) {
            sync_dir(parent);
        }
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(lock_in(path))
            .map_err(|e| OpenError::of_io(path, &e))?;
        try_lock(&lock, path)?;
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Locks the folder as long as the returned file is open. Creates nothing: without a lock file no process uses it.
    pub(crate) fn lock_unchanged(path: &Path) -> Result<Option<File>, OpenError> {
        match File::open(lock_in(path)) {
            Ok(lock) => try_lock(&lock, path).map(|()| Some(lock)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(OpenError::of_io(path, &error)),
        }
    }

    /// Returns whether any process has the folder open.
    pub(crate) fn is_locked(path: &Path) -> bool {
        File::open(lock_in(path)).is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
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

/// Returns a builder of folders that no other user can look into. It creates those above them as well.
fn private_dir_builder() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

fn try_lock(lock: &File, dir: &Path) -> Result<(), OpenError> {
    lock.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => OpenError::InUse { dir: dir.to_owned() },
        TryLockError::Error(error) => OpenError::of_io(dir, &error),
    })
}

pub(crate) fn lock_in(dir: &Path) -> PathBuf {
    dir.join(LOCK_FILE)
}

pub(crate) fn database_in(dir: &Path) -> PathBuf {
    dir.join("ichat.db")
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
