//! The rules for names, texts, topics, mentions and reactions, with the cases in `vectors/` that the TypeScript implementation passes as well.
//!
//! - a name is taken in its normal form, or refused with a sentence
//! - a text is blank if it shows nothing: messages and edits are refused then, and topics that are not empty
//! - a topic is one line that sets no direction, and is refused with a sentence otherwise
//! - a text mentions the members whose whole names follow an `@`: those who are present, and of one name the first
//! - a reaction is one emoji, in one form
//! - a room's new name follows the rule for names

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

use std::collections::BTreeMap;
use std::path::Path;

use ichat_protocol::visibility::sets_direction;
use ichat_protocol::{Body, ClientEvent, EntryId, Member, MemberId, Mention, Name, RoomId, WireError, mentions_in};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

#[derive(Deserialize)]
struct NameCase {
    about: String,
    text: String,
    name: Option<String>,
    refused: Option<String>,
}

#[derive(Deserialize)]
struct TextCase {
    about: String,
    text: String,
    blank: bool,
}

#[derive(Deserialize)]
struct TopicCase {
    about: String,
    text: String,
    refused: Option<String>,
}

#[derive(Deserialize)]
struct MentionCase {
    about: String,
    members: Vec<Name>,
    text: String,
    mentions: BTreeMap<String, usize>,
}

#[derive(Deserialize)]
struct EmojiCase {
    about: String,
    text: String,
    emoji: Option<String>,
}

fn cases<T: DeserializeOwned>(file: &str) -> Vec<T> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(file);
    let cases: Vec<T> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(cases.len() > 50);
    cases
}

#[test]
fn a_name_is_taken_in_its_normal_form_or_refused_with_a_sentence() {
    let mut wrong = Vec::new();
    for case in cases::<NameCase>("names.json") {
        let (name, refused) = match Name::parse(&case.text) {
            Ok(name) => (Some(name.to_string()), None),
            Err(error) => (None, Some(WireError::from(error).message)),
        };
        if (&name, &refused) != (&case.name, &case.refused) {
            wrong.push(format!("{}: {:?} gives {name:?}, {refused:?}", case.about, case.text));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_text_is_blank_if_it_shows_nothing() {
    let of = EntryId::fresh();
    for TextCase { about, text, blank } in cases("texts.json") {
        let refusal = |body: Body| body.check().err().map(|error| error.message);
        let needs_text = blank.then(|| "A message needs some text.".to_owned());
        let message = Body::Message {
            text: text.clone(),
            reply_to: None,
            mentions: Vec::new(),
        };
        assert_eq!(refusal(message), needs_text, "{about}");
        let edit = Body::Edit {
            of,
            text: text.clone(),
            mentions: Vec::new(),
        };
        assert_eq!(refusal(edit), needs_text, "{about}");
        let is_refused = blank && !text.is_empty();
        // A topic is refused for control characters, too, and for those that set the direction.
        let is_plain = |c: char| !c.is_control() && !sets_direction(c);
        if is_refused || text.chars().all(is_plain) {
            assert_eq!(Body::Topic { text }.check().is_err(), is_refused, "{about}");
        }
    }
}

#[test]
fn a_topic_is_one_line_that_sets_no_direction() {
    for TopicCase { about, text, refused } in cases("topics.json") {
        let error = Body::Topic { text }.check().err();
        assert_eq!(error.map(|error| error.message), refused, "{about}");
    }
}

#[test]
fn a_text_mentions_the_members_whose_whole_names_follow_an_at_sign() {
    for case in cases::<MentionCase>("mentions.json") {
        let ids: Vec<_> = (0_u8..)
            .take(case.members.len())
            .map(|n| MemberId::of_key(&[n; 32]))
            .collect();
        let members = ids.iter().zip(case.members).map(|(id, name)| Member {
            id: id.clone(),
            name,
            left: false,
            since: None,
        });
        let found = mentions_in(&case.text, &members.collect::<Vec<_>>());
        let found = found.into_iter().map(|Mention { member, name }| (name, member));
        let expected = case.mentions.into_iter().map(|(name, n)| (name, ids[n].clone()));
        assert_eq!(
            found.collect::<BTreeMap<_, _>>(),
            expected.collect::<BTreeMap<_, _>>(),
            "{}",
            case.about
        );
    }
}

#[test]
fn a_mention_means_a_present_member_and_the_first_of_one_name() {
    let member = |n: u8, left: bool, since: u64| Member {
        id: MemberId::of_key(&[n; 32]),
        name: Name::parse("Ada").unwrap(),
        left,
        since: Some(since),
    };
    let members = [member(0, true, 1), member(1, false, 3), member(2, false, 2)];
    let mentions = mentions_in("@Ada", &members);
    assert_eq!(mentions.len(), 1);
    assert_eq!(mentions[0].member, members[2].id);
    assert_eq!(mentions_in("@Ada", &members[..1]), []);
}

#[test]
fn a_reaction_is_one_emoji_in_one_form() {
    let to = EntryId::fresh();
    for EmojiCase { about, text, emoji } in cases("emoji.json") {
        let react = |emoji: &str| Body::React {
            to,
            emoji: emoji.to_owned(),
            on: true,
        };
        let canonical = react(&text).canonical();
        assert_eq!(canonical.check().is_ok(), emoji.is_some(), "{about}: {text:?}");
        if let Some(emoji) = emoji {
            assert_eq!(canonical, react(&emoji), "{about}");
            assert_eq!(
                react(&text).check().is_ok(),
                text == emoji,
                "{about}: only one form counts"
            );
        }
    }
}

#[test]
fn a_rooms_new_name_follows_the_rule_for_names() {
    let (room, id) = (RoomId::fresh(), EntryId::fresh());
    let check = |name: &str| {
        let body = json!({ "kind": "room_renamed", "name": name });
        match ClientEvent::parse("post", json!({ "room": room, "id": id, "body": body }))? {
            ClientEvent::Post(post) => post.body.check(),
            event => panic!("{event:?}"),
        }
    };
    for case in cases::<NameCase>("names.json") {
        let refused = check(&case.text).err().map(|error| error.message);
        assert_eq!(refused, case.refused, "{}: {:?}", case.about, case.text);
    }
}
