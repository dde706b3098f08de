//! Events and entries keep their form on the wire.
//!
//! - an entry of an unknown kind is kept whole
//! - a known kind with a missing field is kept whole too, and may not be posted
//! - an absent argument is an empty object
//! - a server's event from a later version is unknown, and a client's is refused with a sentence
//! - a hostile argument never panics
//! - every kind has the text form of the wire
//! - only the last reaction of an author with an emoji counts
//! - texts over a limit are refused with their size
//! - mentions are optional, limited, and in their text

use ichat_protocol::limits::{MAX_MENTIONS, MAX_NAME_CHARS};
use ichat_protocol::{Body, ClientEvent, Entry, EntryId, ErrorCode, FindRooms, Kind, MemberId, ServerEvent};
use proptest::prelude::*;
use serde_json::{Value, json};
use strum::VariantArray as _;

fn entry(body: &Value) -> Value {
    json!({
        "seq": 7, "id": "01890a5d-ac96-774b-bcce-b302099a8057", "author": "guest-01890a5d-ac96-774b-bcce-b302099a8057",
        "device": "01890a5d-ac96-774b-bcce-b302099a8058", "at": 1_700_000_000_000_u64, "body": body,
    })
}

#[test]
fn an_entry_of_an_unknown_kind_is_kept_whole() {
    let wire = entry(&json!({ "kind": "hologram", "frames": [1, 2], "by": { "x": true } }));
    let read: Entry = serde_json::from_value(wire.clone()).unwrap();
    assert!(matches!(read.body, Body::Unknown(_)));
    assert_eq!(serde_json::to_value(&read).unwrap(), wire);
    assert_eq!(read.body.check().unwrap_err().code, ErrorCode::BadRequest);
}

#[test]
fn a_known_kind_with_a_missing_field_is_kept_and_may_not_be_posted() {
    let wire = json!({ "kind": "message", "mentions": [] });
    let body: Body = serde_json::from_value(wire.clone()).unwrap();
    assert!(matches!(body, Body::Unknown(_)));
    assert_eq!(serde_json::to_value(&body).unwrap(), wire);
    assert_eq!(body.check().unwrap_err().code, ErrorCode::BadRequest);
}

#[test]
fn an_absent_argument_is_an_empty_object() {
    assert_eq!(
        ClientEvent::parse("rooms", Value::Null).unwrap(),
        ClientEvent::Rooms(FindRooms::default())
    );
    let error = ClientEvent::parse("join", Value::Null).unwrap_err();
    assert!(error.message.contains("\"room\""), "{error}");
}

#[test]
fn an_event_from_a_later_version_is_unknown() {
    for name in ["fanfare", "unknown"] {
        assert_eq!(ServerEvent::parse(name, json!(1)).unwrap(), ServerEvent::Unknown);
    }
}

#[test]
fn an_unknown_event_is_refused_with_a_sentence() {
    let error = ClientEvent::parse("p\u{1b}ost", json!({})).unwrap_err();
    assert_eq!(error.code, ErrorCode::UnknownEvent);
    assert!(error.message.contains("\"post\""), "{error}");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::hash_map("(room|id|body|kind|text|rooms|name|[a-z]{1,5})", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_hostile_argument_never_panics(
        name in "(post|create|rooms|join|history|sync|typing|read|set_name|hello|entries|page|heads|\\PC{0,9})", data in any_json(),
    ) {
        if let Ok(ClientEvent::Post(post)) = ClientEvent::parse(&name, data.clone()) {
            let _ = post.body.check();
        }
        let _ = ServerEvent::parse(&name, data);
    }
}

#[test]
fn every_kind_has_the_text_form_of_the_wire() {
    for kind in Kind::VARIANTS {
        assert_eq!(serde_json::to_value(kind).unwrap(), json!(kind.as_str()));
    }
    let body: Body = serde_json::from_value(json!({ "kind": "member_renamed", "name": "Ada" })).unwrap();
    assert_eq!(body.kind().as_str(), "member_renamed");
}

#[test]
fn only_the_last_reaction_of_an_author_with_an_emoji_counts() {
    let (ada, ben) = (
        MemberId::guest(uuid::Uuid::from_u128(1)),
        MemberId::guest(uuid::Uuid::from_u128(2)),
    );
    let react = |emoji: &str, on| Body::React {
        to: EntryId(uuid::Uuid::from_u128(3)),
        emoji: emoji.into(),
        on,
    };
    assert_eq!(
        react("👍", true).collapse_key(&ada),
        react("👍", false).collapse_key(&ada)
    );
    assert_ne!(
        react("👍", true).collapse_key(&ada),
        react("👍", true).collapse_key(&ben)
    );
    assert_ne!(
        react("👍", true).collapse_key(&ada),
        react("🎉", true).collapse_key(&ada)
    );
}

#[test]
fn texts_over_a_limit_are_refused_with_their_size() {
    let long = Body::Message {
        text: "é".repeat(8_193),
        reply_to: None,
        mentions: Vec::new(),
    };
    let error = long.check().unwrap_err();
    assert_eq!(error.code, ErrorCode::TooLarge);
    assert_eq!(
        error.message,
        "A message has at most 16384 bytes of text; this one has 16386."
    );
    let topic = Body::Topic {
        text: "two\nlines".into(),
    };
    assert_eq!(topic.check().unwrap_err().message, "A topic is one line of text.");
}

#[test]
fn mentions_are_optional_limited_and_in_their_text() {
    let member = "guest-01890a5d-ac96-774b-bcce-b302099a8057";
    let message = |text: &str, names: &[&str]| -> Body {
        let mentions: Vec<Value> = names
            .iter()
            .map(|name| json!({ "member": member, "name": name }))
            .collect();
        serde_json::from_value(json!({ "kind": "message", "text": text, "mentions": mentions })).unwrap()
    };
    let without = json!({ "kind": "message", "text": "hi @Ada" });
    let read: Body = serde_json::from_value(without.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), without);

    let with = message("hi @Ada", &["Ada"]);
    with.check().unwrap();
    assert_eq!(serde_json::to_value(&with).unwrap()["mentions"][0]["name"], "Ada");

    let names = vec!["Ada"; MAX_MENTIONS + 1];
    assert_eq!(message("@Ada", &names).check().unwrap_err().code, ErrorCode::TooLarge);
    message("@Ada", &names[1..]).check().unwrap();
    let long = "a".repeat(MAX_NAME_CHARS + 1);
    for (text, name) in [
        ("Ada", "Ada"),
        ("@Ada", "Ben"),
        ("@", ""),
        (format!("@{long}").as_str(), long.as_str()),
    ] {
        assert_eq!(
            message(text, &[name]).check().unwrap_err().code,
            ErrorCode::BadRequest,
            "{text}"
        );
    }
    let edit = json!({ "kind": "edit", "of": "01890a5d-ac96-774b-bcce-b302099a8057", "text": "hi", "mentions": [{ "member": member, "name": "Ada" }] });
    let edit: Body = serde_json::from_value(edit).unwrap();
    assert_eq!(edit.check().unwrap_err().code, ErrorCode::BadRequest);
}
