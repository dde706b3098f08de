//! Limits on open connections: in total, and per address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::Config;

/// The text of a response to a connection, or a session, for which there is no permit.
pub(crate) const TOO_MANY_CONNECTIONS: &str = "This server has as many connections as it can take just now.\n";
/// The number of seconds after which such a client may try again.
pub(crate) const RETRY_AFTER_SECONDS: u32 = 5;

/// The limits on open connections. It gives a permit for each. Clones share the counts.
#[derive(Clone)]
pub(crate) struct ConnectionLimiter {
    counts: Arc<Mutex<Counts>>,
    max_total: usize,
    max_per_address: usize,
}

#[derive(Default)]
struct Counts {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The right to one open connection, until it is dropped.
pub(crate) struct Permit {
    counts: Arc<Mutex<Counts>>,
    peer: IpAddr,
}

impl ConnectionLimiter {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            counts: Arc::default(),
            max_total: config.max_connections,
            max_per_address: config.max_connections_per_address,
        }
    }

    /// Returns a permit, or `None` when the server or the address has as many connections as allowed. Loopback
    /// addresses have no limit of their own; see [`Config::max_connections_per_address`].
    pub(crate) fn try_acquire(&self, peer: IpAddr) -> Option<Permit> {
        let mut counts = self.counts.lock();
        let from_peer = counts.by_address.get(&peer).copied().unwrap_or_default();
        let is_full = counts.total >= self.max_total || (!peer.is_loopback() && from_peer >= self.max_per_address);
        if is_full {
            return None;
        }
        counts.total += 1;
        counts.by_address.insert(peer, from_peer + 1);
        Some(Permit {
            counts: Arc::clone(&self.counts),
            peer,
        })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.counts.lock();
        counts.total -= 1;
        if let Some(count) = counts.by_address.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                counts.by_address.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    //! - an address has a limit, and gets a permit again when it gives one back
    //! - loopback addresses are limited by the total alone

    use super::*;

    fn limiter(max_connections: usize, max_connections_per_address: usize) -> ConnectionLimiter {
        ConnectionLimiter::new(&Config {
            max_connections,
            max_connections_per_address,
            ..Config::default()
        })
    }

    #[test]
    fn an_address_has_a_limit() {
        let limiter = limiter(4, 2);
        let peer: IpAddr = "192.168.1.7".parse().unwrap();
        let other: IpAddr = "192.168.1.8".parse().unwrap();
        let first = limiter.try_acquire(peer);
        let second = limiter.try_acquire(peer);
        assert!(first.is_some() && second.is_some());
        assert!(limiter.try_acquire(peer).is_none());
        assert!(limiter.try_acquire(other).is_some());
        drop(first);
        assert!(limiter.try_acquire(peer).is_some(), "the first permit was given back");
    }

    #[test]
    fn loopback_addresses_are_limited_by_the_total_alone() {
        let limiter = limiter(3, 1);
        let permits: Vec<_> = ["127.0.0.1", "127.0.0.1", "::1", "::1"]
            .into_iter()
            .filter_map(|peer| limiter.try_acquire(peer.parse().unwrap()))
            .collect();
        assert_eq!(permits.len(), 3);
    }
}
