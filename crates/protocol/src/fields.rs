//! Reading the fields of an object that a client has sent. A refusal names the field, and says in plain words what it
//! must be.
//!
//! serde doesn't name the field that is wrong. It also reads a struct from an array of its fields, and an enum from the
//! number of its variant; a client that sends those would depend on the order of our declarations.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{DeviceId, EntryId, Epoch, MemberId, Name, RoomId, Seq, WireError};

/// The fields of an object that have not been read yet. The methods refuse with `bad_request` and the field's name.
pub(crate) struct Fields {
    fields: Map<String, Value>,
    /// The words after a field's name.
    context: &'static str,
}

impl Fields {
    /// Returns the fields of an object. Refusals have `context` after a field's name: words such as ` in "body"`.
    pub(crate) fn new(fields: Map<String, Value>, context: &'static str) -> Self {
        Self { fields, context }
    }

    /// Returns a field, which must be there.
    pub(crate) fn required<T: FieldValue>(&mut self, name: &str) -> Result<T, WireError> {
        let value = self.fields.remove(name).ok_or_else(|| self.missing(name))?;
        self.parse(name, value)
    }

    /// Returns a field, which must be there, and leaves it unread.
    pub(crate) fn peek<T: FieldValue>(&self, name: &str) -> Result<T, WireError> {
        let value = self.fields.get(name).ok_or_else(|| self.missing(name))?;
        self.parse(name, value.clone())
    }

    /// Returns a field, or the default value if it is absent.
    pub(crate) fn or_default<T: FieldValue + Default>(&mut self, name: &str) -> Result<T, WireError> {
        match self.fields.remove(name) {
            Some(value) => self.parse(name, value),
            None => Ok(T::default()),
        }
    }

    /// Returns a field, or `None` if it is absent or null.
    pub(crate) fn optional<T: FieldValue>(&mut self, name: &str) -> Result<Option<T>, WireError> {
        match self.fields.remove(name) {
            Some(Value::Null) | None => Ok(None),
            Some(value) => self.parse(name, value).map(Some),
        }
    }

    /// Returns the field `name` as one that can be received.
    pub(crate) fn name(&mut self) -> Result<Name, WireError> {
        let text: String = self.required("name")?;
        Ok(Name::try_from(text)?)
    }

    /// Returns the field `name` as one that may be given to a room or a person.
    pub(crate) fn given_name(&mut self) -> Result<Name, WireError> {
        let name = self.name()?;
        name.check()?;
        Ok(name)
    }

    /// Returns the fields that have not been read.
    pub(crate) fn rest(self) -> Map<String, Value> {
        self.fields
    }

    fn missing(&self, name: &str) -> WireError {
        WireError::bad_request(format!("The field \"{name}\"{} is missing.", self.context))
    }

    fn parse<T: FieldValue>(&self, name: &str, value: Value) -> Result<T, WireError> {
        serde_json::from_value(value).map_err(|_| {
            WireError::bad_request(format!(
                "The field \"{name}\"{} must be {}.",
                self.context,
                T::DESCRIPTION
            ))
        })
    }
}

/// The type of a field.
pub(crate) trait FieldValue: DeserializeOwned {
    /// The end of the sentence "The field must be …".
    const DESCRIPTION: &'static str;
}

macro_rules! field_values {
    ($($type:ty: $description:literal,)+) => {
        $(impl FieldValue for $type {
            const DESCRIPTION: &'static str = $description;
        })+
    };
}

field_values! {
    bool: "true or false",
    u32: "a whole number from 0 to 4294967295",
    String: "a text",
    Map<String, Value>: "an object",
    Vec<Value>: "an array",
    RoomId: "a UUID",
    EntryId: "a UUID",
    DeviceId: "a UUID",
    Epoch: "a UUID",
    Seq: "a whole number, 0 or greater",
    MemberId: "a member's id: a public key (43 characters of base64url), or guest- and a UUID",
}
