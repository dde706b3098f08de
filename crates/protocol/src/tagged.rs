//! Conversion between serde's adjacently tagged form and an event's name and argument.

use serde::Serialize;
use serde_json::{Map, Value};

/// Returns `{"event": name, "data": data}`.
pub(crate) fn tagged(name: &str, data: Value) -> Value {
    Map::from_iter([("event".to_owned(), name.into()), ("data".to_owned(), data)]).into()
}

/// Returns the `data` of a tagged event, `null` if it has none.
pub(crate) fn data_of(event: &impl Serialize) -> Value {
    // Serialising fails only for maps with keys that are not text, and no event has one.
    let mut tagged = serde_json::to_value(event).unwrap_or_default();
    tagged.get_mut("data").map(Value::take).unwrap_or_default()
}
