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
    _lock: DirLock,
}

/// A lock of a data folder. It ends when this is dropped, and when the process dies.
#[derive(Debug)]
pub(crate) struct DirLock(File);

impl DirLock {
    fn try_lock(file: File, dir: &Path) -> Result<Self, OpenError> {
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { dir: dir.to_owned() }),
            Err(TryLockError::Error(error)) => Err(OpenError::of_io(dir, &error)),
        }
    }
}

impl Drop for DirLock {
    /// Unlocks the folder. Closing the file is not enough: a child process that is being started has a copy of it for a
    /// moment.
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "a data folder could not be unlocked");
        }
    }
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
        Ok(Self {
            path: path.to_owned(),
            _lock: DirLock::try_lock(lock, path)?,
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

/// Returns a builder of folders that no other user can look into. It creates those above them as well.
fn private_dir_builder() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
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

#[cfg(test)]
mod tests {
    //! - a folder is free at once when it is closed, also while another process that was just started has copies of all files

    use super::*;

    #[test]
    fn a_closed_folder_is_free_while_a_child_still_has_a_copy_of_its_lock() {
        let dir = tempfile::tempdir().unwrap();
        drop(DataDir::lock(dir.path()).unwrap());
        let lock = DataDir::lock_unchanged(dir.path()).unwrap().unwrap();
        assert!(DataDir::is_locked(dir.path()), "an open folder is free");
        let copy_of_child = lock.0.try_clone().unwrap();
        drop(lock);
        assert!(!DataDir::is_locked(dir.path()), "a closed folder is locked");
        DataDir::lock(dir.path()).unwrap();
        drop(copy_of_child);
    }
}
