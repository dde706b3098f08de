//! Who comes in: the `auth` payload becomes a person.

use ichat_protocol::{Auth, DeviceId, ErrorCode, MemberId, Name, PROTOCOLS, WireError, verify};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::house::House;

/// Somebody who was let in.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    pub(crate) member: MemberId,
    pub(crate) name: Name,
    pub(crate) device: DeviceId,
    pub(crate) kind: Kind,
    pub(crate) protocol: u32,
}

/// How a client came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// With a key.
    Keyed,
    /// Without one, but speaking this protocol.
    Guest,
    /// By the classic contract: it says nothing of a protocol.
    Classic {
        /// The last message that it saw in an earlier connection, if it says so.
        offset: Option<u64>,
    },
}

/// Reads the `auth` payload, in the form that its text has on the wire; `None` when the client sent none.
pub(crate) fn admit(house: &House, auth: Option<&str>) -> Result<Visitor, WireError> {
    let fields = match auth.map(serde_json::from_str::<Value>) {
        None | Some(Ok(Value::Null)) => Map::new(),
        Some(Ok(Value::Object(fields))) => fields,
        Some(_) => return Err(bad("The \"auth\" payload must be a JSON object.")),
    };
    let protocol = fields.get("protocol").map(protocol).transpose()?;
    if fields.contains_key("key") {
        return with_key(house, fields);
    }
    if !house.config.guests {
        return Err(WireError::new(
            ErrorCode::NoGuests,
            "This server lets nobody in without a key. Use the I-Chat app, or the web page that this server serves.",
        ));
    }
    guest(&fields, protocol)
}

fn protocol(version: &Value) -> Result<u32, WireError> {
    let theirs = version.as_u64().and_then(|version| u32::try_from(version).ok());
    if let Some(theirs) = theirs.filter(|theirs| PROTOCOLS.contains(theirs)) {
        return Ok(theirs);
    }
    let ours: Vec<String> = PROTOCOLS.iter().map(u32::to_string).collect();
    let ours = ours.join(", ");
    let newest = PROTOCOLS.last().copied().unwrap_or_default();
    let advice = match theirs {
        Some(theirs) if theirs > newest => "The server is the older one: it needs an update.",
        Some(_) => "The client is the older one: update it.",
        None => "The version must be a whole number.",
    };
    let shown: String = version.to_string().chars().take(20).collect();
    Err(WireError::new(
        ErrorCode::Protocol,
        format!("This server speaks protocol version {ours}, and the client speaks {shown}. {advice}"),
    ))
}

fn with_key(house: &House, fields: Map<String, Value>) -> Result<Visitor, WireError> {
    let auth: Auth = serde_json::from_value(Value::Object(fields))
        .map_err(|error| bad(&format!("The \"auth\" payload is wrong: {error}.")))?;
    let refused = |error: &dyn std::fmt::Display| WireError::new(ErrorCode::Auth, sentence(&error.to_string()));
    house.nonces.check(&auth.nonce).map_err(|error| refused(&error))?;
    let member = verify(&auth, house.store.server_id()).map_err(|error| refused(&error))?;
    house.nonces.take(&auth.nonce).map_err(|error| refused(&error))?;
    Ok(Visitor {
        member,
        name: auth.name,
        device: auth.device,
        kind: Kind::Keyed,
        protocol: auth.protocol,
    })
}

fn guest(fields: &Map<String, Value>, protocol: Option<u32>) -> Result<Visitor, WireError> {
    let id = Uuid::new_v4();
    let name = match fields.get("name") {
        None | Some(Value::Null) => guest_name(id)?,
        Some(Value::String(name)) => Name::parse(name).map_err(|error| bad(&sentence(&error.to_string())))?,
        Some(_) => return Err(bad("The \"name\" in the \"auth\" payload must be a text.")),
    };
    let device = match fields.get("device") {
        None | Some(Value::Null) => DeviceId::fresh(),
        Some(device) => serde_json::from_value(device.clone())
            .map_err(|_| bad("The \"device\" in the \"auth\" payload must be a UUID."))?,
    };
    let kind = match protocol {
        Some(_) => Kind::Guest,
        None => Kind::Classic {
            offset: fields.get("serverOffset").and_then(Value::as_u64),
        },
    };
    Ok(Visitor {
        member: MemberId::guest(id),
        name,
        device,
        kind,
        protocol: protocol.or(PROTOCOLS.last().copied()).unwrap_or_default(),
    })
}

/// "Guest 4821": four digits of the id, so that two guests are told apart most of the time.
fn guest_name(id: Uuid) -> Result<Name, WireError> {
    let digits = 1_000 + id.as_u128() % 9_000;
    Name::parse(&format!("Guest {digits}")).map_err(|error| bad(&error.to_string()))
}

fn bad(message: &str) -> WireError {
    WireError::new(ErrorCode::BadRequest, message)
}

/// An error's text as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}
