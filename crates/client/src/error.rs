//! The errors of a client. Each message says what the user can do.

use std::io;
use std::path::PathBuf;

use ichat_protocol::{ErrorCode, WireError};
use ichat_store::StoreError;

use crate::Address;

/// An error of [`crate::Client::open`].
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process uses the data folder.
    #[error("The data folder {} is in use by another I-Chat. Quit that one first, or choose another folder.", dir.display())]
    InUse { dir: PathBuf },
    /// The data folder, or a file in it, is not readable or not writable.
    #[error("I-Chat can't use its data folder {}: {cause}.", dir.display())]
    Folder { dir: PathBuf, cause: io::Error },
    #[error("I-Chat can't use the network: {0}.")]
    Network(#[from] reqwest::Error),
}

/// An error of [`crate::Client::join`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// The server answers, but could not be added to the list of known servers.
    #[error("The server was found, but can't be remembered: {0}. Free some space, or check the data folder's rights.")]
    Storage(String),
    /// The client is shutting down.
    #[error("I-Chat is closing.")]
    Closing,
}

/// An error of probing addresses: none led to the wanted server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// There is no connection to the address, or no answer in time.
    #[error("Nobody answers at {address}. Is I-Chat running there, and are both on the same network? ({cause})")]
    Unreachable { address: Address, cause: String },
    /// The answer is not one of an I-Chat server.
    #[error("Something other than I-Chat answers at {address}. Check the address and the port.")]
    NotIChat { address: Address },
    /// The server refuses the client with a message.
    #[error("The server at {address} says: {message}")]
    Refused { address: Address, message: String },
    /// The server has nothing at this path. The message says where it is.
    #[error("The server at {address} says: {message}")]
    Elsewhere { address: Address, message: String },
    /// The server and this client have no protocol version in common.
    #[error("{}", protocol_mismatch(theirs, ours))]
    NoCommonProtocol { theirs: Vec<u32>, ours: Vec<u32> },
    /// The address belongs to another server than the wanted one.
    #[error(
        "Another I-Chat server ({name}) answers at {address} now. Look for the one you want in the list of near servers, or ask its host for the address."
    )]
    WrongServer { address: Address, name: String },
    #[error("No address of this server is known. Ask its host for the address, and join by it.")]
    NoAddress,
}

/// An error of [`crate::Client::command`], which was not accepted. The outcome of an accepted command arrives as an update.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    #[error("This server is not known. Join it first.")]
    UnknownServer,
    /// The command could not be saved and has no effect.
    #[error("It could not be saved: {0}")]
    Storage(String),
    /// The client is shutting down.
    #[error("I-Chat is closing.")]
    Closing,
}

impl JoinError {
    /// Returns the error in the form that the interface shows.
    pub fn to_wire(&self) -> WireError {
        match self {
            JoinError::Probe(error) => error.to_wire(),
            JoinError::Storage(_) => WireError::new(ErrorCode::Storage, self.to_string()),
            JoinError::Closing => WireError::new(ErrorCode::Closing, self.to_string()),
        }
    }
}

impl ProbeError {
    /// Returns the error in the form that the interface shows.
    pub fn to_wire(&self) -> WireError {
        let code = match self {
            ProbeError::NoCommonProtocol { .. } => ErrorCode::Protocol,
            ProbeError::Unreachable { .. }
            | ProbeError::NotIChat { .. }
            | ProbeError::Refused { .. }
            | ProbeError::Elsewhere { .. }
            | ProbeError::WrongServer { .. }
            | ProbeError::NoAddress => ErrorCode::Other,
        };
        WireError::new(code, self.to_string())
    }

    /// Ranks the errors of several addresses. The highest is the one to show.
    pub(crate) fn informativeness(&self) -> u8 {
        match self {
            ProbeError::NoCommonProtocol { .. } => 5,
            ProbeError::WrongServer { .. } => 4,
            ProbeError::Refused { .. } | ProbeError::Elsewhere { .. } => 3,
            ProbeError::NotIChat { .. } => 2,
            ProbeError::Unreachable { .. } => 1,
            ProbeError::NoAddress => 0,
        }
    }
}

impl CommandError {
    /// Returns the error in the form that the interface shows.
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

fn protocol_mismatch(theirs: &[u32], ours: &[u32]) -> String {
    let list = |versions: &[u32]| {
        // A hostile server could list any number.
        let texts: Vec<_> = versions.iter().take(8).map(u32::to_string).collect();
        if texts.is_empty() {
            "none".into()
        } else {
            texts.join(", ")
        }
    };
    let advice = if theirs.iter().max() > ours.iter().max() {
        "Update I-Chat here."
    } else {
        "I-Chat on the server needs an update."
    };
    let (theirs, ours) = (list(theirs), list(ours));
    format!("This server speaks protocol version {theirs}, this I-Chat {ours}. {advice}")
}
