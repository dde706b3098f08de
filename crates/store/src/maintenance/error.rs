//! Errors of backup, restore and check, as sentences for an administrator.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::{OpenError, StoreError};

/// An error of backup, restore or check. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum MaintenanceError {
    /// The folder has no history.
    #[error("There is no history in {}. Name the server's data folder with --data.", dir.display())]
    NoHistory { dir: PathBuf },
    /// The file exists, and is never overwritten.
    #[error("{} is there already, and is left as it is. Choose another name.", file.display())]
    Exists { file: PathBuf },
    /// The file can't be read.
    #[error("{} can't be read: {cause}. Name a file that `ichat-server backup` has made, and that this user may read.", file.display())]
    Unreadable { file: PathBuf, cause: String },
    /// The file or folder can't be written.
    #[error("{} can't be written: {cause}. Choose a folder that is there and that this user may write to.", file.display())]
    Unwritable { file: PathBuf, cause: String },
    /// The file is no history of a server.
    #[error("{} is no history of an I-Chat server: {cause}. Name a file that `ichat-server backup` has made.", file.display())]
    Foreign { file: PathBuf, cause: String },
    /// The file is a history, but not a sound one. There is at least one problem.
    #[error("The history in {} is damaged: {}. Take an older backup.", file.display(), problems.join("; "))]
    Damaged { file: PathBuf, problems: Vec<String> },
    /// A later version of I-Chat wrote the file.
    #[error(
        "{} was written by a later version of I-Chat (format {found}; this version knows up to {known}). Update I-Chat first.",
        file.display()
    )]
    TooNew { file: PathBuf, found: u32, known: u32 },
    /// The disk is full.
    #[error("The disk has no room for {}. Free some space and try again.", file.display())]
    Full { file: PathBuf },
    /// The data folder can't be used.
    #[error("{0}")]
    Open(#[from] OpenError),
    /// A running server writes to the file that was to be restored.
    #[error("{} is in use by a running server. Make a copy with `ichat-server backup`, and restore that.", file.display())]
    Live { file: PathBuf },
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
            (_, StoreError::Full) => Self::Full { file },
            (_, StoreError::Damaged(problem)) => Self::Damaged {
                file,
                problems: vec![problem],
            },
            (_, StoreError::Io(_) | StoreError::OutOfSync(_) | StoreError::Closed) => Self::Unreadable {
                file,
                cause: error.to_string(),
            },
        }
    }

    /// Converts an error of writing `copy`. What is damaged is its source, since only that is read.
    pub(super) fn of_copying(source: &Path, copy: &Path, error: &rusqlite::Error) -> Self {
        match Self::of_sql(copy, error) {
            Self::Unreadable { file, cause } => Self::Unwritable { file, cause },
            error @ Self::Damaged { .. } => error.about(source),
            error @ (Self::NoHistory { .. }
            | Self::Exists { .. }
            | Self::Unwritable { .. }
            | Self::Foreign { .. }
            | Self::TooNew { .. }
            | Self::Full { .. }
            | Self::Open(_)
            | Self::Live { .. }) => error,
        }
    }

    /// Replaces the file's name by the one that the administrator knows.
    pub(super) fn about(mut self, known: &Path) -> Self {
        match &mut self {
            Self::NoHistory { dir: file }
            | Self::Exists { file }
            | Self::Unreadable { file, .. }
            | Self::Unwritable { file, .. }
            | Self::Foreign { file, .. }
            | Self::Damaged { file, .. }
            | Self::TooNew { file, .. }
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
