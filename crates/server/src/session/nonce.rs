//! Nonces for `/api/hello`: each may be used once, within two minutes.
//!
//! A nonce is `issue time ‖ random ‖ MAC`, in hex, under a key that lives as long as the process. So issuing one costs
//! no memory, and a flood of requests fills nothing. Only nonces that came back with a valid signature are remembered,
//! until they expire. When there are too many of them, all nonces as old as the oldest one expire early: clients use theirs at
//! once, so nobody is kept out.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ichat_protocol::limits::NONCE_LIFETIME;
use ichat_protocol::{ErrorCode, WireError};
use parking_lot::Mutex;
use sha2::Sha256;
use uuid::Uuid;

/// Used nonces that are remembered: 500 sign-ins a second for the life of a nonce. At ten times as many, nonces live for twelve
/// seconds.
const MAX_USED: usize = 60_000;

/// Bytes of the issue time and of the random part.
const CLAIM_BYTES: usize = 8 + 16;
/// Bytes of the truncated MAC.
const MAC_BYTES: usize = 16;

/// A nonce. Their order is that of the times at which they were issued.
type NonceBytes = [u8; CLAIM_BYTES + MAC_BYTES];

/// The nonces of a server: issues them and checks them.
pub(crate) struct Nonces {
    mac: Hmac<Sha256>,
    started: Instant,
    used: Mutex<UsedNonces>,
}

#[derive(Default)]
struct UsedNonces {
    nonces: BTreeSet<NonceBytes>,
    /// The last nonce that is no longer remembered. It has expired, with all before it.
    forgotten: Option<NonceBytes>,
}

/// A nonce that was rejected. The message says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NonceError {
    #[error("The nonce is not from this server, or is too old: ask /api/hello again.")]
    Stale,
    #[error("The nonce was used before: ask /api/hello again.")]
    Used,
}

impl From<NonceError> for WireError {
    fn from(error: NonceError) -> Self {
        WireError::new(ErrorCode::Auth, error.to_string())
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
        if is_expired(&nonce, now) {
            return Err(NonceError::Stale);
        }
        self.used.lock().check(&nonce)?;
        Ok(nonce)
    }

    /// Uses a nonce up, once the signature was found valid. Of two clients that use the same one, one succeeds.
    pub(crate) fn consume(&self, nonce: &str) -> Result<(), NonceError> {
        self.consume_at(nonce, self.started.elapsed(), MAX_USED)
    }

    fn consume_at(&self, nonce: &str, now: Duration, max_used: usize) -> Result<(), NonceError> {
        let nonce = self.check_at(nonce, now)?;
        let mut used = self.used.lock();
        // Another client may have used it since.
        used.check(&nonce)?;
        used.nonces.insert(nonce);
        while let Some(oldest) = used.nonces.first()
            && (used.nonces.len() > max_used || is_expired(oldest, now))
        {
            used.forgotten = used.nonces.pop_first();
        }
        Ok(())
    }
}

impl UsedNonces {
    /// Checks that a nonce is known to be unused.
    fn check(&self, nonce: &NonceBytes) -> Result<(), NonceError> {
        if self.forgotten.is_some_and(|forgotten| *nonce <= forgotten) {
            return Err(NonceError::Stale);
        }
        if self.nonces.contains(nonce) {
            return Err(NonceError::Used);
        }
        Ok(())
    }
}

/// Returns `true` if the life of a nonce is over.
fn is_expired(nonce: &NonceBytes, now: Duration) -> bool {
    let issued = nonce.first_chunk().map_or(0, |millis| u64::from_be_bytes(*millis));
    now.saturating_sub(Duration::from_millis(issued)) > NONCE_LIFETIME
}

#[cfg(test)]
mod tests {
    //! - a nonce can be used once
    //! - when too many nonces are remembered, the oldest expire early, and can't be used a second time
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
    fn the_oldest_nonces_expire_early_when_too_many_are_remembered() {
        let nonces = Nonces::new().unwrap();
        let issued = [1, 2, 3, 4].map(|second| nonces.issue_at(Duration::from_secs(second)));
        let unused = nonces.issue_at(Duration::from_millis(500));
        let now = Duration::from_secs(5);
        for nonce in &issued {
            assert_eq!(nonces.consume_at(nonce, now, 2), Ok(()), "nobody is kept out");
        }
        let again = issued.each_ref().map(|nonce| nonces.consume_at(nonce, now, 2));
        let [stale, used] = [NonceError::Stale, NonceError::Used].map(Err);
        assert_eq!(again, [stale, stale, used, used]);
        assert_eq!(nonces.consume_at(&unused, now, 2), stale);
        assert_eq!(nonces.consume_at(&nonces.issue_at(now), now, 2), Ok(()));
        let expired = now + NONCE_LIFETIME + Duration::from_secs(1);
        assert_eq!(nonces.consume_at(&nonces.issue_at(expired), expired, 9), Ok(()));
        assert_eq!(nonces.used.lock().nonces.len(), 1);
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
