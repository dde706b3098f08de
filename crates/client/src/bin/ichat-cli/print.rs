//! The output, as text or as JSON. Text from other users never reaches the terminal unfiltered.

#![allow(clippy::print_stdout, reason = "standard output is this program's interface")]

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use ichat_protocol::{Body, Entry, MemberId, Name, RoomSummary, WireError};
use serde_json::{Value, json};

/// Prints a JSON value on a line of its own.
pub(crate) fn object(value: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{value}")?;
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
        json!({ "error": error }).to_string()
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
        Body::MemberRenamed { name } => format!("* {author} is now {name}"),
        Body::RoomRenamed { name } => format!("* {author} renamed the room to {name}"),
        Body::Topic { text } => format!("* {author} set the topic: {text}"),
        Body::Unknown(_) => {
            format!("* {author} did something that this version does not know: update I-Chat to see it")
        }
    };
    line(&text)
}

/// Removes characters that move the cursor or hide text, and indents line breaks.
fn filtered(text: &str) -> String {
    let is_plain = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    let visible: String = text.chars().filter(is_plain).filter(|c| !is_bidi_control(*c)).collect();
    visible.replace('\n', "\n    ")
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
