//! Authentication: the server's challenge and the client's signed answer.
//!
//! 1. `GET /api/hello` returns a [`Challenge`] with a nonce.
//! 2. The client signs `ichat auth 1\n<server id>\n<nonce>\n<device id>` (UTF-8, no line end at the end) with its
//!    Ed25519 key (RFC 8032), and sends an [`Auth`] as the `auth` payload of the Socket.IO connection.
//!
//! The signed text contains the server's id, so that the answer is valid at one server only. It does not prove that the
//! challenge came from that server: one that claims the id of another can relay the other's challenge.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;

use crate::fields::{FieldValue, Fields};
use crate::{DeviceId, MemberId, Name, ServerId, WireError};

/// The words after a field's name in a refusal.
const IN_AUTH: &str = " in the \"auth\" payload";

/// The identity of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ServerInfo {
    /// The id of its data folder.
    pub id: ServerId,
    /// The name that people see.
    pub name: Name,
    /// The program and its version, for diagnostics.
    pub software: String,
}

/// The answer to `GET /api/hello`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Challenge {
    /// The server.
    pub server: ServerInfo,
    /// The protocol versions that it implements.
    pub protocols: Vec<u32>,
    /// The nonce to sign, valid once and for two minutes.
    pub nonce: String,
    /// `true` if the server accepts clients without a key.
    pub guests: bool,
}

/// The `auth` payload of a client that has a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Auth {
    /// The protocol version that the client chose.
    pub protocol: u32,
    /// The client's public key.
    pub key: Key,
    /// The person's name.
    pub name: Name,
    /// The client's installation.
    pub device: DeviceId,
    /// The nonce of the [`Challenge`].
    pub nonce: String,
    /// The signature over the text in the module's documentation.
    pub signature: Signature,
}

/// The fields of the `auth` payload by which a client without a key may introduce itself. The server reads `protocol` and
/// `serverOffset` apart from them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestAuth {
    /// The person's name.
    pub name: Option<Name>,
    /// The client's installation.
    pub device: Option<DeviceId>,
    /// The `guest_secret` of an earlier `hello`.
    pub secret: Option<String>,
}

/// An Ed25519 public key, in text: unpadded base64url, 43 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct Key(pub [u8; 32]);

/// An Ed25519 signature, in text: unpadded base64url, 86 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct Signature(pub [u8; 64]);

/// The reason why an [`Auth`] is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// A field is not base64url or has the wrong length.
    #[error("a key has 32 bytes and a signature 64, each in unpadded base64url")]
    Encoding,
    /// The signature doesn't match the key, the nonce and this server.
    #[error("the signature does not fit the key, the nonce and this server")]
    Signature,
}

impl Auth {
    /// Parses the `auth` payload of a client that has a key. The name follows the rule for names; [`verify`] checks the
    /// signature. Errors: `bad_request` with the wrong field, or the rule that the name breaks.
    pub fn parse(fields: Map<String, Value>) -> Result<Self, WireError> {
        let mut fields = Fields::new(fields, IN_AUTH);
        Ok(Self {
            protocol: fields.required("protocol")?,
            key: fields.required("key")?,
            name: fields.given_name()?,
            device: fields.required("device")?,
            nonce: fields.required("nonce")?,
            signature: fields.required("signature")?,
        })
    }
}

impl GuestAuth {
    /// Parses the `auth` payload of a client without a key. The name follows the rule for names. Errors: `bad_request` with
    /// the wrong field, or the rule that the name breaks.
    pub fn parse(fields: Map<String, Value>) -> Result<Self, WireError> {
        let mut fields = Fields::new(fields, IN_AUTH);
        let name: Option<String> = fields.optional("name")?;
        Ok(Self {
            name: name.map(|name| Name::parse(&name)).transpose()?,
            device: fields.optional("device")?,
            secret: fields.optional("guest_secret")?,
        })
    }
}

