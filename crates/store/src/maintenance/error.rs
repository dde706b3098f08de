//! What can go wrong, as a sentence for whoever looks after a server.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::{OpenError, StoreError};

/// Why a backup was not made, a file not restored, or a history not looked through. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum MaintenanceError {
    /// There is nothing to look after.
    #[error("There is no history in {}. Name the server's data folder with --data.", dir.display())]
    NoHistory {
        /// The folder.
        dir: PathBuf,
    },
    /// Nothing is ever overwritten.
    #[error("{} is there already, and is left as it is. Choose another name.", file.display())]
    Exists {
        /// What is there.
        file: PathBuf,
    },
    /// The file can't be read.
    #[error("{} can't be read: {cause}. Name a file that `ichat-server backup` has made, and that this user may read.", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        cause: String,
    },
    /// The file can't be written.
    #[error("{} can't be written: {cause}. Choose a folder that is there and that this user may write to.", file.display())]
    Unwritable {
        /// The file or folder.
        file: PathBuf,
        /// What the system said.
        cause: String,
    },
    /// It is no history of a server.
    #[error("{} is no history of an I-Chat server: {cause}. Name a file that `ichat-server backup` has made.", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
        /// What it is.
        cause: String,
    },
    /// It is a history, but not a sound one.
    #[error("The history in {} is damaged: {}. Take an older backup.", file.display(), problems.join("; "))]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong with it, at least one.
        problems: Vec<String>,
    },
    /// A later version of I-Chat wrote it.
    #[error(
        "{} was written by a later version of I-Chat (format {found}; this version knows up to {known}). Update I-Chat first.",
        file.display()
    )]
    TooNew {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: u32,
        /// The latest format that this version knows.
        known: u32,
    },
    /// An earlier version of I-Chat wrote it.
    #[error(
        "{} was written by an earlier version of I-Chat (format {found}; this one is {known}). Starting the server on it, or restoring it, brings it up to date.",
        file.display()
    )]
    TooOld {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: u32,
        /// The format of this version.
        known: u32,
    },
    /// The disk has no room for it.
    #[error("The disk has no room for {}. Free some space and try again.", file.display())]
    Full {
        /// What was to be written.
        file: PathBuf,
    },
    /// The data folder can't be used.
    #[error("{0}")]
    Open(#[from] OpenError),
    /// A server writes to the file that is to be restored.
    #[error("{} is in use by a running server. Make a copy with `ichat-server backup`, and restore that.", file.display())]
    Live {
        /// The file.
        file: PathBuf,
    },
}

impl MaintenanceError {
    pub(super) fn foreign(file: &Path, cause: &str) -> Self {
        Self::Foreign {
            file: file.to_owned(),
            cause: cause.to_owned(),
        }
    }

    pub(super) fn of_sql(file: &Path, error: &rusqlite::Error) -> Self {
        let file = file.to_owned();
        match (error.sqlite_error_code(), StoreError::of_sql(error)) {
            (Some(ErrorCode::NotADatabase), _) => Self::foreign(&file, "it is not a database"),
            (Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen), _) => Self::Unreadable {
                file,
                cause: error.to_string(),
            },
            (_, StoreError::Full) => Self::Full { file },
            (_, StoreError::Damaged(cause)) => Self::Damaged {
                file,
                problems: vec![cause],
            },
            _ => Self::Unreadable {
                file,
                cause: error.to_string(),
            },
        }
    }

    /// The same of the file that people know.
    pub(super) fn about(mut self, known: &Path) -> Self {
        match &mut self {
            Self::NoHistory { dir: file }
            | Self::Exists { file }
            | Self::Unreadable { file, .. }
            | Self::Unwritable { file, .. }
            | Self::Foreign { file, .. }
            | Self::Damaged { file, .. }
            | Self::TooNew { file, .. }
            | Self::TooOld { file, .. }
            | Self::Full { file }
            | Self::Live { file } => known.clone_into(file),
            Self::Open(_) => {}
        }
        self
    }

    pub(super) fn of_writing(file: &Path, error: &io::Error) -> Self {
        let file = file.to_owned();
        match error.kind() {
            io::ErrorKind::StorageFull => Self::Full { file },
            io::ErrorKind::AlreadyExists => Self::Exists { file },
            _ => Self::Unwritable {
                file,
                cause: error.to_string(),
            },
        }
    }

    pub(super) fn of_reading(file: &Path, error: &io::Error) -> Self {
        Self::Unreadable {
            file: file.to_owned(),
            cause: error.to_string(),
        }
    }
}

/// The first bytes of a file, by which a database is known.
pub(super) fn head(file: &Path) -> Result<[u8; 16], MaintenanceError> {
    let meta = std::fs::metadata(file).map_err(|e| MaintenanceError::of_reading(file, &e))?;
    if meta.is_dir() {
        return Err(MaintenanceError::foreign(file, "it is a folder"));
    }
    let mut head = [0; 16];
    match File::open(file).and_then(|mut file| file.read_exact(&mut head)) {
        Ok(()) => Ok(head),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Err(MaintenanceError::foreign(file, "it is too short")),
        Err(e) => Err(MaintenanceError::of_reading(file, &e)),
    }
}
