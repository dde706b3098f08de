//! Nonces for `/api/hello`: each usable once, within two minutes.
//!
//! A nonce is `issued at ‖ random ‖ MAC` under a key that lives as long as the process, so issuing costs no memory and a
//! flood of requests fills nothing. Only nonces that came back with a good signature are remembered, until they expire.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use ichat_protocol::limits::NONCE_LIFETIME;
use sha2::Sha256;
use uuid::Uuid;

/// Used nonces kept at most: 500 sign-ins a second for as long as a nonce lives.
const USED_AT_MOST: usize = 60_000;

/// Hex digits of the time and the random part, and of the MAC.
const TEXT: usize = 2 * (8 + 16);
const MAC: usize = 2 * 16;

/// Issues nonces and takes them back.
pub(crate) struct Nonces {
    key: [u8; 32],
    began: Instant,
    used: Mutex<HashMap<String, Instant>>,
}

/// Why a nonce was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NonceError {
    #[error("The nonce is not from this server, or is too old: ask /api/hello again.")]
    Stale,
    #[error("The nonce was used before: ask /api/hello again.")]
    Used,
    #[error("Too many people come in at once: try again in a minute.")]
    Full,
}

impl Nonces {
    pub(crate) fn new() -> Self {
        let mut key = [0; 32];
        key[..16].copy_from_slice(Uuid::new_v4().as_bytes());
        key[16..].copy_from_slice(Uuid::new_v4().as_bytes());
        Self {
            key,
            began: Instant::now(),
            used: Mutex::new(HashMap::new()),
        }
    }

    pub(crate) fn issue(&self) -> String {
        self.issue_at(self.began.elapsed())
    }

    fn issue_at(&self, now: Duration) -> String {
        let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let text = format!("{millis:016x}{}", Uuid::new_v4().simple());
        let mac = self.mac(&text);
        text + &mac
    }

    /// Whether this server issued it within its life, and nobody used it.
    pub(crate) fn check(&self, nonce: &str) -> Result<(), NonceError> {
        self.check_at(nonce, self.began.elapsed())
    }

    fn check_at(&self, nonce: &str, now: Duration) -> Result<(), NonceError> {
        let genuine = nonce.len() == TEXT + MAC
            && nonce.is_ascii()
            // The comparison's timing tells nothing of use: what is compared depends on a key of 256 bits.
            && self.mac(&nonce[..TEXT]) == nonce[TEXT..];
        if !genuine {
            return Err(NonceError::Stale);
        }
        let issued = u64::from_str_radix(&nonce[..16], 16).map_err(|_| NonceError::Stale)?;
        if now.saturating_sub(Duration::from_millis(issued)) > NONCE_LIFETIME {
            return Err(NonceError::Stale);
        }
        if self.used().contains_key(nonce) {
            return Err(NonceError::Used);
        }
        Ok(())
    }

    /// Takes it, after the signature was found good: of two who come with it, one succeeds.
    pub(crate) fn take(&self, nonce: &str) -> Result<(), NonceError> {
        self.check(nonce)?;
        let mut used = self.used();
        if used.len() >= USED_AT_MOST {
            used.retain(|_, at| at.elapsed() <= NONCE_LIFETIME);
        }
        if used.len() >= USED_AT_MOST {
            return Err(NonceError::Full);
        }
        match used.insert(nonce.to_owned(), Instant::now()) {
            None => Ok(()),
            Some(_) => Err(NonceError::Used),
        }
    }

    fn used(&self) -> std::sync::MutexGuard<'_, HashMap<String, Instant>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mac(&self, text: &str) -> String {
        #[expect(clippy::expect_used, reason = "HMAC is defined for keys of every length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(text.as_bytes());
        let tag = mac.finalize().into_bytes();
        tag[..MAC / 2]
            .iter()
            .fold(String::with_capacity(MAC), |hex, byte| hex + &format!("{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_once() {
        let nonces = Nonces::new();
        let nonce = nonces.issue();
        assert_eq!(nonces.check(&nonce), Ok(()));
        assert_eq!(nonces.take(&nonce), Ok(()));
        assert_eq!(nonces.take(&nonce), Err(NonceError::Used));
        assert_eq!(nonces.take(&nonces.issue()), Ok(()));
    }

    #[test]
    fn a_nonce_is_good_for_two_minutes_at_this_server() {
        let nonces = Nonces::new();
        let nonce = nonces.issue_at(Duration::from_secs(5));
        assert_eq!(nonces.check_at(&nonce, Duration::from_secs(124)), Ok(()));
        assert_eq!(
            nonces.check_at(&nonce, Duration::from_secs(126)),
            Err(NonceError::Stale)
        );
        assert_eq!(Nonces::new().check(&nonce), Err(NonceError::Stale));
        for invented in ["", "x", &"0".repeat(TEXT + MAC), &"é".repeat(40)] {
            assert_eq!(nonces.check(invented), Err(NonceError::Stale), "{invented}");
        }
    }
}
