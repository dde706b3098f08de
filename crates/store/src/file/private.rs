//! Folders and files that other users of the machine can neither read nor lock, whatever the umask. On Windows the folders of a
//! user are private by themselves, and nothing is done.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A folder or file that can't be kept from other users. Each is a sentence.
#[derive(Debug, thiserror::Error)]
pub enum PrivacyError {
    /// A link may lead to where others can read.
    #[error("{} is a symbolic link. Name the folder itself, or move the file to where the link is.", path.display())]
    Link { path: PathBuf },
    /// Something else has the name of one of our files.
    #[error("{} is not a file. Move it away, or choose another folder.", path.display())]
    NoFile { path: PathBuf },
    /// It belongs to another user, who can read it.
    #[error("{} belongs to another user (id {owner}). Run the program as that user, choose another folder, or make it this user's (chown).", path.display())]
    Foreign { path: PathBuf, owner: u32 },
    /// The folder of something else, whose rights are not ours to change.
    #[error(
        "{} has files of other programs, and other users can look into it. Choose an empty folder, or keep them out (chmod 700).",
        path.display()
    )]
    Shared { path: PathBuf },
    /// The file system doesn't take the rights.
    #[error("Other users can read {}, and its rights can't be changed{cause}. Choose a folder on another file system.", path.display())]
    Unchangeable { path: PathBuf, cause: String },
    /// Any other error of the system.
    #[error("{}: {cause}.", path.display())]
    Io { path: PathBuf, cause: io::Error },
}

/// Creates a folder, and those above it, for this user only. If it is there, other users are kept out from now on; but not if it
/// has none of the files `own`, and others: then it is somebody's own folder, and an error.
pub fn ensure_private_dir(dir: &Path, own: &[&str]) -> Result<(), PrivacyError> {
    let of_dir = |cause| of_io(dir, cause);
    check_link(dir)?;
    let is_new = !dir.exists();
    private_dir_builder().create(dir).map_err(of_dir)?;
    let is_ours = || is_new || is_our_content(dir, own);
    restrict(dir, 0o700, is_ours)
}

/// Fails if a folder that is there belongs to another user, also for root: what root made in it, its owner could not read.
#[cfg(unix)]
pub(crate) fn check_owner(dir: &Path) -> Result<(), PrivacyError> {
    use std::os::unix::fs::MetadataExt as _;

    match dir.metadata() {
        Ok(meta) if meta.uid() != user() => Err(PrivacyError::Foreign {
            path: dir.to_owned(),
            owner: meta.uid(),
        }),
        Ok(_) | Err(_) => Ok(()),
    }
}

#[cfg(not(unix))]
pub(crate) fn check_owner(_dir: &Path) -> Result<(), PrivacyError> {
    Ok(())
}

/// Opens a file for writing, and creates it if there is none, so that only this user can read it.
pub(crate) fn open_private_file(file: &Path) -> Result<File, PrivacyError> {
    ensure_private_file(file)?;
    let mut options = File::options();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let opened = options.open(file).map_err(|cause| of_io(file, cause))?;
    // The umask may have taken away even the user's own rights.
    restrict(file, 0o600, || true)?;
    Ok(opened)
}

/// Keeps other users out of a file, if it is there.
pub(crate) fn ensure_private_file(file: &Path) -> Result<(), PrivacyError> {
    match file.symlink_metadata() {
        Ok(meta) if meta.is_symlink() => Err(PrivacyError::Link { path: file.to_owned() }),
        Ok(meta) if !meta.is_file() => Err(PrivacyError::NoFile { path: file.to_owned() }),
        Ok(_) => restrict(file, 0o600, || true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(of_io(file, cause)),
    }
}

/// Returns a builder of folders that no other user can look into. It creates those above them as well.
pub(crate) fn private_dir_builder() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Returns `true` if the folder has one of our files, or nothing but what every new file system has.
fn is_our_content(dir: &Path, own: &[&str]) -> bool {
    let Ok(entries) = fs::read_dir(dir) else {
        return false;
    };
    let names: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.file_name()).collect();
    names.iter().all(|name| name == "lost+found") || names.iter().any(|name| own.iter().any(|own| name == own))
}

/// Fails for a link that another user has made: it may lead anywhere. An administrator's, or one's own, is a decision.
#[cfg(unix)]
fn check_link(path: &Path) -> Result<(), PrivacyError> {
    use std::os::unix::fs::MetadataExt as _;

    match path.symlink_metadata() {
        Ok(meta) if meta.is_symlink() && meta.uid() != 0 && meta.uid() != user() => {
            Err(PrivacyError::Link { path: path.to_owned() })
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Takes all rights of other users away, and gives this one all of `mode`. Root may do so for another owner, whose folder it
/// maintains.
#[cfg(unix)]
fn restrict(path: &Path, mode: u32, may_change: impl FnOnce() -> bool) -> Result<(), PrivacyError> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    let of_path = |cause| of_io(path, cause);
    let meta = path.metadata().map_err(of_path)?;
    if meta.uid() != user() && user() != 0 {
        return Err(PrivacyError::Foreign {
            path: path.to_owned(),
            owner: meta.uid(),
        });
    }
    let is_private = |rights: u32| rights & 0o777 == mode;
    if is_private(meta.mode()) {
        return Ok(());
    }
    if !may_change() {
        return Err(PrivacyError::Shared { path: path.to_owned() });
    }
    let unchangeable = |cause: String| PrivacyError::Unchangeable {
        path: path.to_owned(),
        cause,
    };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(|error| unchangeable(format!(" ({error})")))?;
    if !is_private(path.metadata().map_err(of_path)?.mode()) {
        return Err(unchangeable(String::new()));
    }
    Ok(())
}

#[cfg(unix)]
pub(crate) fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn check_link(_path: &Path) -> Result<(), PrivacyError> {
    Ok(())
}

#[cfg(not(unix))]
fn restrict(_path: &Path, _mode: u32, _may_change: impl FnOnce() -> bool) -> Result<(), PrivacyError> {
    Ok(())
}

impl From<PrivacyError> for io::Error {
    /// Keeps the kind of an error of the system, such as a full disk.
    fn from(error: PrivacyError) -> Self {
        match error {
            PrivacyError::Io { cause, .. } => cause,
            error @ (PrivacyError::Link { .. }
            | PrivacyError::NoFile { .. }
            | PrivacyError::Foreign { .. }
            | PrivacyError::Shared { .. }
            | PrivacyError::Unchangeable { .. }) => Self::other(error),
        }
    }
}

fn of_io(path: &Path, cause: io::Error) -> PrivacyError {
    PrivacyError::Io {
        path: path.to_owned(),
        cause,
    }
}
