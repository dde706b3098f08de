//! The shape of the argument of an event. serde also reads a struct from an array of its fields, and an enum from the number of
//! its variant; a client that sends those would depend on the order of our declarations.

use serde_json::Value;

use crate::WireError;

/// Checks that the argument of an event has objects where the protocol has them, and that its body names its kind. Errors:
/// `bad_request` with the field.
pub(crate) fn check_shape(argument: &Value) -> Result<(), WireError> {
    if !argument.is_object() {
        return Err(WireError::bad_request("The argument of an event is an object."));
    }
    if let Some(body) = argument.get("body") {
        if !body.is_object() {
            return Err(WireError::bad_request("\"body\" is an object."));
        }
        if !body.get("kind").is_some_and(Value::is_string) {
            return Err(WireError::bad_request("\"kind\" of \"body\" is a string."));
        }
        let mentions = body.get("mentions").and_then(Value::as_array);
        if !mentions.into_iter().flatten().all(Value::is_object) {
            return Err(WireError::bad_request("Each of the \"mentions\" is an object."));
        }
    }
    let rooms = argument.get("rooms").and_then(Value::as_object);
    if !rooms
        .into_iter()
        .flatten()
        .all(|(_, head)| head.is_object() || head.is_null())
    {
        return Err(WireError::bad_request("Each of the \"rooms\" is an object or null."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    //! - objects pass, and unknown fields
    //! - arrays and numbers in their places don't

    use serde_json::json;

    use super::*;

    const ROOM: &str = "01890a60-1111-7abc-8def-0123456789ab";
    const ID: &str = "01890a60-2222-7abc-8def-0123456789ab";

    fn post(body: &Value) -> Value {
        json!({ "room": ROOM, "id": ID, "body": body })
    }

    #[test]
    fn objects_pass() {
        let mention = json!({ "member": "ada", "name": "Ada" });
        for argument in [
            post(&json!({ "kind": "message", "text": "hello", "later": [1] })),
            post(&json!({ "kind": "message", "text": "@Ada", "mentions": [mention] })),
            post(&json!({ "kind": "later", "rooms": [1] })),
            json!({ "rooms": { ROOM: null } }),
            json!({}),
        ] {
            assert!(check_shape(&argument).is_ok(), "{argument}");
        }
    }

    #[test]
    fn arrays_and_numbers_in_their_places_are_refused() {
        for argument in [
            json!([ROOM, ID, { "kind": "message", "text": "hello" }]),
            post(&json!(["message", "hello"])),
            post(&json!({ "kind": 6, "text": "hello" })),
            post(&json!({ "text": "hello" })),
            post(&json!({ "kind": "message", "text": "@Ada", "mentions": [["ada", "Ada"]] })),
            json!({ "rooms": { ROOM: [ROOM, 3] } }),
            json!(5),
        ] {
            assert!(check_shape(&argument).is_err(), "{argument}");
        }
    }
}
