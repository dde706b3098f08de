//! Ids and sequence numbers, each a type of its own so that the compiler keeps them apart.

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
            /// Returns a new id.
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
    /// The id of a room. The client that creates the room makes it (`UUIDv7`), so that a retry creates no second room.
    RoomId, now_v7
);
uuid_id!(
    /// The id of an entry. The author's device makes it before sending (`UUIDv7`); it is the idempotency key.
    EntryId, now_v7
);
uuid_id!(
    /// The id of one installation of a client: a desktop app, a browser tab, a bot.
    DeviceId, new_v4
);
uuid_id!(
    /// The id of a server's data folder. It stays when the address or the name changes.
    ServerId, new_v4
);
uuid_id!(
    /// The id of one history of a room. It changes whenever the log may have been rewritten, for example by restoring a
    /// backup. A client with another epoch drops its copy of the room.
    Epoch, new_v4
);

/// The position of an entry in its room's log: 1, 2, 3 … without a gap. 0 is the position before the first entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "number")]
pub struct Seq(pub u64);

impl Seq {
    /// The position before the first entry.
    pub const ZERO: Seq = Seq(0);

    /// Returns the next position. It saturates instead of wrapping, because a hostile server may send any number.
    #[must_use]
    pub fn next(self) -> Seq {
        Seq(self.0.saturating_add(1))
    }

    /// Returns the exclusive lower bound of a page of up to `limit` entries that has this one in its middle.
    #[must_use]
    pub fn page_start(self, limit: u32) -> Seq {
        Seq(self.0.saturating_sub(u64::from(limit / 2) + 1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of a person: their Ed25519 public key in unpadded base64url (43 characters), or `guest-` and a UUID for a
/// client without a key (42 characters). The length tells them apart: a key can begin with `guest-`, too.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct MemberId(String);

impl MemberId {
    const GUEST_PREFIX: &str = "guest-";
    const KEY_CHARS: usize = 43;

    /// Returns the id of the person with this public key.
    pub fn of_key(key: &[u8; 32]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(key))
    }

    /// Returns the id of a client without a key, valid for one connection.
    pub fn guest(id: Uuid) -> Self {
        Self(format!("{}{id}", Self::GUEST_PREFIX))
    }

    /// Returns `true` for a guest: no later connection can prove to be the same person.
    pub fn is_guest(&self) -> bool {
        self.0.len() != Self::KEY_CHARS
    }

    /// Returns the text form.
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

/// The error for a text that is neither a key nor a guest's id.
#[derive(Debug, thiserror::Error)]
#[error("a member id is an Ed25519 public key in base64url (43 characters), or guest-<uuid>")]
pub struct InvalidMemberId;

impl TryFrom<String> for MemberId {
    type Error = InvalidMemberId;

    fn try_from(text: String) -> Result<Self, InvalidMemberId> {
        let is_valid = if text.len() == Self::KEY_CHARS {
            URL_SAFE_NO_PAD.decode(&text).is_ok_and(|key| key.len() == 32)
        } else {
            // A second spelling of the UUID would be a second person.
            let id = text
                .strip_prefix(Self::GUEST_PREFIX)
                .and_then(|id| Uuid::parse_str(id).ok());
            id.is_some_and(|id| Self::guest(id).0 == text)
        };
        is_valid.then_some(Self(text)).ok_or(InvalidMemberId)
    }
}

impl From<MemberId> for String {
    fn from(id: MemberId) -> String {
        id.0
    }
}

#[cfg(test)]
mod tests {
    //! - a key that begins like a guest's id is a key
    //! - a guest's id has one spelling
    //! - a page has an entry in its middle, or begins with the first one

    use super::*;

    fn parse(text: &str) -> Result<MemberId, InvalidMemberId> {
        MemberId::try_from(text.to_owned())
    }

    #[test]
    fn a_key_that_begins_like_a_guests_id_is_a_key() {
        let text = "guest-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let key = URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap();
        let member = MemberId::of_key(&key);
        assert_eq!(member.as_str(), text);
        assert!(!member.is_guest());
        assert_eq!(parse(text).unwrap(), member);
    }

    #[test]
    fn a_page_has_an_entry_in_its_middle() {
        let starts = [(10, 1), (10, 4), (10, 5), (3, 200), (1, 1)].map(|(seq, limit)| Seq(seq).page_start(limit));
        assert_eq!(starts, [9, 7, 7, 0, 0].map(Seq));
    }

    #[test]
    fn a_guests_id_has_one_spelling() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert!(parse(&format!("guest-{id}")).unwrap().is_guest());
        for other in [
            id.to_uppercase(),
            id.replace('-', ""),
            format!("{{{id}}}"),
            String::new(),
        ] {
            assert!(parse(&format!("guest-{other}")).is_err(), "{other}");
        }
    }
}
