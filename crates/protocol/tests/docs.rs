//! `docs/protocol.md` says what the crate does.
//!
//! - every example of an event reads, and reads back as it is written
//! - every event of the protocol has an example
//! - the challenge and the `auth` payload are those of the crate
//! - the table of limits is the crate's
//! - the table of errors is the crate's

#![allow(clippy::unwrap_used, reason = "a test that can't go on says where")]

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use ichat_protocol::{
    Auth, Away, Body, Challenge, ClientEvent, Closing, Create, Entries, EntryId, Epoch, ErrorCode, Head, Heads, Hello,
    History, InRoom, MemberList, Name, Nothing, Page, Post, Presence, Read, Refused, SetName, Reset, RoomId, RoomList,
    RoomSummary, Seq, ServerEvent, Sync, Typing, TypingNow, WireError, limits, sign, verify,
};
use serde_json::Value;

const DOCS: &str = include_str!("../../../docs/protocol.md");

/// The text of one `## ` section.
fn section(heading: &str) -> &'static str {
    let (_, rest) = DOCS
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("docs/protocol.md has no section \"{heading}\""));
    rest.split("\n## ").next().unwrap()
}

/// The examples of a section: the fenced JSON under each heading that is an event's name.
fn examples(heading: &str) -> BTreeMap<String, Value> {
    let mut examples = BTreeMap::new();
    for part in section(heading).split("\n### ").skip(1) {
        let (title, text) = part.split_once('\n').unwrap();
        let name = title.trim_matches('`').to_owned();
        let blocks = fenced_json(text);
        assert_eq!(blocks.len(), 1, "`{name}` has one example");
        assert!(
            examples.insert(name.clone(), blocks[0].clone()).is_none(),
            "`{name}` stands once"
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

/// The rows of the first table of a section, without its head.
fn table(heading: &str) -> Vec<Vec<String>> {
    section(heading)
        .lines()
        .filter(|line| line.starts_with('|'))
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
fn what_a_client_says_reads_back() {
    for (name, data) in examples("What a client says") {
        let event = ClientEvent::parse(&name, data.clone()).unwrap_or_else(|e| panic!("`{name}`: {e}"));
        assert_eq!((event.name(), event.data()), (name.as_str(), data));
        if let ClientEvent::Post(post) = event {
            post.body.check().unwrap();
        }
    }
}

#[test]
fn what_a_server_says_reads_back() {
    for (name, data) in examples("What a server says") {
        let event = ServerEvent::parse(&name, data.clone()).unwrap_or_else(|e| panic!("`{name}`: {e}"));
        assert_ne!(event, ServerEvent::Unknown, "`{name}` is an event of this version");
        assert_eq!((event.name(), event.data()), (name.as_str(), data));
        assert_no_unknown_body(&event);
    }
}

/// A misspelt kind would be kept whole and read back; here it is a mistake.
fn assert_no_unknown_body(event: &ServerEvent) {
    let entries = match event {
        ServerEvent::Entries(Entries { entries, .. }) => entries.clone(),
        ServerEvent::Page(Page { entries, later, .. }) => [entries.clone(), later.clone()].concat(),
        _ => Vec::new(),
    };
    for entry in entries {
        assert!(!matches!(entry.body, Body::Unknown(_)), "{:?}", entry.body);
    }
}

#[test]
fn every_event_of_a_client_has_an_example() {
    let documented: Vec<String> = examples("What a client says").into_keys().collect();
    let mut names: Vec<&str> = client_events().iter().map(ClientEvent::name).collect();
    names.sort_unstable();
    assert_eq!(documented, names);
}

#[test]
fn every_event_of_a_server_has_an_example() {
    let documented: Vec<String> = examples("What a server says").into_keys().collect();
    let mut names: Vec<&str> = server_events().iter().map(ServerEvent::name).collect();
    names.sort_unstable();
    assert_eq!(documented, names);
}

#[test]
fn challenge_and_answer_are_those_of_the_crate() {
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
fn the_table_of_limits_is_the_crates() {
    let number = |value: usize| u64::try_from(value).unwrap();
    let millis = |value: std::time::Duration| u64::try_from(value.as_millis()).unwrap();
    let expected = [
        ("TEXT_BYTES", number(limits::TEXT_BYTES)),
        ("NAME_CHARS", number(limits::NAME_CHARS)),
        ("COMBINING_MARKS", number(limits::COMBINING_MARKS)),
        ("TOPIC_CHARS", number(limits::TOPIC_CHARS)),
        ("EMOJI_BYTES", number(limits::EMOJI_BYTES)),
        ("PAGE_ENTRIES", u64::from(limits::PAGE_ENTRIES)),
        ("SYNC_ROOMS", number(limits::SYNC_ROOMS)),
        ("PACKET_BYTES", number(limits::PACKET_BYTES)),
        ("WAITING_POSTS", number(limits::WAITING_POSTS)),
        ("POSTS_IN_FLIGHT", number(limits::POSTS_IN_FLIGHT)),
        ("PRESENCE_PEOPLE", number(limits::PRESENCE_PEOPLE)),
        ("HEADS_EVERY", millis(limits::HEADS_EVERY)),
        ("TYPING_FOR", millis(limits::TYPING_FOR)),
        ("NONCE_LIFE", millis(limits::NONCE_LIFE)),
        ("SEQ_MAX", limits::SEQ_MAX),
    ];
    let documented: Vec<(String, u64)> = table("Limits")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].parse().unwrap()))
        .collect();
    assert_eq!(documented, expected.map(|(name, value)| (name.to_owned(), value)));
    let declared = include_str!("../src/limits.rs")
        .lines()
        .filter(|line| line.starts_with("pub const "))
        .count();
    assert_eq!(expected.len(), declared, "every limit of the crate stands in the table");
}

#[test]
fn the_table_of_errors_is_the_crates() {
    let expected: Vec<(String, String)> = error_codes()
        .iter()
        .map(|code| {
            let name = serde_json::to_value(code).unwrap().as_str().unwrap().to_owned();
            (name, if code.is_passing() { "yes" } else { "no" }.to_owned())
        })
        .collect();
    let documented: Vec<(String, String)> = table("Errors")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    assert_eq!(documented, expected);
}

/// One of each; the match below stops compiling when an event is added.
fn client_events() -> Vec<ClientEvent> {
    let room = RoomId::fresh();
    let name = Name::parse("Ada").unwrap();
    let events = vec![
        ClientEvent::Post(Post {
            room,
            id: EntryId::fresh(),
            body: Body::Left,
        }),
        ClientEvent::Create(Create {
            room,
            name: name.clone(),
            topic: None,
        }),
        ClientEvent::Rooms(Nothing {}),
        ClientEvent::Join(InRoom { room }),
        ClientEvent::Leave(InRoom { room }),
        ClientEvent::Members(InRoom { room }),
        ClientEvent::History(History {
            room,
            before: None,
            after: None,
            limit: None,
        }),
        ClientEvent::Sync(Sync::default()),
        ClientEvent::Typing(Typing { room, on: true }),
        ClientEvent::Away(Away { away: true }),
        ClientEvent::Read(Read { room, seq: Seq::ZERO }),
        ClientEvent::SetName(SetName { name }),
    ];
    for event in &events {
        match event {
            ClientEvent::Post(_)
            | ClientEvent::Create(_)
            | ClientEvent::Rooms(_)
            | ClientEvent::Join(_)
            | ClientEvent::Leave(_)
            | ClientEvent::Members(_)
            | ClientEvent::History(_)
            | ClientEvent::Sync(_)
            | ClientEvent::Typing(_)
            | ClientEvent::Away(_)
            | ClientEvent::Read(_)
            | ClientEvent::SetName(_) => {}
        }
    }
    events
}

/// One of each; the match below stops compiling when an event is added.
fn server_events() -> Vec<ServerEvent> {
    let room = RoomId::fresh();
    let head = Head {
        epoch: Epoch::fresh(),
        seq: Seq::ZERO,
    };
    let examples = examples("What a server says");
    let hello: Hello = serde_json::from_value(examples["hello"].clone()).unwrap();
    let summary: RoomSummary = serde_json::from_value(examples["room"].clone()).unwrap();
    let typing: TypingNow = serde_json::from_value(examples["typing"].clone()).unwrap();
    let events = vec![
        ServerEvent::Hello(hello),
        ServerEvent::Entries(Entries {
            room,
            epoch: head.epoch,
            entries: Vec::new(),
        }),
        ServerEvent::Page(Page {
            room,
            head,
            entries: Vec::new(),
            later: Vec::new(),
        }),
        ServerEvent::Reset(Reset { room, head }),
        ServerEvent::Heads(Heads { heads: BTreeMap::new() }),
        ServerEvent::Rooms(RoomList { rooms: Vec::new() }),
        ServerEvent::Room(summary),
        ServerEvent::Members(MemberList {
            room,
            members: Vec::new(),
        }),
        ServerEvent::Presence(Presence { people: Vec::new() }),
        ServerEvent::Typing(typing),
        ServerEvent::Read(Read { room, seq: Seq::ZERO }),
        ServerEvent::Refused(Refused {
            event: "post".into(),
            room: None,
            id: None,
            error: WireError::new(ErrorCode::Busy, "Wait."),
        }),
        ServerEvent::Closing(Closing { message: String::new() }),
    ];
    for event in &events {
        match event {
            ServerEvent::Hello(_)
            | ServerEvent::Entries(_)
            | ServerEvent::Page(_)
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
            | ServerEvent::Unknown => {}
        }
    }
    events
}

/// All of them, in the order of the crate; the match below stops compiling when a code is added.
fn error_codes() -> Vec<ErrorCode> {
    use ErrorCode as E;
    let codes = vec![
        E::BadRequest,
        E::UnknownEvent,
        E::UnknownRoom,
        E::UnknownEntry,
        E::NotJoined,
        E::NotYours,
        E::TooLarge,
        E::Conflict,
        E::Busy,
        E::Closing,
        E::Storage,
        E::Protocol,
        E::Auth,
        E::NoGuests,
        E::Other,
    ];
    for code in &codes {
        match code {
            E::BadRequest
            | E::UnknownEvent
            | E::UnknownRoom
            | E::UnknownEntry
            | E::NotJoined
            | E::NotYours
            | E::TooLarge
            | E::Conflict
            | E::Busy
            | E::Closing
            | E::Storage
            | E::Protocol
            | E::Auth
            | E::NoGuests
            | E::Other => {}
        }
    }
    codes
}
