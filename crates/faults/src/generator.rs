//! The generator of random posts.

use anyhow::Result;
use ichat_protocol::{Body, EntryId};

use crate::client_handle::ClientHandle;
use crate::round::Round;

/// Characters that are easily damaged on the way.
const CHARACTERS: &str = "abc äöü 漢字 🦀 \"quoted\" \\ \u{2028} <b> &amp; \u{0} ";

/// Returns a message of random length, up to some kilobytes.
pub(crate) fn message(rng: &mut fastrand::Rng, about: &str) -> Body {
    let mut text = format!("{about} ");
    let length = if rng.u32(..20) == 0 {
        rng.usize(..4_000)
    } else {
        rng.usize(..200)
    };
    text.extend(CHARACTERS.chars().cycle().skip(rng.usize(..20)).take(length));
    Body::Message {
        text,
        reply_to: None,
        mentions: Vec::new(),
    }
}

/// Returns an edit of one of the messages.
fn edit(messages: &[EntryId], rng: &mut fastrand::Rng, number: u32) -> Body {
    Body::Edit {
        of: messages[rng.usize(..messages.len())],
        text: format!("edited {number}"),
        mentions: Vec::new(),
    }
}

/// Returns the deletion of one of the messages, and removes it from them.
fn delete(messages: &mut Vec<EntryId>, rng: &mut fastrand::Rng) -> Body {
    let of = messages.swap_remove(rng.usize(..messages.len()));
    Body::Delete { of }
}

/// Gives a client a number of posts, without waiting: messages, edits and deletions.
pub(crate) fn post(round: &mut Round, client: &ClientHandle, about: &str, count: u32) -> Result<()> {
    post_with(round, client, about, count, true)
}

/// Gives a client a number of posts, without waiting: messages and edits.
pub(crate) fn post_without_deletions(round: &mut Round, client: &ClientHandle, about: &str, count: u32) -> Result<()> {
    post_with(round, client, about, count, false)
}

/// Gives a client a number of messages, without waiting.
pub(crate) fn post_messages(round: &mut Round, client: &ClientHandle, about: &str, count: u32) -> Result<()> {
    for number in 0..count {
        let text = format!("{} {about} {number}", client.name());
        client.post(message(&mut round.rng, &text))?;
    }
    Ok(())
}

fn post_with(round: &mut Round, client: &ClientHandle, about: &str, count: u32, deletes: bool) -> Result<()> {
    let mut messages = Vec::new();
    for number in 0..count {
        let rng = &mut round.rng;
        let body = match rng.u32(..10) {
            0 if !messages.is_empty() => edit(&messages, rng, number),
            1 if deletes && !messages.is_empty() => delete(&mut messages, rng),
            _ => message(rng, &format!("{} {about} {number}", client.name())),
        };
        let is_message = matches!(body, Body::Message { .. });
        let id = client.post(body)?;
        if is_message {
            messages.push(id);
        }
    }
    Ok(())
}
