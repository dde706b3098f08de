//! Limits on open connections: in total, and per address.
//!
//! A connection of a trusted proxy counts in total only. What a client of it has open, a WebSocket or a session, counts as one
//! of the client's address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::Config;
use crate::metrics::{ConnectionRefusal, Metrics};
use crate::net::client_address::ClientAddress;

/// The text of a response to a connection, or a session, for which there is no permit.
pub(crate) const TOO_MANY_CONNECTIONS: &str = "This server has as many connections as it can take just now.\n";
/// The number of seconds after which such a client may try again.
pub(crate) const RETRY_AFTER_SECONDS: u32 = 5;

/// Connections beyond the limits for each session of a client that polls: on one a poll waits while another one sends, and
/// what the client has just closed may count for a moment.
const RESERVE_PER_SESSION: usize = 4;

/// The limits on open connections. It gives a permit for each. Clones share the counts.
///
/// A client that polls opens connections again and again. On a full server, where others would take their slots, an address
/// gets more of them for its sessions, from a reserve: [`RESERVE_PER_SESSION`] for each, until the reserve is used up. Only
/// addresses with such sessions can use it up: others who share one of them, behind a proxy for example, may take a
/// connection of it until its first request shows that it belongs to no session.
#[derive(Clone)]
pub(crate) struct ConnectionLimiter {
    counts: Arc<Mutex<Counts>>,
    max_total: usize,
    /// Those of `max_total` that only this machine's programs get.
    local_reserve: usize,
    max_per_address: usize,
    max_reserve: usize,
    metrics: Metrics,
}

#[derive(Default)]
struct Counts {
    /// Without those of the reserve.
    total: usize,
    reserve: usize,
    by_address: HashMap<IpAddr, AddressCounts>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct AddressCounts {
    connections: usize,
    sessions: usize,
    reserve: usize,
}

/// The right to one open connection or session, until it is dropped.
pub(crate) struct Permit {
    counts: Arc<Mutex<Counts>>,
    peer: IpAddr,
    kind: PermitKind,
}

/// A place for a permit that is kept as long as a connection. Clones are the same place.
#[derive(Clone, Default)]
pub(crate) struct PermitSlot(Arc<Mutex<Option<Permit>>>);

impl PermitSlot {
    pub(crate) fn keep(&self, permit: Permit) {
        *self.0.lock() = Some(permit);
    }
}

/// The kind of what a [`Permit`] permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PermitKind {
    /// A connection within the limits.
    Connection,
    /// The session of a client that polls, which counts as a connection.
    Session,
    /// A connection beyond the limits, for requests of such a session only.
    Reserve,
    /// A connection of a trusted proxy.
    Proxy,
    /// A connection of a trusted proxy beyond the limits, for requests of sessions only.
    ProxyReserve,
    /// A WebSocket that a trusted proxy has opened for a client.
    ProxiedWebSocket,
}

