//! The errors that clients receive.

use std::time::Duration;

use ichat_protocol::limits::{MAX_PACKET_BYTES, MAX_PENDING_BYTES, MAX_PENDING_EVENTS};
use ichat_protocol::{Entry, ErrorCode, WireError};
use ichat_store::{Outcome, StoreError};

/// Returns the error of a packet that is not JSON, or has a value that Rust can't represent.
pub(crate) fn not_json(error: &serde_json::Error) -> WireError {
    unpaired_surrogate(error).unwrap_or_else(|| WireError::bad_request(format!("The arguments are not JSON: {error}.")))
}

/// Returns the error of a JSON text that has half of a surrogate pair, if that is what is wrong with it.
pub(crate) fn unpaired_surrogate(error: &serde_json::Error) -> Option<WireError> {
    let reason = error.to_string();
    (reason.contains("surrogate") || reason.contains("hex escape")).then(|| {
        WireError::bad_request(
            "A text has half of a character (an unpaired surrogate), which can't be shown. Replace it, in JavaScript with \
             toWellFormed().",
        )
    })
}

/// Returns the reason for which a packet that socketioxide can't read ends the connection.
pub(crate) fn unreadable_packet() -> WireError {
    WireError::bad_request(
        "A packet could not be read, so the connection ends. An event is a JSON array that begins with its name, without \
         escapes in the name (such as \\ud83d, half of a character) and without attachments.",
    )
}

/// Returns the reason for which a frame that no WebSocket may have, or that is too long, ends the connection.
pub(crate) fn unreadable_frame() -> WireError {
    WireError::bad_request(format!(
        "A WebSocket message was damaged, not UTF-8, or longer than {MAX_PACKET_BYTES} bytes, so the connection ends."
    ))
}

/// Returns the error of a client that left while it signed in. It is for the log: no one receives it.
pub(crate) fn disconnected() -> WireError {
    WireError::bad_request("The connection has ended.")
}

