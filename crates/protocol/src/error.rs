//! What is refused. The code is for programs, the sentence for people.

use std::fmt;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why something was refused, as a client may branch on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// A field is missing, wrong or of the wrong type. Don't repeat it as it is.
    BadRequest,
    /// No event of this name.
    UnknownEvent,
    /// No such room, or none that this person may see.
    UnknownRoom,
    /// The message that it speaks of does not stand in this room.
    UnknownEntry,
    /// Only members of the room may do this: join first.
    NotJoined,
    /// Only the author may do this.
    NotYours,
    /// Over a limit.
    TooLarge,
    /// The id is taken by something else.
    Conflict,
    /// Too much at once: wait and repeat.
    Busy,
    /// The server is going down: repeat when it is back.
    Closing,
    /// The server could not write to its disk: repeat later.
    Storage,
    /// The two sides have no protocol version in common.
    Protocol,
    /// The signature, the key or the nonce is wrong: ask `/api/hello` again.
    Auth,
    /// This server wants a key from everybody.
    NoGuests,
    /// A code from a later version.
    #[serde(other)]
    Other,
}

impl ErrorCode {
    /// Whether the same request may succeed later without being changed.
    pub fn is_passing(self) -> bool {
        matches!(self, ErrorCode::Busy | ErrorCode::Closing | ErrorCode::Storage)
    }
}

/// A refusal: `{code, message}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
pub struct WireError {
    /// For programs.
    pub code: ErrorCode,
    /// For people: what to do.
    pub message: String,
}

impl WireError {
    /// A refusal with its sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// Reads the text form `code: sentence`, which is all that a Socket.IO connect error can carry.
    pub fn from_text(text: &str) -> Self {
        let code = text.split_once(": ").and_then(|(code, message)| {
            let code = serde_json::from_value::<ErrorCode>(code.into()).ok()?;
            (code != ErrorCode::Other).then(|| Self::new(code, message))
        });
        code.unwrap_or_else(|| Self::new(ErrorCode::Other, text))
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = serde_json::to_value(self.code).unwrap_or_default();
        write!(f, "{}: {}", code.as_str().unwrap_or("other"), self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_reads_back() {
        let error = WireError::new(ErrorCode::NoGuests, "This server wants a key: use the app.");
        assert_eq!(error.to_string(), "no_guests: This server wants a key: use the app.");
        assert_eq!(WireError::from_text(&error.to_string()), error);
        assert_eq!(WireError::from_text("connection: lost").code, ErrorCode::Other);
    }
}