impl ConnectionLimiter {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            counts: Arc::default(),
            max_total: config.max_connections,
            local_reserve: config.local_reserve(),
            max_per_address: config.max_connections_per_address,
            max_reserve: config.max_open_connections() - config.max_connections,
            metrics: config.metrics.clone(),
        }
    }

    /// Returns a permit for a connection, or `None` when the server or the address has as many as allowed.
    pub(crate) fn try_connect(&self, peer: IpAddr) -> Option<Permit> {
        let permit = self.try_acquire(peer, PermitKind::Connection);
        self.or_refuse(permit.or_else(|| self.try_acquire(peer, PermitKind::Reserve)))
    }

    /// Returns a permit for a connection of a trusted proxy, or `None` when the server has as many as allowed.
    pub(crate) fn try_connect_proxy(&self, peer: IpAddr) -> Option<Permit> {
        let permit = self.try_acquire(peer, PermitKind::Proxy);
        self.or_refuse(permit.or_else(|| self.try_acquire(peer, PermitKind::ProxyReserve)))
    }

    /// Returns a permit for a WebSocket that a trusted proxy opens for a client, or `None` when the client has as many
    /// connections as allowed.
    pub(crate) fn try_open_proxied(&self, client: IpAddr) -> Option<Permit> {
        self.or_refuse(self.try_acquire(client, PermitKind::ProxiedWebSocket))
    }

    /// Returns the number of open connections and sessions, without those beyond the limit.
    pub(crate) fn open(&self) -> usize {
        self.counts.lock().total
    }

    /// Returns `true` when no client from elsewhere can connect.
    pub(crate) fn is_full(&self) -> bool {
        self.open() >= self.max_total - self.local_reserve
    }

    /// Returns a permit for the session of a client that polls, or `None` where a connection would get none either.
    pub(crate) fn try_open_session(&self, peer: IpAddr) -> Option<Permit> {
        self.or_refuse(self.try_acquire(peer, PermitKind::Session))
    }

    /// Counts a connection or a request that is refused because others have all connections.
    pub(crate) fn count_refusal(&self) {
        self.metrics.connection_refused(ConnectionRefusal::Full);
    }

    fn or_refuse(&self, permit: Option<Permit>) -> Option<Permit> {
        if permit.is_none() {
            self.count_refusal();
        }
        permit
    }

    fn try_acquire(&self, peer: IpAddr, kind: PermitKind) -> Option<Permit> {
        let ClientAddress(peer) = ClientAddress::of(peer);
        let mut counts = self.counts.lock();
        let of_peer = counts.by_address.get(&peer).copied().unwrap_or_default();
        let is_address_full = of_peer.connections + of_peer.sessions >= self.max_per_address;
        // Behind a proxy on this machine are clients from elsewhere.
        let is_local = peer.is_loopback() && kind != PermitKind::Proxy;
        let max_total = if is_local {
            self.max_total
        } else {
            self.max_total - self.local_reserve
        };
        let is_available = match kind {
            PermitKind::Connection | PermitKind::Session => counts.total < max_total && !is_address_full,
            PermitKind::Proxy => counts.total < max_total,
            PermitKind::ProxiedWebSocket => !is_address_full,
            PermitKind::ProxyReserve => counts.reserve < self.max_reserve,
            PermitKind::Reserve => {
                counts.reserve < self.max_reserve && of_peer.reserve < RESERVE_PER_SESSION * of_peer.sessions
            }
        };
        if !is_available {
            return None;
        }
        if let Some(total) = counts.total_of(kind) {
            *total += 1;
        }
        if let Some(count) = counts.by_address.entry(peer).or_default().count(kind) {
            *count += 1;
        }
        Some(Permit {
            counts: Arc::clone(&self.counts),
            peer,
            kind,
        })
    }
}

impl Counts {
    fn total_of(&mut self, kind: PermitKind) -> Option<&mut usize> {
        match kind {
            PermitKind::Connection | PermitKind::Session | PermitKind::Proxy => Some(&mut self.total),
            PermitKind::Reserve | PermitKind::ProxyReserve => Some(&mut self.reserve),
            PermitKind::ProxiedWebSocket => None,
        }
    }
}

impl AddressCounts {
    fn count(&mut self, kind: PermitKind) -> Option<&mut usize> {
        match kind {
            PermitKind::Connection | PermitKind::ProxiedWebSocket => Some(&mut self.connections),
            PermitKind::Session => Some(&mut self.sessions),
            PermitKind::Reserve => Some(&mut self.reserve),
            PermitKind::Proxy | PermitKind::ProxyReserve => None,
        }
    }
}

