//! The lock of a folder, of which one process at a time is the owner.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use crate::OpenError;
use crate::file::lock_holder::is_held_by_stranger;
use crate::file::private::{ensure_private_dir, open_private_file};

/// A lock of a data folder. It ends when this is dropped, and when the process dies.
#[derive(Debug)]
pub struct DirLock(File);

impl DirLock {
    /// Locks a folder by a file in it. Creates both if there are none, and keeps other users out. A folder that others can look
    /// into is accepted only if it is empty, or has the lock or one of these files.
    ///
    /// A user who locked the file while others could open it is left with it: the folder gets a new one.
    pub fn acquire(dir: &Path, file_name: &str, own_files: &[&str]) -> Result<Self, OpenError> {
        let own_files: Vec<_> = own_files.iter().copied().chain([file_name]).collect();
        ensure_private_dir(dir, &own_files).map_err(|error| OpenError::of_privacy(dir, error))?;
        let file = dir.join(file_name);
        match Self::open_and_lock(&file, dir) {
            Err(OpenError::InUse { .. }) if is_held_by_stranger(&file, dir) => Self::replace(&file, dir),
            result => result,
        }
    }

    fn open_and_lock(file: &Path, dir: &Path) -> Result<Self, OpenError> {
        let opened = open_private_file(file).map_err(|error| OpenError::of_privacy(dir, error))?;
        Self::lock_opened(opened, file, dir)
    }

    /// Makes a new lock file in place of one that another user holds. Only one process at a time does so: it holds the lock of
    /// the folder itself meanwhile.
    fn replace(file: &Path, dir: &Path) -> Result<Self, OpenError> {
        let folder = File::open(dir).map_err(|error| OpenError::of_io(dir, &error))?;
        let _replacing = Self::try_lock(folder, dir)?;
        // Another process may have replaced it by now, and have the new one.
        if is_held_by_stranger(file, dir) {
            tracing::warn!(file = %file.display(), "another user of the machine holds the lock: making a new one");
            fs::remove_file(file).map_err(|error| OpenError::of_io(dir, &error))?;
        }
        Self::open_and_lock(file, dir)
    }

    /// Locks a file that was opened by this path. Fails if there is another file by now: the lock of a removed one keeps nobody out.
    fn lock_opened(opened: File, path: &Path, dir: &Path) -> Result<Self, OpenError> {
        let lock = Self::try_lock(opened, dir)?;
        match is_at(&lock.0, path) {
            Ok(true) => Ok(lock),
            Ok(false) => Err(OpenError::InUse { dir: dir.to_owned() }),
            Err(error) => Err(OpenError::of_io(dir, &error)),
        }
    }

    pub(crate) fn try_lock(file: File, dir: &Path) -> Result<Self, OpenError> {
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { dir: dir.to_owned() }),
            Err(TryLockError::Error(error)) => Err(OpenError::of_io(dir, &error)),
        }
    }
}

/// Returns `true` if a file is still the one at the path where it was opened.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;

    let opened = file.metadata()?;
    match path.symlink_metadata() {
        Ok(there) => Ok((there.dev(), there.ino()) == (opened.dev(), opened.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Returns `true`: nobody can remove an open file.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
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

#[cfg(test)]
mod tests {
    //! - a folder is free at once when it is closed, also while another process that was just started has copies of all files
    //! - the lock of a file that was replaced meanwhile is none

    use super::*;

    #[test]
    fn a_closed_folder_is_free_while_a_child_still_has_a_copy_of_its_lock() {
        let dir = tempfile::tempdir().unwrap();
        let acquire = || DirLock::acquire(dir.path(), "lock", &[]);
        let lock = acquire().unwrap();
        assert!(
            matches!(acquire(), Err(OpenError::InUse { .. })),
            "an open folder is free"
        );
        let copy_of_child = lock.0.try_clone().unwrap();
        drop(lock);
        acquire().unwrap();
        drop(copy_of_child);
    }
    #[cfg(unix)]
    #[test]
    fn the_lock_of_a_file_that_was_replaced_meanwhile_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let opened = open_private_file(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let first = DirLock::acquire(dir.path(), "lock", &[]).unwrap();
        let second = DirLock::lock_opened(opened, &path, dir.path());
        assert!(matches!(second, Err(OpenError::InUse { .. })), "two have the lock");
        drop(first);
        DirLock::acquire(dir.path(), "lock", &[]).unwrap();
    }
}