pub(crate) fn binary() -> WireError {
    WireError::bad_request("The arguments must be JSON, not binary data.")
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

pub(crate) fn unknown_entry() -> WireError {
    WireError::new(ErrorCode::UnknownEntry, "There is no entry with this id in this room.")
}

/// Returns the error of an event for which there is no space in its connection's queue.
pub(crate) fn too_many_pending() -> WireError {
    WireError::busy(
        format!(
            "Too many of your events are waiting already: at most {MAX_PENDING_EVENTS}, and {MAX_PENDING_BYTES} bytes. Wait \
             for responses, then try again."
        ),
        Duration::from_secs(1),
    )
}

/// Returns the error of a request beyond the budget of its person or address.
pub(crate) fn too_fast(retry_after: Duration) -> WireError {
    let message = format!("Too much was sent at once. Try again in {}.", seconds(retry_after));
    WireError::busy(message, retry_after)
}

/// Returns the error of a sign-in beyond the budget of its person or address.
pub(crate) fn too_many_sign_ins(retry_after: Duration) -> WireError {
    let message = format!(
        "This person, or somebody at this address, connects too often. Try again in {}.",
        seconds(retry_after)
    );
    WireError::busy(message, retry_after)
}

/// Returns the reason for which the connection of a client that takes no notice of `busy` ends.
pub(crate) fn busy_ignored(retry_after: Duration) -> WireError {
    let message = format!(
        "The connection ends: its events were refused as busy, and it went on. After such a refusal wait for its \
         retry_after_ms, here {}, before the next event.",
        seconds(retry_after)
    );
    WireError::busy(message, retry_after)
}

/// Returns the reason for which the connection of a client ends that reads so slowly that an acknowledgement found no space.
pub(crate) fn reads_too_slowly() -> WireError {
    WireError::busy(
        "The connection ends: more waits for you than the server keeps, and an acknowledgement would have been lost. Connect \
         again, and repeat what was not acknowledged.",
        Duration::from_secs(1),
    )
}

/// Returns the error of a room beyond those that a person may create in all.
pub(crate) fn too_many_rooms(max: u32) -> WireError {
    let message = format!(
        "You have created {max} rooms, as many as one person may create on this server. Use one of them for something else: \
         its name can be changed."
    );
    WireError::new(ErrorCode::TooLarge, message)
}

/// Returns the error of a room beyond those that a person may create within a day.
pub(crate) fn too_many_rooms_today(max: u64, wait_ms: u64) -> WireError {
    let message = format!(
        "{max} rooms were created within a day by you, or from your address, as many as this server allows. Try again in {}, \
         or use a room that exists.",
        hours(wait_ms)
    );
    WireError::new(ErrorCode::OverQuota, message)
}

/// Returns the error of what is beyond the entries or bytes of a day.
pub(crate) fn too_much_today(limit: &str, wait_ms: u64) -> WireError {
    let message = format!(
        "{limit} were written within a day by you, or from your address, as many as this server allows. It takes more in {}.",
        hours(wait_ms)
    );
    WireError::new(ErrorCode::OverQuota, message)
}

/// Returns the error of what would use the last free space of the disk.
pub(crate) fn disk_reserve_used() -> WireError {
    WireError::new(
        ErrorCode::OverQuota,
        "The server's disk is nearly full: it takes nothing more until its host has made space. Members can still read.",
    )
}

/// Returns the error of a new person's sign-in, for the reason why their joining can't be written.
pub(crate) fn nobody_new(reason: &WireError) -> WireError {
    let message = format!(
        "Nobody new can join now, though people who are members come in. {}",
        reason.message
    );
    WireError::new(reason.code, message)
}

/// Returns the error of what a guest would write into the space that is kept for people with a key.
pub(crate) fn guest_disk_reserve_used() -> WireError {
    WireError::new(
        ErrorCode::OverQuota,
        "The server's disk is filling up: the space that is left is for people with a key. Use the I-Chat app, or the web page \
         that this server serves, or wait until its host has made space.",
    )
}

/// Returns a time of up to a day in words, rounded up.
fn hours(ms: u64) -> String {
    match ms.div_ceil(60 * 60 * 1_000) {
        0 | 1 => "an hour".to_owned(),
        count => format!("{count} hours"),
    }
}

/// Returns a time in words, rounded up.
fn seconds(time: Duration) -> String {
    match time.as_nanos().div_ceil(1_000_000_000) {
        0 | 1 => "a second".to_owned(),
        count => format!("{count} seconds"),
    }
}

pub(crate) fn closing() -> WireError {
    WireError::new(
        ErrorCode::Closing,
        "The server is shutting down. Try again when it is back.",
    )
}

/// Returns the error of a request that the store could not serve.
pub(crate) fn storage_failed() -> WireError {
    WireError::new(
        ErrorCode::Storage,
        "The server could not use its disk. Try again later.",
    )
}

/// Logs an error of the store, and returns what the client receives instead.
#[expect(clippy::needless_pass_by_value, reason = "the form that `map_err` takes")]
pub(crate) fn storage(error: StoreError) -> WireError {
    match error {
        StoreError::Closed => return closing(),
        StoreError::Full | StoreError::Io(_) | StoreError::Damaged(_) | StoreError::OutOfSync(_) => {}
    }
    tracing::error!(%error, "the store failed");
    storage_failed()
}

/// Returns the entry of an outcome, and `true` if it is new; or the error of an entry that was rejected.
pub(crate) fn written(outcome: Outcome) -> Result<(Entry, bool), WireError> {
    let (code, message) = match outcome {
        Outcome::Committed(entry) => return Ok((entry, true)),
        Outcome::Duplicate(entry) => return Ok((entry, false)),
        Outcome::UnknownRoom => return Err(unknown_room()),
        Outcome::NotJoined => return Err(not_joined()),
        Outcome::Conflict => (
            ErrorCode::Conflict,
            "This id is taken by something else: make a new one.",
        ),
        Outcome::UnknownEntry => (
            ErrorCode::UnknownEntry,
            "That message is not in this room; it may have been deleted.",
        ),
        Outcome::NotYours => (ErrorCode::NotYours, "Only the author may change or delete a message."),
        Outcome::LimitReached => (
            ErrorCode::TooLarge,
            "This server has as many rooms as it can have, or this room as many entries.",
        ),
        Outcome::TooManyReactions => (
            ErrorCode::TooLarge,
            "This message has as many reactions as a message can have.",
        ),
        Outcome::TooManyGuestReactions => (
            ErrorCode::TooLarge,
            "This message has as many reactions of guests as a message can have: people with a key can still react, in the I-Chat \
             app or on the web page that this server serves.",
        ),
        Outcome::TooManyOwnReactions => (
            ErrorCode::TooLarge,
            "You have reacted to this message in as many ways as one person can: remove a reaction first.",
        ),
        Outcome::Damaged(cause) => {
            tracing::error!(%cause, "an entry is damaged");
            // Not `storage`, which is transient: a client would repeat the post forever, before all of its later ones.
            (
                ErrorCode::UnknownEntry,
                "The entry that this one depends on is damaged on the server's disk.",
            )
        }
    };
    Err(WireError::new(code, message))
}

#[cfg(test)]
mod tests {
    //! - half of a surrogate pair is told apart from other damage to a JSON text
    //! - a post that depends on a damaged entry is refused for good

    use super::*;

    #[test]
    fn half_of_a_surrogate_pair_is_told_apart() {
        let error = |json: &str| unpaired_surrogate(&serde_json::from_str::<serde_json::Value>(json).unwrap_err());
        for half in [r#"{"name":"\ud83d"}"#, r#"{"name":"\udc00x"}"#, r#"{"name":"\ud83dx"}"#] {
            assert!(
                error(half).is_some_and(|error| error.message.contains("half of a character")),
                "{half}"
            );
        }
        assert!(error("{").is_none());
    }

    #[test]
    fn a_post_that_depends_on_a_damaged_entry_is_refused_for_good() {
        let error = written(Outcome::Damaged("entry 7 is not what was written".to_owned())).unwrap_err();
        assert!(!error.code.is_transient(), "{error}");
    }
}
