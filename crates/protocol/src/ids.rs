//! Ids and sequence numbers, each a type of its own so that none can stand where another belongs.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $make:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
        #[serde(transparent)]
        #[ts(type = "string")]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new one, never used before.
            pub fn fresh() -> Self {
                Self(Uuid::$make())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id!(
    /// A room. Made by whoever creates it (`UUIDv7`), so that creating twice is creating once.
    RoomId, now_v7
);
uuid_id!(
    /// An entry. Made by the author's device before it is sent (`UUIDv7`): the key for "already have it".
    EntryId, now_v7
);
uuid_id!(
    /// One installation of a client: a desktop, a browser profile, a bot.
    DeviceId, new_v4
);
uuid_id!(
    /// A server's data folder; it stays when the address or the name changes.
    ServerId, new_v4
);
uuid_id!(
    /// One unbroken history of a room. It changes whenever history may have been rewritten
    /// (a restored backup, another host), and a client that holds another epoch rebuilds.
    Epoch, new_v4
);

/// An entry's place in its room: 1, 2, 3 … without a gap; 0 stands before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "number")]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first entry.
    pub const ZERO: Seq = Seq(0);

    /// The place after this one. It stops at the top instead of wrapping, because a hostile server may send any number.
    #[must_use]
    pub fn next(self) -> Seq {
        Seq(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A person: the Ed25519 public key in unpadded base64url (43 characters), or `guest-` and a UUID for who brought no key.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct MemberId(String);

impl MemberId {
    /// The person that holds the secret half of this key.
    pub fn of_key(key: &[u8; 32]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(key))
    }

    /// Somebody without a key, for one session.
    pub fn guest(id: Uuid) -> Self {
        Self(format!("guest-{id}"))
    }

    /// Whether nobody can prove to be this person again.
    pub fn is_guest(&self) -> bool {
        self.0.starts_with("guest-")
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemberId({})", self.0)
    }
}

/// The text is neither a key nor a guest's id.
#[derive(Debug, thiserror::Error)]
#[error("a member id is an Ed25519 public key in base64url (43 characters), or guest-<uuid>")]
pub struct InvalidMemberId;

impl TryFrom<String> for MemberId {
    type Error = InvalidMemberId;

    fn try_from(text: String) -> Result<Self, InvalidMemberId> {
        let valid = match text.strip_prefix("guest-") {
            Some(id) => Uuid::parse_str(id).is_ok(),
            None => URL_SAFE_NO_PAD.decode(&text).is_ok_and(|key| key.len() == 32),
        };
        valid.then_some(Self(text)).ok_or(InvalidMemberId)
    }
}

impl From<MemberId> for String {
    fn from(id: MemberId) -> String {
        id.0
    }
}
