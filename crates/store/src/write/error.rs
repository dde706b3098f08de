//! Errors of the writer.

use crate::StoreError;

/// The reason why a batch was not written.
#[derive(Debug)]
pub(crate) enum WriteError {
    Sql(rusqlite::Error),
    OutOfSync(String),
}

impl From<rusqlite::Error> for WriteError {
    fn from(error: rusqlite::Error) -> Self {
        WriteError::Sql(error)
    }
}

impl From<WriteError> for StoreError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Sql(error) => StoreError::of_sql(&error),
            WriteError::OutOfSync(cause) => StoreError::OutOfSync(cause),
        }
    }
}
