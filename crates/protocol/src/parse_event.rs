//! Parsing the events of a client from their names and arguments.

use serde_json::{Map, Value};

use crate::shape::check_shape;
use crate::tagged::tagged;
use crate::{ClientEvent, ClientEventKind, ErrorCode, WireError};

impl ClientEvent {
    /// Parses an event from its name and argument, and checks the names that it gives. Errors: `unknown_event`, or
    /// `bad_request` with the wrong field.
    pub fn parse(name: &str, data: Value) -> Result<Self, WireError> {
        let Ok(kind) = name.parse::<ClientEventKind>() else {
            let shown: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
            return Err(WireError::new(
                ErrorCode::UnknownEvent,
                format!("This server knows no event \"{shown}\"; docs/protocol.md lists them."),
            ));
        };
        // An absent argument is an empty object.
        let data = if data.is_null() { Map::new().into() } else { data };
        check_shape(kind, &data)?;
        serde_json::from_value(tagged(name, data))
            .map_err(|error| WireError::bad_request(format!("The argument of \"{name}\" is wrong: {error}.")))
    }
}
