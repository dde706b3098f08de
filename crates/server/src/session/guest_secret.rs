//! The secrets by which guests keep their identity for a while.
//!
//! A secret is `guest ‖ expiry ‖ MAC` in base64url, under a key that the data folder keeps. So the server stores nothing for a
//! guest, and the secret survives a restart.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ichat_protocol::limits::GUEST_SECRET_LIFETIME;
use sha2::Sha256;
use uuid::Uuid;

/// Bytes of the guest's id and of the expiry.
const CLAIM_BYTES: usize = 16 + 8;
/// Bytes of the truncated MAC.
const MAC_BYTES: usize = 16;
/// The beginning of what is authenticated, so that a MAC of another purpose can never be one of a secret.
const PURPOSE: &[u8] = b"ichat guest 1";

/// The secrets of a server's guests: issues them and checks them.
pub(crate) struct GuestSecrets {
    mac: Hmac<Sha256>,
}

impl GuestSecrets {
    pub(crate) fn new(key: [u8; 64]) -> Self {
        let mac: Hmac<Sha256> = Hmac::new(&key.into());
        Self {
            mac: mac.chain_update(PURPOSE),
        }
    }

    /// Issues a secret. `now` is in milliseconds since the Unix epoch.
    pub(crate) fn issue(&self, guest: Uuid, now: u64) -> String {
        let expiry = now.saturating_add(millis(GUEST_SECRET_LIFETIME));
        let mut secret = [guest.as_bytes().as_slice(), &expiry.to_be_bytes()].concat();
        let tag = self.mac.clone().chain_update(&secret).finalize().into_bytes();
        secret.extend(&tag[..MAC_BYTES]);
        BASE64URL_NOPAD.encode(&secret)
    }

    /// Returns the guest whose secret this is; `None` if it is not from this server or has expired.
    pub(crate) fn guest(&self, secret: &str, now: u64) -> Option<Uuid> {
        let secret = BASE64URL_NOPAD.decode(secret.as_bytes()).ok()?;
        let (claim, tag) = secret.split_at_checked(CLAIM_BYTES)?;
        let tag: &[u8; MAC_BYTES] = tag.try_into().ok()?;
        let mac = self.mac.clone().chain_update(claim);
        mac.verify_truncated_left(tag).ok()?;
        let (guest, expiry) = claim.split_first_chunk()?;
        let expiry = u64::from_be_bytes(expiry.try_into().ok()?);
        (now <= expiry).then(|| Uuid::from_bytes(*guest))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    //! A secret is worth something for a week, at the server that issued it, and as it was issued.

    use super::*;

    #[test]
    fn a_secret_identifies_its_guest_for_a_week_at_its_server() {
        let secrets = GuestSecrets::new([7; 64]);
        let guest = Uuid::new_v4();
        let secret = secrets.issue(guest, 1_000);
        let last = 1_000 + millis(GUEST_SECRET_LIFETIME);
        assert_eq!(secrets.guest(&secret, 1_000), Some(guest));
        assert_eq!(secrets.guest(&secret, last), Some(guest));
        assert_eq!(secrets.guest(&secret, last + 1), None);
        assert_eq!(
            GuestSecrets::new([7; 64]).guest(&secret, last),
            Some(guest),
            "after a restart"
        );
        assert_eq!(GuestSecrets::new([8; 64]).guest(&secret, last), None);
    }

    #[test]
    fn what_was_not_issued_identifies_nobody() {
        let secrets = GuestSecrets::new([7; 64]);
        let secret = secrets.issue(Uuid::new_v4(), 0);
        let bytes = BASE64URL_NOPAD.decode(secret.as_bytes()).unwrap();
        for changed in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[changed] ^= 1;
            assert_eq!(
                secrets.guest(&BASE64URL_NOPAD.encode(&bytes), 0),
                None,
                "byte {changed}"
            );
        }
        let shorter = BASE64URL_NOPAD.encode(&bytes[..bytes.len() - 1]);
        for invented in [
            "",
            "x",
            "guest",
            &"A".repeat(54),
            &"é".repeat(27),
            &shorter,
            &format!("{secret}="),
        ] {
            assert_eq!(secrets.guest(invented, 0), None, "{invented}");
        }
    }
}
