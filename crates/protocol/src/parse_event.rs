//! Parsing the events of a client from their names and arguments.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::fields::{FieldValue as _, Fields};
use crate::{
    Away, Body, ClientEvent, ClientEventKind, Create, ErrorCode, FindMembers, FindRooms, Head, History, InRoom, Kind,
    MemberId, Mention, Post, Read, RoomId, SetName, Sync, Typing, WireError, limits,
};

impl ClientEvent {
    /// Parses an event from its name and argument. The names in it follow the rule for names; [`Body::check`] checks the
    /// body of a post. Errors: `unknown_event`, or `bad_request` with the wrong field.
    pub fn parse(name: &str, data: Value) -> Result<Self, WireError> {
        let Ok(kind) = name.parse::<ClientEventKind>() else {
            let shown: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
            return Err(WireError::new(
                ErrorCode::UnknownEvent,
                format!("This server knows no event \"{shown}\"; docs/protocol.md lists them."),
            ));
        };
        match data {
            // An absent argument is an empty object.
            Value::Null => event(kind, &mut Fields::new(Map::new(), "")),
            Value::Object(fields) => event(kind, &mut Fields::new(fields, "")),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(WireError::bad_request("The argument of an event must be an object."))
            }
        }
    }
}

fn event(kind: ClientEventKind, argument: &mut Fields) -> Result<ClientEvent, WireError> {
    Ok(match kind {
        ClientEventKind::Post => ClientEvent::Post(Post {
            room: argument.required("room")?,
            id: argument.required("id")?,
            body: body(argument.required("body")?)?,
        }),
        ClientEventKind::Create => ClientEvent::Create(Create {
            room: argument.required("room")?,
            name: argument.given_name()?,
            topic: argument.optional("topic")?,
        }),
        ClientEventKind::Rooms => ClientEvent::Rooms(FindRooms {
            joined: argument.or_default("joined")?,
            query: query(argument)?,
            after: argument.optional("after")?,
        }),
        ClientEventKind::Join => ClientEvent::Join(in_room(argument)?),
        ClientEventKind::Leave => ClientEvent::Leave(in_room(argument)?),
        ClientEventKind::Members => ClientEvent::Members(FindMembers {
            room: argument.required("room")?,
            query: query(argument)?,
            after: argument.optional("after")?,
            ids: ids(argument)?,
        }),
        ClientEventKind::History => ClientEvent::History(History {
            room: argument.required("room")?,
            before: argument.optional("before")?,
            after: argument.optional("after")?,
            around: argument.optional("around")?,
            limit: argument.optional("limit")?,
        }),
        ClientEventKind::Sync => ClientEvent::Sync(Sync {
            rooms: cursors(argument.required("rooms")?)?,
        }),
        ClientEventKind::Typing => ClientEvent::Typing(Typing {
            room: argument.required("room")?,
            on: argument.required("on")?,
        }),
        ClientEventKind::Away => ClientEvent::Away(Away {
            away: argument.required("away")?,
        }),
        ClientEventKind::Read => ClientEvent::Read(Read {
            room: argument.required("room")?,
            seq: argument.required("seq")?,
        }),
        ClientEventKind::SetName => ClientEvent::SetName(SetName {
            name: argument.given_name()?,
        }),
    })
}

fn in_room(argument: &mut Fields) -> Result<InRoom, WireError> {
    let room = argument.required("room")?;
    Ok(InRoom { room })
}

/// Returns the part of a name that a list is searched for.
fn query(argument: &mut Fields) -> Result<Option<String>, WireError> {
    let query: Option<String> = argument.optional("query")?;
    let is_too_long = |query: &String| query.chars().nth(limits::MAX_NAME_CHARS).is_some();
    if query.as_ref().is_some_and(is_too_long) {
        let message = format!("A search is for at most {} characters.", limits::MAX_NAME_CHARS);
        return Err(WireError::new(ErrorCode::TooLarge, message));
    }
    Ok(query)
}

/// Returns the members that a list is asked for.
fn ids(argument: &mut Fields) -> Result<Vec<MemberId>, WireError> {
    let ids: Vec<Value> = argument.or_default("ids")?;
    if ids.len() > limits::MAX_LIST_ITEMS as usize {
        let message = format!("One request names at most {} members.", limits::MAX_LIST_ITEMS);
        return Err(WireError::new(ErrorCode::TooLarge, message));
    }
    let id = |value| {
        serde_json::from_value(value).map_err(|_| {
            let what = MemberId::DESCRIPTION;
            WireError::bad_request(format!("Each of the \"ids\" must be {what}."))
        })
    };
    ids.into_iter().map(id).collect()
}

