//! The `chat message` event, in both directions. `session/tutorial.rs` describes the contract.

use ichat_protocol::{Entry, Seq};

/// The name of the event.
pub(crate) const CHAT_MESSAGE: &str = "chat message";

/// Returns the arguments of a `chat message`, if the entry is a message. Edits, which refer to one, are not part of the
/// contract.
pub(crate) fn chat_message(entry: &Entry) -> Option<(&str, Seq)> {
    let text = entry.body.message_text()?;
    entry.body.target().is_none().then_some((text, entry.seq))
}
