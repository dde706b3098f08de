//! The shape of the argument of an event, by the event. serde also reads a struct from an array of its fields, and an enum from
//! the number of its variant; a client that sends those would depend on the order of our declarations. It doesn't name the
//! field that is wrong either, and keeps a body with a wrong field as one of an unknown kind.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{ClientEventKind, EntryId, Head, Kind, Mention, Name, RoomId, Seq, WireError};

/// Checks that the argument of an event has the fields of that event, that a posted body has those of its kind, and that the
/// names in them may be given. Errors: `bad_request` with the field.
pub(crate) fn check_shape(event: ClientEventKind, argument: &Value) -> Result<(), WireError> {
    let Some(fields) = argument.as_object() else {
        return Err(WireError::bad_request("The argument of an event is an object."));
    };
    let argument = Fields { fields, of: "" };
    match event {
        ClientEventKind::Post => {
            argument.required::<RoomId>("room")?;
            argument.required::<EntryId>("id")?;
            check_body(argument.value("body")?)
        }
        ClientEventKind::Create => {
            argument.required::<RoomId>("room")?;
            argument.name()?;
            argument.optional::<Option<String>>("topic")
        }
        ClientEventKind::Rooms => Ok(()),
        ClientEventKind::Join | ClientEventKind::Leave | ClientEventKind::Members => {
            argument.required::<RoomId>("room").map(drop)
        }
        ClientEventKind::History => {
            argument.required::<RoomId>("room")?;
            argument.optional::<Option<Seq>>("before")?;
            argument.optional::<Option<Seq>>("after")?;
            argument.optional::<Option<EntryId>>("around")?;
            argument.optional::<Option<u32>>("limit")
        }
        ClientEventKind::Sync => check_rooms(&argument),
        ClientEventKind::Typing => {
            argument.required::<RoomId>("room")?;
            argument.required::<bool>("on").map(drop)
        }
        ClientEventKind::Away => argument.required::<bool>("away").map(drop),
        ClientEventKind::Read => {
            argument.required::<RoomId>("room")?;
            argument.required::<Seq>("seq").map(drop)
        }
        ClientEventKind::SetName => argument.name(),
    }
}

fn check_rooms(argument: &Fields<'_>) -> Result<(), WireError> {
    let rooms = argument.value("rooms")?.as_object();
    let is_head = |head: &Value| head.is_object() || head.is_null();
    if rooms.is_some_and(|rooms| !rooms.values().all(is_head)) {
        return Err(WireError::bad_request("Each of the \"rooms\" is an object or null."));
    }
    argument.required::<BTreeMap<RoomId, Option<Head>>>("rooms").map(drop)
}

fn check_body(body: &Value) -> Result<(), WireError> {
    let Some(fields) = body.as_object() else {
        return Err(WireError::bad_request("The field \"body\" is an object."));
    };
    let body = Fields {
        fields,
        of: " of \"body\"",
    };
    let kind: &str = body.required("kind")?;
    match kind.parse().unwrap_or(Kind::Unknown) {
        Kind::Message => {
            body.required::<String>("text")?;
            body.optional::<Option<EntryId>>("reply_to")?;
            check_mentions(&body)
        }
        Kind::Edit => {
            body.required::<EntryId>("of")?;
            body.required::<String>("text")?;
            check_mentions(&body)
        }
        Kind::Delete => body.required::<EntryId>("of").map(drop),
        Kind::React => {
            body.required::<EntryId>("to")?;
            body.required::<String>("emoji")?;
            body.required::<bool>("on").map(drop)
        }
        Kind::Topic => body.required::<String>("text").map(drop),
        Kind::RoomRenamed => body.name(),
        // A client may not post these, whatever their fields are.
        Kind::Created | Kind::Joined | Kind::Left | Kind::MemberRenamed | Kind::Wiped | Kind::Unknown => Ok(()),
    }
}

fn check_mentions(body: &Fields<'_>) -> Result<(), WireError> {
    let mentions = body.fields.get("mentions").and_then(Value::as_array);
    if !mentions.into_iter().flatten().all(Value::is_object) {
        return Err(WireError::bad_request("Each of the \"mentions\" is an object."));
    }
    body.optional::<Vec<Mention>>("mentions")
}

/// The fields of an object. Its methods refuse with `bad_request` and the field's name.
struct Fields<'a> {
    fields: &'a Map<String, Value>,
    /// The words between the name of a field and the verb.
    of: &'static str,
}

impl<'a> Fields<'a> {
    fn value(&self, name: &str) -> Result<&'a Value, WireError> {
        let missing = || WireError::bad_request(format!("The field \"{name}\"{} is missing.", self.of));
        self.fields.get(name).ok_or_else(missing)
    }

    fn required<T: Deserialize<'a>>(&self, name: &str) -> Result<T, WireError> {
        T::deserialize(self.value(name)?)
            .map_err(|error| WireError::bad_request(format!("The field \"{name}\"{} is wrong: {error}.", self.of)))
    }

    fn optional<T: Deserialize<'a>>(&self, name: &str) -> Result<(), WireError> {
        if self.fields.contains_key(name) {
            self.required::<T>(name)?;
        }
        Ok(())
    }

    /// Checks the field `name`, which gives a name to a room or a person.
    fn name(&self) -> Result<(), WireError> {
        Name::parse(self.required("name")?)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    //! - every event is accepted as it is, and refused with an array in the place of any of its objects
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
            ClientEventKind::Rooms => json!({}),
            ClientEventKind::Join | ClientEventKind::Leave | ClientEventKind::Members => json!({ "room": ROOM }),
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

    /// Checks that an event with a wrong field is refused with the name of that field, unless the field is an optional one.
    fn assert_named(event: ClientEventKind, argument: Value, field: &str) {
        let shown = argument.to_string();
        match ClientEvent::parse(event.name(), argument) {
            Ok(_) => assert!(
                ["mentions", "reply_to", "topic", "before", "after", "around", "limit"].contains(&field),
                "{shown}"
            ),
            Err(error) => assert!(error.message.contains(&format!("\"{field}\"")), "{shown}: {error}"),
        }
    }

    #[test]
    fn a_wrong_field_is_named() {
        for event in ClientEventKind::VARIANTS {
            for (field, argument) in arguments(*event).iter().flat_map(with_a_wrong_field) {
                assert_named(*event, argument, &field);
            }
        }
        for kind in Kind::VARIANTS {
            let body = body(*kind);
            let read: Body = serde_json::from_value(body.clone()).unwrap();
            for (field, changed) in with_a_wrong_field(&body) {
                if field == "kind" || read.check().is_ok() {
                    assert_named(ClientEventKind::Post, post(&changed), &field);
                }
            }
        }
        let null = post(&json!({ "kind": "message", "text": "x", "mentions": null }));
        assert!(ClientEvent::parse("post", null).is_err());
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
