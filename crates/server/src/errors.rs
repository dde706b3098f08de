//! The errors that clients receive.

use ichat_protocol::limits::MAX_PENDING_EVENTS;
use ichat_protocol::{ErrorCode, WireError};
use ichat_store::{Outcome, StoreError};

pub(crate) fn bad_request(message: impl Into<String>) -> WireError {
    WireError::new(ErrorCode::BadRequest, message)
}

pub(crate) fn not_json() -> WireError {
    bad_request("The arguments are not JSON.")
}

pub(crate) fn not_joined() -> WireError {
    WireError::new(
        ErrorCode::NotJoined,
        "Only members of the room may do this: join it first.",
    )
}

pub(crate) fn unknown_room() -> WireError {
    WireError::new(
        ErrorCode::UnknownRoom,
        "There is no such room on this server: look at its list of rooms.",
    )
}

pub(crate) fn busy() -> WireError {
    WireError::new(
        ErrorCode::Busy,
        format!("{MAX_PENDING_EVENTS} of your events are waiting already. Wait for answers, then try again."),
    )
}

pub(crate) fn closing() -> WireError {
    WireError::new(
        ErrorCode::Closing,
        "The server is going down. Try again when it is back.",
    )
}

/// The error of a post that the disk did not take.
pub(crate) fn not_written() -> WireError {
    WireError::new(
        ErrorCode::Storage,
        "The server could not use its disk. Try again later.",
    )
}

/// Logs an error of the store, and returns what the client receives instead.
#[expect(clippy::needless_pass_by_value, reason = "the form that `map_err` takes")]
pub(crate) fn storage(error: StoreError) -> WireError {
    if matches!(error, StoreError::Closed) {
        return closing();
    }
    tracing::error!(%error, "the store failed");
    not_written()
}

/// Returns the error of an outcome, unless the entry is in the log.
pub(crate) fn of_outcome(outcome: &Outcome) -> Option<WireError> {
    match outcome {
        Outcome::Committed(_) | Outcome::Duplicate(_) => None,
        Outcome::Conflict => Some(WireError::new(
            ErrorCode::Conflict,
            "This id is taken by something else: make a new one.",
        )),
        Outcome::UnknownRoom => Some(unknown_room()),
        Outcome::NotJoined => Some(not_joined()),
        Outcome::UnknownEntry => Some(WireError::new(
            ErrorCode::UnknownEntry,
            "That message is not in this room; it may have been deleted.",
        )),
        Outcome::NotYours => Some(WireError::new(
            ErrorCode::NotYours,
            "Only the author may change or delete a message.",
        )),
    }
}

/// Fails with the first error among these outcomes.
pub(crate) fn check_outcomes(outcomes: &[Outcome]) -> Result<(), WireError> {
    outcomes.iter().find_map(of_outcome).map_or(Ok(()), Err)
}
