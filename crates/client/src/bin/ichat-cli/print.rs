//! The output, as text or as JSON. Text from other users never reaches the terminal unfiltered.

#![allow(clippy::print_stdout, reason = "standard output is this program's interface")]

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use ichat_protocol::visibility::sets_direction;
use ichat_protocol::{Body, Entry, MemberId, Name, RoomSummary, WireError};
use serde_json::{Value, json};

/// Prints a JSON value on a line of its own.
pub(crate) fn object(value: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", escaped(value))?;
    out.flush()
}

/// Prints a line of text.
pub(crate) fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", filtered(text))?;
    out.flush()
}

/// Prints an error to standard error.
pub(crate) fn error(json: bool, error: &WireError) {
    let text = if json {
        escaped(&json!({ "error": error }))
    } else {
        filtered(&error.message)
    };
    // Fails if standard error is closed, which is the caller's choice.
    drop(writeln!(io::stderr(), "{text}"));
}

pub(crate) fn room(json: bool, room: &RoomSummary) -> io::Result<()> {
    if json {
        return object(&json!(room));
    }
    let mark = if room.joined { '*' } else { ' ' };
    let people = if room.members == 1 { "person" } else { "people" };
    let topic = if room.topic.is_empty() {
        String::new()
    } else {
        format!("  {}", room.topic)
    };
    line(&format!("{mark} {}  ({} {people}){topic}", room.name, room.members))
}

pub(crate) fn entry(json: bool, entry: &Entry, names: &BTreeMap<MemberId, Name>) -> io::Result<()> {
    let name = names.get(&entry.author);
    if json {
        let mut value = json!(entry);
        if let (Some(fields), Some(name)) = (value.as_object_mut(), name) {
            fields.insert("name".into(), json!(name));
        }
        return object(&value);
    }
    let author = name.map_or_else(|| entry.author.as_str().chars().take(12).collect(), Name::to_string);
    let text = match &entry.body {
        Body::Message { text, .. } => format!("{author}: {text}"),
        Body::Edit { text, .. } => format!("{author} corrects: {text}"),
        Body::Delete { .. } => format!("* {author} deleted a message"),
        Body::Wiped => format!("* a message of {author} was deleted"),
        Body::React { emoji, on: true, .. } => format!("* {author} reacts: {emoji}"),
        Body::React { emoji, on: false, .. } => format!("* {author} takes back: {emoji}"),
        Body::Created { name } => format!("* the room {name} was created"),
        Body::Joined { name } => format!("* {name} joined"),
        Body::Left => format!("* {author} left"),
        Body::MemberRenamed { name, from } => {
            format!("* {} is now {name}", from.as_ref().map_or(&*author, Name::as_str))
        }
        Body::RoomRenamed { name } => format!("* {author} renamed the room to {name}"),
        Body::Topic { text } => format!("* {author} set the topic: {text}"),
        Body::Unknown(_) => {
            format!("* {author} did something that this version does not know: update I-Chat to see it")
        }
    };
    line(&text)
}

/// Removes the characters that a terminal acts on, and indents line breaks.
fn filtered(text: &str) -> String {
    let is_plain = |c: &char| matches!(c, '\n' | '\t') || !acts_on_terminal(*c);
    let visible: String = text.chars().filter(is_plain).collect();
    visible.replace('\n', "\n    ")
}

/// Returns the value as JSON without the characters that a terminal acts on. They occur only inside of strings, where an
/// escape means the same.
fn escaped(value: &Value) -> String {
    let escape = |c: char| {
        if acts_on_terminal(c) {
            format!("\\u{:04x}", u32::from(c))
        } else {
            c.to_string()
        }
    };
    value.to_string().chars().map(escape).collect()
}

/// Returns whether a character moves the cursor, changes colours, or changes the direction of the text.
fn acts_on_terminal(c: char) -> bool {
    c.is_control() || sets_direction(c)
}

#[cfg(test)]
mod tests {
    //! - nothing that a terminal acts on is printed, neither as text nor as JSON
    //! - a text can't look like a line of its own

    use super::*;

    /// Escape and its one-character form, a backspace, and a character that turns the rest around.
    const HOSTILE: &str = "a\u{1b}[31mb\u{9b}31mc\u{8}\u{202e}d";

    #[test]
    fn nothing_that_a_terminal_acts_on_is_printed() {
        assert_eq!(filtered(HOSTILE), "a[31mb31mcd");
        let value = json!({ "text": HOSTILE });
        let printed = escaped(&value);
        assert!(!printed.chars().any(acts_on_terminal), "{printed:?}");
        assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), value);
    }

    #[test]
    fn a_text_cannot_look_like_a_line_of_its_own() {
        assert_eq!(filtered("one\nEve: two\r"), "one\n    Eve: two");
    }
}