impl Permit {
    /// Returns `true` for a connection beyond the limits, which is for requests of sessions only.
    pub(crate) fn is_reserve(&self) -> bool {
        match self.kind {
            PermitKind::Reserve | PermitKind::ProxyReserve => true,
            PermitKind::Connection | PermitKind::Session | PermitKind::Proxy | PermitKind::ProxiedWebSocket => false,
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.counts.lock();
        if let Some(total) = counts.total_of(self.kind) {
            *total -= 1;
        }
        if let Some(of_peer) = counts.by_address.get_mut(&self.peer) {
            if let Some(count) = of_peer.count(self.kind) {
                *count -= 1;
            }
            if *of_peer == AddressCounts::default() {
                counts.by_address.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    //! - an address has a limit, and gets a permit again when it gives one back
    //! - all loopback addresses are limited together, and get in when others can't
    //! - the clients of a proxy on this machine leave the reserve of loopback addresses
    //! - a trusted proxy is limited by the total alone, and each of its clients by its address
    //! - the addresses of one IPv6 network are limited together, those on a link each
    //! - on a full server an address gets more connections for its sessions, and others get none
    //! - the reserve is bounded

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
        let first = limiter.try_connect(peer);
        let second = limiter.try_connect(peer);
        assert!(first.is_some() && second.is_some());
        assert!(limiter.try_connect(peer).is_none());
        assert!(limiter.try_connect(other).is_some());
        drop(first);
        assert!(limiter.try_connect(peer).is_some(), "the first permit was given back");
    }

    #[test]
    fn loopback_addresses_are_limited_together_and_have_a_reserve() {
        let limiter = limiter(200, 150);
        let connect = |peer: &str| limiter.try_connect(peer.parse().unwrap());
        let local: Vec<_> = (0..60)
            .flat_map(|_| ["127.0.0.1", "127.9.8.7", "::1"])
            .filter_map(connect)
            .collect();
        assert_eq!(local.len(), 150);
        drop(local);
        let remote = ["192.168.1.7", "192.168.1.8"].into_iter().flat_map(|peer| [peer; 150]);
        let remote: Vec<_> = remote.filter_map(connect).collect();
        assert_eq!(remote.len(), 198);
        assert!(limiter.is_full());
        let local: Vec<_> = (0..3).filter_map(|_| connect("127.0.0.1")).collect();
        assert_eq!(local.len(), 2);
    }

    #[test]
    fn the_clients_of_a_local_proxy_leave_the_local_reserve() {
        let limiter = limiter(200, 150);
        let local: IpAddr = "127.0.0.1".parse().unwrap();
        let proxied: Vec<_> = std::iter::from_fn(|| limiter.try_connect_proxy(local))
            .take_while(|permit| !permit.is_reserve())
            .collect();
        assert_eq!(proxied.len(), 198);
        let own: Vec<_> = std::iter::from_fn(|| limiter.try_connect(local)).collect();
        assert_eq!(own.len(), 2);
    }

    #[test]
    fn a_trusted_proxy_is_limited_by_the_total_alone_and_each_of_its_clients_by_its_address() {
        let limiter = limiter(4, 2);
        let [proxy, client, other]: [IpAddr; 3] =
            ["10.0.0.1", "192.168.1.7", "192.168.1.8"].map(|address| address.parse().unwrap());
        let connections = [(); 4].map(|()| limiter.try_connect_proxy(proxy).unwrap());
        assert!(connections.iter().all(|permit| !permit.is_reserve()));
        let reserve = [(); 2].map(|()| limiter.try_connect_proxy(proxy).unwrap());
        assert!(reserve.iter().all(Permit::is_reserve));
        assert!(limiter.try_connect_proxy(proxy).is_none());
        let websockets = [(); 2].map(|()| limiter.try_open_proxied(client).unwrap());
        assert!(limiter.try_open_proxied(client).is_none());
        assert!(limiter.try_open_proxied(other).is_some());
        drop((connections, reserve, websockets));
        assert!(limiter.try_connect(client).is_some());
        let counts = limiter.counts.lock();
        assert!(counts.by_address.is_empty() && counts.total == 0 && counts.reserve == 0);
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_are_limited_together() {
        let limiter = limiter(9, 2);
        let permits = |peers: [&str; 3]| peers.map(|peer| limiter.try_connect(peer.parse().unwrap()));
        let together = permits(["2001:db8::1", "2001:db8::2", "2001:db8:0:0:3::"]);
        assert_eq!(together.each_ref().map(Option::is_some), [true, true, false]);
        let apart = permits(["2001:db8:0:1::1", "fe80::1", "fe80::2"]);
        assert!(apart.iter().all(Option::is_some));
        assert!(
            permits(["fe80::1", "fe80::1", "::1"])
                .iter()
                .filter(|permit| permit.is_some())
                .count()
                == 2
        );
        drop(together);
        assert!(limiter.try_connect("2001:db8::4".parse().unwrap()).is_some());
    }

    #[test]
    fn an_address_has_a_reserve_for_its_sessions() {
        let limiter = limiter(8, 2);
        let poller: IpAddr = "192.168.1.7".parse().unwrap();
        let others = ["192.168.1.8", "192.168.1.9", "192.168.1.10"].map(|address| address.parse::<IpAddr>().unwrap());
        let session = limiter.try_open_session(poller).unwrap();
        let connection = limiter.try_connect(poller).unwrap();
        let other = others[0];
        let others: Vec<_> = others
            .iter()
            .flat_map(|other| [other; 2])
            .map(|other| limiter.try_connect(*other).unwrap())
            .collect();
        assert!(!connection.is_reserve());
        assert!(limiter.try_open_session(poller).is_none());
        let mut reserve: Vec<_> = (0..RESERVE_PER_SESSION)
            .map(|_| limiter.try_connect(poller).unwrap())
            .collect();
        assert!(reserve.iter().all(Permit::is_reserve));
        assert!(limiter.try_connect(poller).is_none());
        assert!(limiter.try_connect(other).is_none());
        reserve.pop();
        assert!(limiter.try_connect(poller).is_some());
        drop(session);
        assert!(limiter.try_connect(poller).is_some_and(|permit| !permit.is_reserve()));
        drop((connection, reserve, others));
        assert!(limiter.counts.lock().by_address.is_empty());
    }

    #[test]
    fn the_reserve_is_bounded() {
        let limiter = limiter(4, 4);
        let poller = "192.168.1.7".parse().unwrap();
        let _sessions = [(); 4].map(|()| limiter.try_open_session(poller).unwrap());
        let reserve: Vec<_> = std::iter::from_fn(|| limiter.try_connect(poller)).collect();
        assert_eq!(reserve.len(), 2);
    }
}
