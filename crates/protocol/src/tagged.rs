//! Conversion between serde's adjacently tagged form and an event's name and argument.

use serde::Serialize;
use serde_json::{Map, Value};

/// Returns `{"event": name, "data": data}`.
pub(crate) fn tagged(name: &str, data: Value) -> Value {
    Map::from_iter([("event".to_owned(), name.into()), ("data".to_owned(), data)]).into()
}

/// Returns the `data` of a tagged event, `null` if it has none.
pub(crate) fn data_of(event: &impl Serialize) -> Value {
    match serde_json::to_value(event) {
        Ok(Value::Object(mut object)) => object.remove("data").unwrap_or_default(),
        Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) | Err(_) => {
            Value::Null
        }
    }
}
