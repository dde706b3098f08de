//! What can go wrong, as a person or the caller can act on it.

use std::path::PathBuf;

/// Why a data folder could not be opened. Each is a sentence for the person who started the program.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process, or another part of this one, has it open. Close that one first.
    #[error("The data folder {} is in use by another I-Chat. Quit that one first, or choose another folder.", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder can't be made or written to.
    #[error("I-Chat can't write to its data folder {}: {cause}. Give this user the right to write there, or choose another folder.", dir.display())]
    ReadOnly {
        /// The folder.
        dir: PathBuf,
        /// What the system said.
        cause: String,
    },
    /// The file is not a sound database. It was left as it is.
    #[error(
        "The history in {} is damaged ({cause}). It was left as it is: put a backup in its place (`ichat-server restore`), or move it away to begin a new one.",
        file.display()
    )]
    Damaged {
        /// The database file.
        file: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// Something that was confirmed is not there. The file was left as it is.
    #[error(
        "The history in {} lacks {missing}, which were confirmed: the end of its log is damaged or gone, or an older copy was put in its place. It was left as it is. Use `ichat-server restore` to put a backup in its place, or to go on with what is there.",
        file.display()
    )]
    Behind {
        /// The database file.
        file: PathBuf,
        /// What is missing.
        missing: String,
    },
    /// A later version of I-Chat wrote it.
    #[error(
        "The history in {} was written by a later version of I-Chat (format {found}; this version knows up to {known}). Update I-Chat to open it.",
        file.display()
    )]
    TooNew {
        /// The database file.
        file: PathBuf,
        /// Its format.
        found: u32,
        /// The latest format that this version knows.
        known: u32,
    },
    /// The disk has no room for the database.
    #[error("The disk that holds the data folder {} is full. Free some space and start again.", dir.display())]
    Full {
        /// The folder.
        dir: PathBuf,
    },
    /// Anything else that the system or the database said.
    #[error("I-Chat could not open its data folder {}: {cause}.", dir.display())]
    Io {
        /// The folder.
        dir: PathBuf,
        /// What was said.
        cause: String,
    },
}

/// Why reading or writing failed. Nothing of the batch was written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Reading goes on; writing works again when there is space.
    #[error("The disk is full: free some space, then try again.")]
    Full,
    /// The disk or the database failed. The caller may try again.
    #[error("The history could not be read or written: {0}.")]
    Io(String),
    /// What stands in the file is not what was written. Trying again does not help; what else is there can still be read.
    #[error(
        "The history is damaged: {0}. Stop the server, look at it with `ichat-server check`, and put a backup in its place with `ichat-server restore`."
    )]
    Damaged(String),
    /// The entries don't adjoin what is held, contradict it, or are of another history.
    /// The caller asks the server for the room again (`Reset`, then entries).
    #[error("These entries don't fit what is held of the room: {0}.")]
    OutOfSync(String),
    /// The store was closed.
    #[error("The history is closed.")]
    Closed,
}

impl StoreError {
    pub(crate) fn of_sql(error: &rusqlite::Error) -> Self {
        use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
        use rusqlite::ErrorCode::{DatabaseCorrupt, DiskFull, NotADatabase};
        match error.sqlite_error_code() {
            Some(DiskFull) => StoreError::Full,
            Some(DatabaseCorrupt | NotADatabase) => StoreError::Damaged(error.to_string()),
            Some(_) => StoreError::Io(error.to_string()),
            None => match error {
                FromSqlConversionFailure(_, _, cause) => StoreError::Damaged(cause.to_string()),
                InvalidColumnType(..) | IntegralValueOutOfRange(..) => StoreError::Damaged(error.to_string()),
                _ => StoreError::Io(error.to_string()),
            },
        }
    }
}
