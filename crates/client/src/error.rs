//! Why something was not done, in sentences that a person can act on.

use std::io;
use std::path::PathBuf;

use ichat_protocol::{ErrorCode, WireError};
use ichat_store::StoreError;

use crate::hello::HelloError;

/// Why the client did not start; each is a sentence that a person can act on.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("The data folder {} is in use by another I-Chat. Quit that one first, or choose another folder.", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder, or a file in it, can't be read or written.
    #[error("I-Chat can't use its data folder {}: {cause}.", dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The system gives no networking.
    #[error("I-Chat can't use the network: {0}.")]
    Network(#[from] reqwest::Error),
}

/// Why a server was not joined; each is a sentence that a person can act on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// Nobody was reached, or not the right one.
    #[error(transparent)]
    Hello(#[from] HelloError),
    /// The server can't be remembered.
    #[error("The server was found, but can't be remembered: {0}. Free some space, or check the data folder's rights.")]
    Storage(String),
    /// The client ends.
    #[error("I-Chat is closing.")]
    Closing,
}

impl JoinError {
    /// In the words of the protocol.
    pub fn to_wire(&self) -> WireError {
        match self {
            JoinError::Hello(error) => error.to_wire(),
            JoinError::Storage(_) => WireError::new(ErrorCode::Storage, self.to_string()),
            JoinError::Closing => WireError::new(ErrorCode::Closing, self.to_string()),
        }
    }
}

/// Why a command was not taken. What the server does with one that was taken is told by updates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No such server is known.
    #[error("This server is not known. Join it first.")]
    UnknownServer,
    /// It could not be saved, and so was not done.
    #[error("It could not be saved: {0}")]
    Storage(String),
    /// The client ends.
    #[error("I-Chat is closing.")]
    Closing,
}

impl CommandError {
    /// In the words of the protocol.
    pub fn to_wire(&self) -> WireError {
        let code = match self {
            CommandError::UnknownServer => ErrorCode::Other,
            CommandError::Storage(_) => ErrorCode::Storage,
            CommandError::Closing => ErrorCode::Closing,
        };
        WireError::new(code, self.to_string())
    }
}

impl From<&StoreError> for CommandError {
    fn from(error: &StoreError) -> Self {
        CommandError::Storage(error.to_string())
    }
}
