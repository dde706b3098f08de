//! Errors of the store.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::file::private::PrivacyError;

/// An error of [`crate::Store::open`]. Each is a sentence for the person who started the program.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process, or another part of this one, has the folder open.
    #[error("The data folder {} is in use by another I-Chat. Quit that one first, or choose another folder.", dir.display())]
    InUse { dir: PathBuf },
    /// The folder can't be created or written to.
    #[error("I-Chat can't write to its data folder {}: {cause}. Give this user the right to write there, or choose another folder.", dir.display())]
    ReadOnly { dir: PathBuf, cause: String },
    /// Other users of the machine could read the folder, and it can't be kept from them.
    #[error("{0}")]
    NotPrivate(PrivacyError),
    /// The file is not a sound database. It was not changed.
    #[error(
        "The history in {} is damaged ({cause}). It was left as it is: put a backup in its place (`ichat-server restore`), or move it away to begin a new one.",
        file.display()
    )]
    Damaged { file: PathBuf, cause: String },
    /// Something that was acknowledged is not there. The file was not changed.
    #[error(
        "The history in {} lacks {missing}, which were confirmed: the end of its log is damaged or gone, or an older copy was put in its place. It was left as it is. Use `ichat-server restore` to put a backup in its place, or to go on with what is there.",
        file.display()
    )]
    Behind { file: PathBuf, missing: String },
    /// A later version of I-Chat wrote the file.
    #[error(
        "The history in {} was written by a later version of I-Chat (format {found}; this version knows up to {known}). Update I-Chat to open it.",
        file.display()
    )]
    TooNew { file: PathBuf, found: u32, known: u32 },
    /// The disk is full.
    #[error("The disk that holds the data folder {} is full. Free some space and start again.", dir.display())]
    Full { dir: PathBuf },
    /// Any other error of the system or the database.
    #[error("I-Chat could not open its data folder {}: {cause}.", dir.display())]
    Io { dir: PathBuf, cause: String },
}

/// An error of reading or writing. Nothing of the batch was written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full. Reading goes on, and writing works again when there is space.
    #[error("The disk is full: free some space, then try again.")]
    Full,
    /// The disk or the database failed. The caller may try again.
    #[error("The history could not be read or written: {0}.")]
    Io(String),
    /// The file does not have what was written. Trying again does not help; the rest can still be read. A client resets the
    /// room ([`crate::ReplicaChange::ResetRoom`]) and asks the server for its entries again. For a server's folder there is
    /// [`crate::check`], and a backup.
    #[error("The history is damaged: {0}.")]
    Damaged(String),
    /// The entries don't adjoin the stored ones, contradict them, or are of another history. A client resets the room, as for
    /// damage.
    #[error("These entries don't fit the stored ones of the room: {0}.")]
    OutOfSync(String),
    /// The store was closed.
    #[error("The history is closed.")]
    Closed,
}

impl OpenError {
    /// Returns `true` if a later attempt may succeed, without a change by a person.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::InUse { .. } | Self::Full { .. } | Self::Io { .. } => true,
            Self::ReadOnly { .. }
            | Self::NotPrivate(_)
            | Self::Damaged { .. }
            | Self::Behind { .. }
            | Self::TooNew { .. } => false,
        }
    }

    /// Returns the error for a damaged database `file`.
    pub(crate) fn damaged(file: &Path, cause: &str) -> Self {
        Self::Damaged {
            file: file.to_owned(),
            // SQLite's verdicts may have several lines; a sentence has one.
            cause: cause.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }

    /// Converts an error of the system about the data folder `dir`.
    pub(crate) fn of_io(dir: &Path, error: &io::Error) -> Self {
        use io::ErrorKind::{
            AlreadyExists, NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem, StorageFull,
        };
        let dir = dir.to_owned();
        let cause = error.to_string();
        match error.kind() {
            PermissionDenied | ReadOnlyFilesystem | NotADirectory | NotFound | AlreadyExists => {
                Self::ReadOnly { dir, cause }
            }
            StorageFull => Self::Full { dir },
            _ => Self::Io { dir, cause },
        }
    }

    /// Converts an error about keeping others out of the data folder `dir`.
    pub(crate) fn of_privacy(dir: &Path, error: PrivacyError) -> Self {
        match error {
            PrivacyError::Io { cause, .. } => Self::of_io(dir, &cause),
            PrivacyError::Link { .. }
            | PrivacyError::NoFile { .. }
            | PrivacyError::Foreign { .. }
            | PrivacyError::Shared { .. }
            | PrivacyError::Unchangeable { .. } => Self::NotPrivate(error),
        }
    }

    /// Converts an error of the database `file`.
    pub(crate) fn of_sql(file: &Path, error: &rusqlite::Error) -> Self {
        let dir = file.parent().unwrap_or(file).to_owned();
        if let Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) =
            error.sqlite_error_code()
        {
            let cause = error.to_string();
            return Self::ReadOnly { dir, cause };
        }
        match StoreError::of_sql(error) {
            StoreError::Full => Self::Full { dir },
            StoreError::Damaged(cause) => Self::damaged(file, &cause),
            StoreError::Io(cause) => Self::Io { dir, cause },
            other @ (StoreError::OutOfSync(_) | StoreError::Closed) => Self::Io {
                dir,
                cause: other.to_string(),
            },
        }
    }
}

impl StoreError {
    pub(crate) fn of_sql(error: &rusqlite::Error) -> Self {
        use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error};
        use rusqlite::ErrorCode::{DatabaseCorrupt, DiskFull, NotADatabase};
        match error.sqlite_error_code() {
            Some(DiskFull) => Self::Full,
            Some(DatabaseCorrupt | NotADatabase) => Self::Damaged(error.to_string()),
            Some(_) => Self::Io(error.to_string()),
            None => match error {
                FromSqlConversionFailure(_, _, cause) => Self::Damaged(cause.to_string()),
                InvalidColumnType(..) | IntegralValueOutOfRange(..) | Utf8Error(..) => Self::Damaged(error.to_string()),
                _ => Self::Io(error.to_string()),
            },
        }
    }

    /// Returns the cause if an error means that one row has something else than was written. The rest can be read.
    pub(crate) fn of_damaged_row(error: &rusqlite::Error) -> Option<String> {
        match (error.sqlite_error_code(), Self::of_sql(error)) {
            (None, Self::Damaged(cause)) => Some(cause),
            (Some(_) | None, Self::Damaged(_) | Self::Full | Self::Io(_) | Self::OutOfSync(_) | Self::Closed) => None,
        }
    }
}
