//! Authentication: the `auth` payload becomes an identity.

use ichat_protocol::{
    Auth, DeviceId, ErrorCode, GuestAuth, MemberId, NEWEST_PROTOCOL, Name, PROTOCOLS, WireError, cut_text, verify,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::errors;
use crate::net::rate_limiter::Budget;
use crate::session::clock::now;
use crate::session::costs;
use crate::session::membership::name_in_log;
use crate::session::state::ServerState;

/// A client that may connect.
pub(crate) struct Identity {
    pub(crate) member: MemberId,
    pub(crate) name: Name,
    pub(crate) device: DeviceId,
    pub(crate) kind: IdentityKind,
    pub(crate) protocol: u32,
    /// The budget of the person.
    pub(crate) budget: Budget,
    /// A guest's secret, for the next connection.
    pub(crate) guest_secret: Option<String>,
    /// Tells that the log may have a name for the member: always for one with a key, and for a guest who has come back.
    pub(crate) is_in_log: bool,
}

/// The way in which a client identified itself.
pub(crate) enum IdentityKind {
    Key,
    /// Without a key, but with a protocol version.
    Guest,
    /// A tutorial client: without a key and without a protocol version.
    Tutorial {
        /// The last message that it received on an earlier connection, if it says so.
        offset: Option<u64>,
    },
}

/// Authenticates a client by the JSON text of its `auth` payload; `None` when it sent none.
pub(crate) async fn authenticate(state: &ServerState, auth: Option<&str>) -> Result<Identity, WireError> {
    let fields = match auth.map(serde_json::from_str::<Value>) {
        None | Some(Ok(Value::Null)) => Map::new(),
        Some(Ok(Value::Object(fields))) => fields,
        Some(payload) => {
            let surrogate = payload.as_ref().err().and_then(errors::unpaired_surrogate);
            return Err(
                surrogate.unwrap_or_else(|| WireError::bad_request("The \"auth\" payload must be a JSON object."))
            );
        }
    };
    let protocol = fields.get("protocol").map(parse_protocol).transpose()?;
    if fields.contains_key("key") {
        return authenticate_key(state, fields);
    }
    if !state.config.guests {
        return Err(WireError::new(
            ErrorCode::NoGuests,
            "This server requires a key. Use the I-Chat app, or the web page that this server serves.",
        ));
    }
    guest(state, fields, protocol).await
}

fn authenticate_key(state: &ServerState, fields: Map<String, Value>) -> Result<Identity, WireError> {
    let auth = Auth::parse(fields)?;
    state.nonces.check(&auth.nonce)?;
    let member =
        verify(&auth, state.store.server_id()).map_err(|error| WireError::from_error(ErrorCode::Auth, &error))?;
    // Only now is it that person who connects, and nobody else who spends their budget.
    let budget = state.budgets.of_person(&member);
    budget.try_take(costs::SIGN_IN).map_err(errors::too_many_sign_ins)?;
    state.nonces.consume(&auth.nonce)?;
    Ok(Identity {
        member,
        name: auth.name,
        device: auth.device,
        kind: IdentityKind::Key,
        protocol: auth.protocol,
        budget,
        guest_secret: None,
        is_in_log: true,
    })
}

fn parse_protocol(version: &Value) -> Result<u32, WireError> {
    let theirs = version.as_u64().and_then(|version| u32::try_from(version).ok());
    if let Some(theirs) = theirs.filter(|theirs| PROTOCOLS.contains(theirs)) {
        return Ok(theirs);
    }
    let ours: Vec<String> = PROTOCOLS.iter().map(u32::to_string).collect();
    let ours = ours.join(", ");
    let advice = match theirs {
        Some(theirs) if theirs > NEWEST_PROTOCOL => "The server is the older one: it needs an update.",
        Some(_) => "The client is the older one: update it.",
        None => "The version must be a whole number.",
    };
    let shown = cut_text(&version.to_string(), 20);
    Err(WireError::new(
        ErrorCode::Protocol,
        format!("This server speaks protocol version {ours}, and the client speaks {shown}. {advice}"),
    ))
}

/// Identifies a client without a key: as the guest whose secret it has, otherwise as a new one. An expired secret is no error, so
/// that a bot which comes back late comes back at all.
async fn guest(state: &ServerState, fields: Map<String, Value>, protocol: Option<u32>) -> Result<Identity, WireError> {
    let kind = match protocol {
        Some(_) => IdentityKind::Guest,
        None => IdentityKind::Tutorial {
            offset: fields.get("serverOffset").and_then(Value::as_u64),
        },
    };
    let auth = GuestAuth::parse(fields)?;
    let now = now();
    let known = auth.secret.and_then(|secret| state.guest_secrets.guest(&secret, now));
    let id = known.unwrap_or_else(Uuid::new_v4);
    let member = MemberId::guest(id);
    let logged_name = match known {
        Some(_) => name_in_log(state, &member).await?,
        None => None,
    };
    let name = auth.name.or_else(|| logged_name.clone());
    Ok(Identity {
        budget: state.budgets.of_person(&member),
        member,
        name: name.unwrap_or_else(|| guest_name(id)),
        device: auth.device.unwrap_or_else(DeviceId::fresh),
        kind,
        protocol: protocol.unwrap_or(NEWEST_PROTOCOL),
        guest_secret: Some(state.guest_secrets.issue(id, now)),
        is_in_log: logged_name.is_some(),
    })
}

/// Returns a name like "Guest 4821". Its four digits come from the id, so that two guests mostly have different names.
fn guest_name(id: Uuid) -> Name {
    let digits = 1_000 + id.as_u128() % 9_000;
    #[expect(clippy::expect_used, reason = "a literal and four digits")]
    Name::parse(&format!("Guest {digits}")).expect("letters and digits are a name")
}
