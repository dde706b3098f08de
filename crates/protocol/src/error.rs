//! Refusals: a code for programs and a sentence for people.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use ts_rs::TS;

/// The reason for a refusal, for programs.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    TS,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ErrorCode {
    /// A field is missing, wrong or of the wrong type. Repeating the request doesn't help.
    BadRequest,
    /// There is no event of this name.
    UnknownEvent,
    /// There is no such room, or the person may not see it.
    UnknownRoom,
    /// The message that it refers to is not in this room (it may have been deleted), or is damaged on the server's disk.
    UnknownEntry,
    /// Only members of the room may do this: send `join` first.
    NotJoined,
    /// Only the author may do this.
    NotYours,
    /// A field is over its limit.
    TooLarge,
    /// As much is written as the person may write within a day, or as the server's disk has space for. It takes more in hours, or
    /// when its host has made space: the sentence says when.
    OverQuota,
    /// Another entry or room has the id.
    Conflict,
    /// The client sends too much at once: wait and retry.
    Busy,
    /// The server is shutting down: retry when it is back.
    Closing,
    /// The server can't read or write its data: retry later.
    Storage,
    /// The two sides have no protocol version in common.
    Protocol,
    /// The signature, the key or the nonce is wrong: request `/api/hello` again.
    Auth,
    /// The server accepts no clients without a key.
    NoGuests,
    /// A code from a later version.
    #[serde(other)]
    Other,
}

impl ErrorCode {
    /// Returns the text form, as in the `code` field on the wire.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Returns `true` if the same request may succeed in some seconds, so that programs repeat it by themselves.
    pub fn is_transient(self) -> bool {
        match self {
            ErrorCode::Busy | ErrorCode::Closing | ErrorCode::Storage => true,
            ErrorCode::BadRequest
            | ErrorCode::UnknownEvent
            | ErrorCode::UnknownRoom
            | ErrorCode::UnknownEntry
            | ErrorCode::NotJoined
            | ErrorCode::NotYours
            | ErrorCode::TooLarge
            | ErrorCode::OverQuota
            | ErrorCode::Conflict
            | ErrorCode::Protocol
            | ErrorCode::Auth
            | ErrorCode::NoGuests
            | ErrorCode::Other => false,
        }
    }

    /// Returns `true` if the person is not, or no longer, a member of the room.
    pub fn is_not_a_member(self) -> bool {
        match self {
            ErrorCode::UnknownRoom | ErrorCode::NotJoined => true,
            ErrorCode::BadRequest
            | ErrorCode::UnknownEvent
            | ErrorCode::UnknownEntry
            | ErrorCode::NotYours
            | ErrorCode::TooLarge
            | ErrorCode::OverQuota
            | ErrorCode::Conflict
            | ErrorCode::Busy
            | ErrorCode::Closing
            | ErrorCode::Storage
            | ErrorCode::Protocol
            | ErrorCode::Auth
            | ErrorCode::NoGuests
            | ErrorCode::Other => false,
        }
    }
}

/// A refusal: `{code, message}`, with a time for the code `busy`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
pub struct WireError {
    /// The code for programs.
    pub code: ErrorCode,
    /// A sentence for people that says what to do.
    pub message: String,
    /// The time after which the same request may succeed, in milliseconds. What isn't a whole number is left out.
    #[serde(default, deserialize_with = "whole_millis", skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub retry_after_ms: Option<u32>,
}

/// Reads a time, and leaves it out if it isn't a whole number: the refusal counts without it as well.
fn whole_millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let time = serde_json::Value::deserialize(deserializer)?.as_u64();
    Ok(time.map(|time| u32::try_from(time).unwrap_or(u32::MAX)))
}

impl WireError {
    /// Creates a refusal.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retry_after_ms: None,
        }
    }

    /// Creates a refusal with the code `busy`, and the time after which the same request may succeed.
    pub fn busy(message: impl Into<String>, retry_after: Duration) -> Self {
        let millis = retry_after.as_nanos().div_ceil(1_000_000);
        Self {
            retry_after_ms: Some(u32::try_from(millis).unwrap_or(u32::MAX)),
            ..Self::new(ErrorCode::Busy, message)
        }
    }

    /// Creates a refusal with the code `bad_request`.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadRequest, message)
    }

    /// Creates a refusal from an error whose text is not a sentence yet: adds the capital letter and the full stop.
    pub fn from_error(code: ErrorCode, error: &impl std::error::Error) -> Self {
        let text = error.to_string();
        let mut letters = text.chars();
        let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
        Self::new(code, format!("{first}{}.", letters.as_str()))
    }

    /// Parses the text form, which is all that a Socket.IO connect error has room for: `code: sentence`, or `code time:
    /// sentence` with the time in milliseconds.
    pub fn from_text(text: &str) -> Self {
        let error = text.split_once(": ").and_then(|(code, message)| {
            let (code, retry_after) = match code.split_once(' ') {
                Some((code, time)) => (code, Some(time.parse().ok()?)),
                None => (code, None),
            };
            let code: ErrorCode = code.parse().ok()?;
            let error = Self::new(code, message);
            (code != ErrorCode::Other).then_some(Self {
                retry_after_ms: retry_after,
                ..error
            })
        });
        error.unwrap_or_else(|| Self::new(ErrorCode::Other, text))
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code,
            message,
            retry_after_ms,
        } = self;
        match retry_after_ms {
            Some(time) => write!(f, "{} {time}: {message}", code.as_str()),
            None => write!(f, "{}: {message}", code.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    //! - the text form can be parsed
    //! - a refusal counts without a time that can't be understood

    use super::*;

    #[test]
    fn the_text_form_can_be_parsed() {
        let error = WireError::new(ErrorCode::NoGuests, "This server wants a key: use the app.");
        assert_eq!(error.to_string(), "no_guests: This server wants a key: use the app.");
        assert_eq!(WireError::from_text(&error.to_string()), error);
        let error = WireError::busy("Too much: wait.", Duration::from_micros(1_200_001));
        assert_eq!(error.to_string(), "busy 1201: Too much: wait.");
        assert_eq!(WireError::from_text(&error.to_string()), error);
        for other in ["connection: lost", "busy soon: Wait.", "busy -1: Wait."] {
            assert_eq!(WireError::from_text(other), WireError::new(ErrorCode::Other, other));
        }
    }

    #[test]
    fn a_refusal_counts_without_a_time_that_can_not_be_understood() {
        for (time, taken) in [
            ("1500", Some(1500)),
            ("99999999999", Some(u32::MAX)),
            ("1.5", None),
            ("-1", None),
            ("1e99", None),
            ("null", None),
            (r#""soon""#, None),
            ("[1]", None),
        ] {
            let text = format!(r#"{{"code":"busy","message":"Wait.","retry_after_ms":{time}}}"#);
            let error: WireError = serde_json::from_str(&text).expect(&text);
            assert_eq!(error.retry_after_ms, taken, "{text}");
        }
    }
}
