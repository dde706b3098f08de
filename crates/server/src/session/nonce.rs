//! Nonces for `/api/hello`: each may be used once, within two minutes.
//!
//! A nonce is `issue time ‖ random ‖ MAC`, in hex, under a key that lives as long as the process. So issuing one costs
//! no memory, and a flood of requests fills nothing. Only nonces that came back with a valid signature are remembered,
//! until they expire.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ichat_protocol::limits::NONCE_LIFETIME;
use ichat_protocol::{ErrorCode, WireError};
use parking_lot::Mutex;
use sha2::Sha256;
use uuid::Uuid;

/// Used nonces that are remembered: 500 sign-ins a second for the life of a nonce.
const MAX_USED: usize = 60_000;

/// Bytes of the issue time and of the random part.
const CLAIM_BYTES: usize = 8 + 16;
/// Bytes of the truncated MAC.
const MAC_BYTES: usize = 16;

type NonceBytes = [u8; CLAIM_BYTES + MAC_BYTES];

/// The nonces of a server: issues them and checks them.
pub(crate) struct Nonces {
    mac: Hmac<Sha256>,
    started: Instant,
    /// The used nonces, each with the time of its use.
    used: Mutex<HashMap<NonceBytes, Duration>>,
}

/// A nonce that was rejected. The message says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NonceError {
    #[error("The nonce is not from this server, or is too old: ask /api/hello again.")]
    Stale,
    #[error("The nonce was used before: ask /api/hello again.")]
    Used,
    #[error("Too many people are signing in at once: try again in a minute.")]
    Full,
}

impl From<NonceError> for WireError {
    fn from(error: NonceError) -> Self {
        let code = match error {
            NonceError::Stale | NonceError::Used => ErrorCode::Auth,
            NonceError::Full => ErrorCode::Busy,
        };
        WireError::new(code, error.to_string())
    }
}

impl Nonces {
    /// Draws a key. Fails when the system has no random numbers.
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 64];
        getrandom::fill(&mut key)?;
        Ok(Self {
            mac: Hmac::new(&key.into()),
            started: Instant::now(),
            used: Mutex::default(),
        })
    }

    pub(crate) fn issue(&self) -> String {
        self.issue_at(self.started.elapsed())
    }

    fn issue_at(&self, now: Duration) -> String {
        let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let mut nonce = [millis.to_be_bytes().as_slice(), Uuid::new_v4().as_bytes()].concat();
        let tag = self.mac.clone().chain_update(&nonce).finalize().into_bytes();
        nonce.extend(&tag[..MAC_BYTES]);
        HEXLOWER.encode(&nonce)
    }

    /// Checks that this server issued the nonce within its life, and that it is unused.
    pub(crate) fn check(&self, nonce: &str) -> Result<(), NonceError> {
        self.check_at(nonce, self.started.elapsed()).map(drop)
    }

    fn check_at(&self, nonce: &str, now: Duration) -> Result<NonceBytes, NonceError> {
        let nonce = HEXLOWER.decode(nonce.as_bytes()).map_err(|_| NonceError::Stale)?;
        let nonce = NonceBytes::try_from(nonce).map_err(|_| NonceError::Stale)?;
        let (claim, tag) = nonce.split_at(CLAIM_BYTES);
        let mac = self.mac.clone().chain_update(claim);
        mac.verify_truncated_left(tag).map_err(|_| NonceError::Stale)?;
        let (millis, _) = claim.split_first_chunk().ok_or(NonceError::Stale)?;
        let issued = Duration::from_millis(u64::from_be_bytes(*millis));
        if now.saturating_sub(issued) > NONCE_LIFETIME {
            return Err(NonceError::Stale);
        }
        if self.used.lock().contains_key(&nonce) {
            return Err(NonceError::Used);
        }
        Ok(nonce)
    }

    /// Uses a nonce up, once the signature was found valid. Of two clients that use the same one, one succeeds.
    pub(crate) fn consume(&self, nonce: &str) -> Result<(), NonceError> {
        self.consume_at(nonce, self.started.elapsed(), MAX_USED)
    }

    fn consume_at(&self, nonce: &str, now: Duration, max_used: usize) -> Result<(), NonceError> {
        let nonce = self.check_at(nonce, now)?;
        let mut used = self.used.lock();
        if used.len() >= max_used {
            used.retain(|_, at| now.saturating_sub(*at) <= NONCE_LIFETIME);
        }
        if used.len() >= max_used {
            return Err(NonceError::Full);
        }
        match used.insert(nonce, now) {
            None => Ok(()),
            Some(_) => Err(NonceError::Used),
        }
    }
}

#[cfg(test)]
mod tests {
    //! - a nonce can be used once
    //! - when too many nonces are remembered, sign-in is busy until the oldest expire
    //! - a nonce expires, is worthless at another server, and has one spelling

    use super::*;

    #[test]
    fn a_nonce_can_be_used_once() {
        let nonces = Nonces::new().unwrap();
        let nonce = nonces.issue();
        assert_eq!(nonces.check(&nonce), Ok(()));
        assert_eq!(nonces.consume(&nonce), Ok(()));
        assert_eq!(nonces.consume(&nonce), Err(NonceError::Used));
        assert_eq!(nonces.consume(&nonces.issue()), Ok(()));
    }

    #[test]
    fn sign_in_is_busy_while_too_many_nonces_are_remembered() {
        let nonces = Nonces::new().unwrap();
        let [first, later] = [Duration::from_secs(1), Duration::from_mins(1)];
        assert_eq!(nonces.consume_at(&nonces.issue_at(first), first, 2), Ok(()));
        assert_eq!(nonces.consume_at(&nonces.issue_at(later), later, 2), Ok(()));
        let full = nonces.consume_at(&nonces.issue_at(later), later, 2).unwrap_err();
        assert_eq!(WireError::from(full).code, ErrorCode::Busy);
        let expired = first + NONCE_LIFETIME + Duration::from_secs(1);
        assert_eq!(nonces.consume_at(&nonces.issue_at(expired), expired, 2), Ok(()));
    }

    #[test]
    fn a_nonce_is_good_for_two_minutes_at_the_server_that_issued_it() {
        let nonces = Nonces::new().unwrap();
        let nonce = nonces.issue_at(Duration::from_secs(5));
        assert!(nonces.check_at(&nonce, Duration::from_secs(124)).is_ok());
        assert_eq!(
            nonces.check_at(&nonce, Duration::from_secs(126)),
            Err(NonceError::Stale)
        );
        assert_eq!(Nonces::new().unwrap().check(&nonce), Err(NonceError::Stale));
        assert_eq!(
            nonces.check(&nonce.to_uppercase()),
            Err(NonceError::Stale),
            "a second spelling could be used a second time"
        );
        for invented in ["", "x", &"0".repeat(nonce.len()), &"é".repeat(nonce.len() / 2)] {
            assert_eq!(nonces.check(invented), Err(NonceError::Stale), "{invented}");
        }
    }
}