/// Signs a challenge.
pub fn sign(secret: &SigningKey, challenge: &Challenge, protocol: u32, name: Name, device: DeviceId) -> Auth {
    let text = signed_text(challenge.server.id, &challenge.nonce, device);
    Auth {
        protocol,
        key: Key(secret.verifying_key().to_bytes()),
        name,
        device,
        nonce: challenge.nonce.clone(),
        signature: Signature(secret.sign(text.as_bytes()).to_bytes()),
    }
}

/// Verifies a client's answer and returns its identity. The caller checks that the nonce is its own and unused.
pub fn verify(auth: &Auth, server: ServerId) -> Result<MemberId, AuthError> {
    let key = VerifyingKey::from_bytes(&auth.key.0).map_err(|_| AuthError::Signature)?;
    let signature = ed25519_dalek::Signature::from_bytes(&auth.signature.0);
    let text = signed_text(server, &auth.nonce, auth.device);
    key.verify_strict(text.as_bytes(), &signature)
        .map_err(|_| AuthError::Signature)?;
    Ok(MemberId::of_key(&auth.key.0))
}

fn signed_text(server: ServerId, nonce: &str, device: DeviceId) -> String {
    format!("ichat auth 1\n{server}\n{nonce}\n{device}")
}

fn decode<const N: usize>(text: &str) -> Result<[u8; N], AuthError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| AuthError::Encoding)?;
    bytes.try_into().map_err(|_| AuthError::Encoding)
}

impl FieldValue for Key {
    const DESCRIPTION: &'static str = "a public key: 32 bytes in unpadded base64url";
}

impl FieldValue for Signature {
    const DESCRIPTION: &'static str = "a signature: 64 bytes in unpadded base64url";
}

impl TryFrom<String> for Key {
    type Error = AuthError;
    fn try_from(text: String) -> Result<Self, AuthError> {
        decode(&text).map(Self)
    }
}

impl From<Key> for String {
    fn from(key: Key) -> String {
        URL_SAFE_NO_PAD.encode(key.0)
    }
}

impl TryFrom<String> for Signature {
    type Error = AuthError;
    fn try_from(text: String) -> Result<Self, AuthError> {
        decode(&text).map(Self)
    }
}

impl From<Signature> for String {
    fn from(signature: Signature) -> String {
        URL_SAFE_NO_PAD.encode(signature.0)
    }
}

#[cfg(test)]
mod tests {
    //! - the key is the person
    //! - an answer is valid for one server, one nonce and one key

    use super::*;

    fn challenge() -> Challenge {
        Challenge {
            server: ServerInfo {
                id: ServerId::fresh(),
                name: Name::parse("Office").unwrap(),
                software: "test".into(),
            },
            protocols: vec![1],
            nonce: "n0nce".into(),
            guests: true,
        }
    }

    #[test]
    fn the_key_is_the_person() {
        let secret = SigningKey::from_bytes(&[7; 32]);
        let challenge = challenge();
        let auth = sign(&secret, &challenge, 1, Name::parse("Ada").unwrap(), DeviceId::fresh());
        let member = verify(&auth, challenge.server.id).unwrap();
        assert_eq!(member, MemberId::of_key(&secret.verifying_key().to_bytes()));
        let wire = serde_json::to_string(&auth).unwrap();
        assert_eq!(serde_json::from_str::<Auth>(&wire).unwrap(), auth);
    }

    #[test]
    fn an_answer_is_valid_for_one_server_one_nonce_and_one_key() {
        let challenge = challenge();
        let auth = sign(
            &SigningKey::from_bytes(&[7; 32]),
            &challenge,
            1,
            Name::parse("Ada").unwrap(),
            DeviceId::fresh(),
        );
        assert_eq!(verify(&auth, ServerId::fresh()), Err(AuthError::Signature));
        let other_nonce = Auth {
            nonce: "other".into(),
            ..auth.clone()
        };
        assert_eq!(verify(&other_nonce, challenge.server.id), Err(AuthError::Signature));
        let other_key = Auth {
            key: Key(SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes()),
            ..auth
        };
        assert_eq!(verify(&other_key, challenge.server.id), Err(AuthError::Signature));
    }
}