fn cursors(rooms: Map<String, Value>) -> Result<BTreeMap<RoomId, Option<Head>>, WireError> {
    let cursors = rooms.into_iter().map(|(room, head)| {
        let key = || WireError::bad_request("Each key in \"rooms\" must be a room's id, a UUID.");
        Ok((room.parse().map_err(|_| key())?, cursor(head)?))
    });
    cursors.collect()
}

fn cursor(head: Value) -> Result<Option<Head>, WireError> {
    match head {
        Value::Null => Ok(None),
        Value::Object(fields) => {
            let mut head = Fields::new(fields, " in \"rooms\"");
            Ok(Some(Head {
                epoch: head.required("epoch")?,
                seq: head.required("seq")?,
            }))
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Err(WireError::bad_request(
            "Each of the \"rooms\" must be an object or null.",
        )),
    }
}

fn body(fields: Map<String, Value>) -> Result<Body, WireError> {
    let mut body = Fields::new(fields, " in \"body\"");
    let kind: String = body.peek("kind")?;
    Ok(match kind.parse().unwrap_or(Kind::Unknown) {
        Kind::Message => Body::Message {
            text: body.required("text")?,
            reply_to: body.optional("reply_to")?,
            mentions: mentions(&mut body)?,
        },
        Kind::Edit => Body::Edit {
            of: body.required("of")?,
            text: body.required("text")?,
            mentions: mentions(&mut body)?,
        },
        Kind::Delete => Body::Delete {
            of: body.required("of")?,
        },
        Kind::React => Body::React {
            to: body.required("to")?,
            emoji: body.required("emoji")?,
            on: body.required("on")?,
        },
        Kind::Topic => Body::Topic {
            text: body.required("text")?,
        },
        Kind::RoomRenamed => Body::RoomRenamed { name: body.name()? },
        // A client may not post these, whatever their fields are.
        Kind::Created | Kind::Joined | Kind::Left | Kind::MemberRenamed | Kind::Wiped | Kind::Unknown => {
            // Every object is a body, if need be one of an unknown kind.
            serde_json::from_value(body.rest().into()).unwrap_or(Body::Unknown(Map::new()))
        }
    })
}

fn mentions(body: &mut Fields) -> Result<Vec<Mention>, WireError> {
    let mentions: Vec<Value> = body.or_default("mentions")?;
    mentions.into_iter().map(mention).collect()
}

fn mention(mention: Value) -> Result<Mention, WireError> {
    let Value::Object(fields) = mention else {
        return Err(WireError::bad_request("Each of the \"mentions\" must be an object."));
    };
    let mut mention = Fields::new(fields, " in \"mentions\"");
    Ok(Mention {
        member: mention.required("member")?,
        name: mention.required("name")?,
    })
}

#[cfg(test)]
mod tests {
    //! - every event is accepted as it is, and refused with an array in the place of any of its objects
    //! - a refusal says in plain words what a field must be, whatever its type is
    //! - a field that is missing or of another type is named: kinds that are numbers, mentions that are null
    //! - an unknown field is ignored, also if another event, or another kind, has one of that name

    use serde_json::json;
    use strum::VariantArray as _;

    use super::*;
    use crate::{Body, ClientEvent};

    const ROOM: &str = "01890a60-1111-7abc-8def-0123456789ab";
    const ID: &str = "01890a60-2222-7abc-8def-0123456789ab";
    const MEMBER: &str = "guest-01890a60-3333-7abc-8def-0123456789ab";

    /// Returns a body of each kind, with all of its fields.
    fn body(kind: Kind) -> Value {
        let mentions = json!([{ "member": MEMBER, "name": "Ada" }]);
        match kind {
            Kind::Created | Kind::Joined | Kind::RoomRenamed => json!({ "kind": kind, "name": "Ada" }),
            Kind::MemberRenamed => json!({ "kind": kind, "name": "Ada", "from": "Ben" }),
            Kind::Left | Kind::Wiped => json!({ "kind": kind }),
            Kind::Topic => json!({ "kind": kind, "text": "Lunch" }),
            Kind::Message => json!({ "kind": kind, "text": "@Ada", "reply_to": ID, "mentions": mentions }),
            Kind::Edit => json!({ "kind": kind, "of": ID, "text": "@Ada", "mentions": mentions }),
            Kind::Delete => json!({ "kind": kind, "of": ID }),
            Kind::React => json!({ "kind": kind, "to": ID, "emoji": "👍", "on": true }),
            Kind::Unknown => json!({ "kind": "later", "rooms": [1] }),
        }
    }

    fn post(body: &Value) -> Value {
        json!({ "room": ROOM, "id": ID, "body": body })
    }

    /// Returns arguments of an event that together have all of its fields.
    fn arguments(event: ClientEventKind) -> Vec<Value> {
        let argument = match event {
            ClientEventKind::Post => return Kind::VARIANTS.iter().map(|kind| post(&body(*kind))).collect(),
            ClientEventKind::Create => json!({ "room": ROOM, "name": "Lunch", "topic": "Where" }),
            ClientEventKind::Rooms => json!({ "joined": true, "query": "lun", "after": ROOM }),
            ClientEventKind::Join | ClientEventKind::Leave => json!({ "room": ROOM }),
            ClientEventKind::Members => json!({ "room": ROOM, "query": "ad", "after": MEMBER, "ids": [MEMBER] }),
            ClientEventKind::History => json!({ "room": ROOM, "before": 9, "after": 1, "around": ID, "limit": 3 }),
            ClientEventKind::Sync => json!({ "rooms": { ROOM: { "epoch": ID, "seq": 3 }, ID: null } }),
            ClientEventKind::Typing => json!({ "room": ROOM, "on": true }),
            ClientEventKind::Away => json!({ "away": true }),
            ClientEventKind::Read => json!({ "room": ROOM, "seq": 3 }),
            ClientEventKind::SetName => json!({ "name": "Ada" }),
        };
        vec![argument]
    }

    /// Returns the paths of all objects in a value, each as a JSON pointer.
    fn objects(value: &Value, path: &str) -> Vec<String> {
        let (own, children): (_, Vec<_>) = match value {
            Value::Object(fields) => (Some(path.to_owned()), fields.iter().collect()),
            Value::Array(values) => {
                let values = values.iter().enumerate();
                return values
                    .flat_map(|(index, value)| objects(value, &format!("{path}/{index}")))
                    .collect();
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Vec::new(),
        };
        let below = children
            .into_iter()
            .flat_map(|(key, value)| objects(value, &format!("{path}/{key}")));
        own.into_iter().chain(below).collect()
    }

    #[test]
    fn an_array_in_the_place_of_an_object_is_refused() {
        for event in ClientEventKind::VARIANTS {
            for argument in arguments(*event) {
                ClientEvent::parse(event.name(), argument.clone()).unwrap_or_else(|e| panic!("{argument}: {e}"));
                for path in objects(&argument, "") {
                    let mut changed = argument.clone();
                    let object = changed.pointer_mut(&path).unwrap();
                    *object = object.as_object().unwrap().values().cloned().collect();
                    let parsed = ClientEvent::parse(event.name(), changed.clone());
                    assert!(parsed.is_err(), "{} {changed}", event.name());
                }
            }
        }
    }

    /// Returns the object with each field in turn missing or of another type, and the field's name.
    fn with_a_wrong_field(object: &Value) -> Vec<(String, Value)> {
        let names = object.as_object().unwrap().keys();
        let wrong = [
            None,
            Some(json!(null)),
            Some(json!(-7)),
            Some(json!([7])),
            Some(json!({ "a": 7 })),
        ];
        let change = |name: &String, wrong: &Option<Value>| {
            let mut changed = object.clone();
            match wrong {
                Some(value) => changed[name] = value.clone(),
                None => drop(changed.as_object_mut().unwrap().remove(name)),
            }
            (name.clone(), changed)
        };
        names
            .flat_map(|name| wrong.iter().map(move |wrong| change(name, wrong)))
            .collect()
    }

    /// Checks that an event with a wrong field, now with this value, is refused with the name of that field. Optional fields
    /// may be missing or null; `mentions`, `ids` and `joined` may be missing.
    fn assert_named(event: ClientEventKind, argument: Value, field: &str, value: Option<&Value>) {
        let shown = argument.to_string();
        let may_be_null = ["reply_to", "topic", "before", "after", "around", "limit", "query"].contains(&field);
        let is_optional = match value {
            None => may_be_null || ["mentions", "ids", "joined"].contains(&field),
            Some(Value::Null) => may_be_null,
            Some(_) => false,
        };
        match ClientEvent::parse(event.name(), argument) {
            Ok(_) => assert!(is_optional, "{shown}"),
            Err(error) => assert!(error.message.contains(&format!("\"{field}\"")), "{shown}: {error}"),
        }
    }

    #[test]
    fn a_wrong_field_is_named() {
        for event in ClientEventKind::VARIANTS {
            for (field, argument) in arguments(*event).iter().flat_map(with_a_wrong_field) {
                let value = argument.get(&field).cloned();
                assert_named(*event, argument, &field, value.as_ref());
            }
        }
        for kind in Kind::VARIANTS {
            let body = body(*kind);
            let read: Body = serde_json::from_value(body.clone()).unwrap();
            for (field, changed) in with_a_wrong_field(&body) {
                if field == "kind" || read.check().is_ok() {
                    assert_named(ClientEventKind::Post, post(&changed), &field, changed.get(&field));
                }
            }
        }
        let null = post(&json!({ "kind": "message", "text": "x", "mentions": null }));
        assert!(ClientEvent::parse("post", null).is_err());
    }

    #[test]
    fn a_refusal_says_in_plain_words_what_a_field_must_be() {
        let message = |fields: Value| {
            let mut body = json!({ "kind": "message", "text": "x" });
            body.as_object_mut()
                .unwrap()
                .append(&mut fields.as_object().unwrap().clone());
            post(&body)
        };
        let cases = [
            ("set_name", json!({ "name": 7 }), "The field \"name\" must be a text."),
            ("set_name", json!({}), "The field \"name\" is missing."),
            ("join", json!({ "room": "lobby" }), "The field \"room\" must be a UUID."),
            (
                "away",
                json!({ "away": 1 }),
                "The field \"away\" must be true or false.",
            ),
            (
                "read",
                json!({ "room": ROOM, "seq": -1 }),
                "The field \"seq\" must be a whole number, 0 or greater.",
            ),
            ("sync", json!({ "rooms": 7 }), "The field \"rooms\" must be an object."),
            (
                "sync",
                json!({ "rooms": { "lobby": null } }),
                "Each key in \"rooms\" must be a room's id, a UUID.",
            ),
            (
                "sync",
                json!({ "rooms": { ROOM: { "seq": 1 } } }),
                "The field \"epoch\" in \"rooms\" is missing.",
            ),
            (
                "post",
                message(json!({ "text": ["x"] })),
                "The field \"text\" in \"body\" must be a text.",
            ),
            (
                "post",
                message(json!({ "mentions": "Ada" })),
                "The field \"mentions\" in \"body\" must be an array.",
            ),
            (
                "post",
                message(json!({ "mentions": ["Ada"] })),
                "Each of the \"mentions\" must be an object.",
            ),
            (
                "post",
                message(json!({ "mentions": [{ "member": MEMBER }] })),
                "The field \"name\" in \"mentions\" is missing.",
            ),
        ];
        for (event, argument, sentence) in cases {
            let error = ClientEvent::parse(event, argument.clone()).unwrap_err();
            assert_eq!(error, WireError::bad_request(sentence), "{argument}");
        }
    }

    #[test]
    fn an_unknown_field_is_ignored() {
        let strange = [json!({ "a": 1 }), json!([[1]]), json!({ "kind": 6 }), json!(null)];
        for event in ClientEventKind::VARIANTS {
            for argument in arguments(*event) {
                for name in ["body", "rooms", "mentions", "later"] {
                    for value in &strange {
                        let mut changed = argument.clone();
                        if changed.get(name).is_none() {
                            changed[name] = value.clone();
                        }
                        let (parsed, expected) = [changed, argument.clone()]
                            .map(|a| ClientEvent::parse(event.name(), a))
                            .into();
                        assert_eq!(parsed, expected, "{} {name} {value}", event.name());
                    }
                }
            }
        }
        for kind in [Kind::Topic, Kind::Delete, Kind::React] {
            let mut changed = body(kind);
            changed["mentions"] = json!(5);
            let changed = ClientEvent::parse("post", post(&changed));
            assert_eq!(changed, ClientEvent::parse("post", post(&body(kind))));
        }
    }
}
