//! `docs/protocol.md` matches the crate.
//!
//! - every example of an event can be parsed and is serialised to the same JSON
//! - every event of the protocol has an example
//! - the challenge and the `auth` payload can be parsed, and the signature is valid
//! - the table of kinds lists every kind with its writer
//! - the table of limits lists every limit
//! - the table of errors lists every code

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use ichat_protocol::{
    Auth, Body, Challenge, ClientEvent, Entries, ErrorCode, Kind, Page, ServerEvent, Writer, limits, sign, verify,
};
use serde_json::Value;
use strum::{VariantArray as _, VariantNames as _};

const DOCS: &str = include_str!("../../../docs/protocol.md");

/// Returns the text of one `## ` section.
fn section(heading: &str) -> &'static str {
    let (_, rest) = DOCS
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("docs/protocol.md has no section \"{heading}\""));
    rest.split("\n## ").next().unwrap()
}

/// Returns the examples of a section: the fenced JSON under each heading that is an event's name.
fn examples(heading: &str) -> BTreeMap<String, Value> {
    let mut examples = BTreeMap::new();
    for part in section(heading).split("\n### ").skip(1) {
        let (title, text) = part.split_once('\n').unwrap();
        let name = title.trim_matches('`').to_owned();
        let blocks = fenced_json(text);
        assert_eq!(blocks.len(), 1, "`{name}` has one example");
        assert!(
            examples.insert(name.clone(), blocks[0].clone()).is_none(),
            "`{name}` is documented twice"
        );
    }
    examples
}

fn fenced_json(text: &str) -> Vec<Value> {
    text.split("```json\n")
        .skip(1)
        .map(|rest| {
            let code = rest.split("```").next().unwrap();
            serde_json::from_str(code).unwrap_or_else(|e| panic!("not JSON ({e}): {code}"))
        })
        .collect()
}

/// Returns the rows of a section's first table, without the header.
fn table(heading: &str) -> Vec<Vec<String>> {
    table_after(heading, "")
}

/// Returns the rows of the first table after a text in a section, without the header.
fn table_after(heading: &str, text: &str) -> Vec<Vec<String>> {
    let (_, rest) = section(heading).split_once(text).unwrap();
    rest.lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            line.trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().trim_matches('`').to_owned())
                .collect()
        })
        .collect()
}

#[test]
fn examples_of_client_events_can_be_parsed() {
    for (name, data) in examples("Client events") {
        let event = ClientEvent::parse(&name, data.clone()).unwrap_or_else(|e| panic!("`{name}`: {e}"));
        assert_eq!((event.name(), event.data()), (name.as_str(), data));
        if let ClientEvent::Post(post) = event {
            post.body.check().unwrap();
        }
    }
}

#[test]
fn examples_of_server_events_can_be_parsed() {
    for (name, data) in examples("Server events") {
        let event = ServerEvent::parse(&name, data.clone()).unwrap_or_else(|e| panic!("`{name}`: {e}"));
        assert_ne!(event, ServerEvent::Unknown, "`{name}` is an event of this version");
        assert_eq!((event.name(), event.data()), (name.as_str(), data));
        assert_no_unknown_body(&event);
    }
}

/// Fails on a misspelt kind, which would otherwise pass as an unknown one.
fn assert_no_unknown_body(event: &ServerEvent) {
    let entries = match event {
        ServerEvent::Entries(Entries { entries, .. }) => entries.clone(),
        ServerEvent::Page(Page { entries, later, .. }) => [entries.clone(), later.clone()].concat(),
        ServerEvent::Hello(_)
        | ServerEvent::Reset(_)
        | ServerEvent::Heads(_)
        | ServerEvent::Rooms(_)
        | ServerEvent::Room(_)
        | ServerEvent::Members(_)
        | ServerEvent::Presence(_)
        | ServerEvent::Typing(_)
        | ServerEvent::Read(_)
        | ServerEvent::Refused(_)
        | ServerEvent::Closing(_)
        | ServerEvent::Unknown => Vec::new(),
    };
    for entry in entries {
        assert!(!matches!(entry.body, Body::Unknown(_)), "{:?}", entry.body);
    }
}

#[test]
fn every_client_event_has_an_example() {
    let documented: Vec<String> = examples("Client events").into_keys().collect();
    let mut names = ClientEvent::VARIANTS.to_vec();
    names.sort_unstable();
    assert_eq!(documented, names);
}

#[test]
fn every_server_event_has_an_example() {
    let documented: Vec<String> = examples("Server events").into_keys().collect();
    let mut names = ServerEvent::VARIANTS.to_vec();
    names.retain(|name| *name != ServerEvent::Unknown.name());
    names.sort_unstable();
    assert_eq!(documented, names);
}

#[test]
fn the_example_of_authentication_is_valid() {
    let blocks = fenced_json(section("Connecting"));
    let challenge: Challenge = serde_json::from_value(blocks[0].clone()).unwrap();
    assert_eq!(serde_json::to_value(&challenge).unwrap(), blocks[0]);
    let auth: Auth = serde_json::from_value(blocks[1].clone()).unwrap();
    assert_eq!(serde_json::to_value(&auth).unwrap(), blocks[1]);
    let secret = SigningKey::from_bytes(&[7; 32]);
    assert_eq!(sign(&secret, &challenge, 1, auth.name.clone(), auth.device), auth);
    verify(&auth, challenge.server.id).unwrap();
}

#[test]
fn the_table_of_kinds_lists_every_kind_with_its_writer() {
    let documented: Vec<(String, Writer)> = table_after("Rooms and entries", "The kinds of bodies:")
        .into_iter()
        .map(|row| {
            let writer = match row[2].as_str() {
                text if text.starts_with("the server") => Writer::Server,
                text if text.starts_with("the message's author") => Writer::TargetAuthor,
                text if text.starts_with("any member") => Writer::Member,
                text => panic!("the row of `{}` names no writer: {text}", row[0]),
            };
            (row[0].clone(), writer)
        })
        .collect();
    let expected: Vec<(String, Writer)> = Kind::VARIANTS
        .iter()
        .filter(|kind| **kind != Kind::Unknown)
        .map(|kind| (kind.as_str().to_owned(), kind.properties().writer))
        .collect();
    assert_eq!(documented, expected);
}

#[test]
fn the_table_of_limits_matches_the_crate() {
    let documented: Vec<(String, u64)> = table("Limits")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].parse().unwrap()))
        .collect();
    let expected: Vec<(String, u64)> = limits::all()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    assert_eq!(documented, expected);
}

#[test]
fn the_table_of_errors_matches_the_crate() {
    let expected: Vec<(String, String)> = ErrorCode::VARIANTS
        .iter()
        .map(|code| {
            let retry = if code.is_transient() { "yes" } else { "no" };
            (code.as_str().to_owned(), retry.to_owned())
        })
        .collect();
    let documented: Vec<(String, String)> = table("Errors")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    assert_eq!(documented, expected);
}
