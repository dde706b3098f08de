//! The addresses of this device that others on the local network may type.

use std::cmp::Reverse;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use ichat_discovery::Scope;

/// An address of one of this device's network cards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CardAddress {
    /// The card's name: `wlan0`.
    pub(crate) card: String,
    /// The address.
    pub(crate) ip: IpAddr,
}

/// The addresses that can be written into a URL and reached from outside, best first.
pub(crate) fn addresses() -> Vec<CardAddress> {
    let cards = if_addrs::get_if_addrs().unwrap_or_else(|error| {
        tracing::warn!(%error, "the network cards can't be listed");
        Vec::new()
    });
    let all = cards
        .into_iter()
        .filter(|card| card.is_oper_up() && !card.is_p2p())
        .map(|card| CardAddress {
            ip: card.ip(),
            card: card.name,
        })
        .collect();
    best_first(all, towards_everybody())
}

/// What others type to reach a server on this device. Discovery knows best which addresses a neighbour can use, as soon as it
/// has `heard` our own announcement; until then the cards are asked.
pub(crate) fn urls(heard: Vec<SocketAddr>, port: u16, scope: Scope) -> Vec<String> {
    let is_usable = |address: &SocketAddr| address.port() == port && !is_link_local(*address);
    let mut found: Vec<SocketAddr> = heard.into_iter().filter(is_usable).collect();
    if found.is_empty() && scope == Scope::LocalNetwork {
        found = addresses()
            .into_iter()
            .map(|address| (address.ip, port).into())
            .collect();
    }
    if found.is_empty() {
        found.push((Ipv4Addr::LOCALHOST, port).into());
    }
    found.into_iter().map(|address| format!("http://{address}")).collect()
}

/// Such an address needs the name of a card of whoever types it, which no URL can hold.
fn is_link_local(address: SocketAddr) -> bool {
    matches!(address, SocketAddr::V6(v6) if v6.ip().is_unicast_link_local())
}

/// As a person reads it when nothing was found: `wlan0 (192.168.1.7)`.
pub(crate) fn in_words() -> Vec<String> {
    addresses()
        .into_iter()
        .map(|CardAddress { card, ip }| format!("{card} ({ip})"))
        .collect()
}

fn best_first(mut addresses: Vec<CardAddress>, outwards: Option<IpAddr>) -> Vec<CardAddress> {
    addresses.retain(|address| match address.ip {
        IpAddr::V4(ip) => !(ip.is_loopback() || ip.is_link_local()),
        IpAddr::V6(ip) => !(ip.is_loopback() || ip.is_unicast_link_local()),
    });
    addresses.sort_by_key(|address| (Reverse(Some(address.ip) == outwards), address.ip.is_ipv6()));
    addresses
}

/// The address that packets to the wide world would carry: that of the card which the system itself prefers.
/// Nothing is sent: connecting a UDP socket only looks the route up.
fn towards_everybody() -> Option<IpAddr> {
    // TEST-NET-1 (RFC 5737) is routed like any other foreign address.
    const ANYBODY: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(ANYBODY).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    //! - the card with the way out first, IPv4 before IPv6, nothing that a neighbour could not use

    use super::*;

    fn card(name: &str, ip: &str) -> CardAddress {
        CardAddress {
            card: name.into(),
            ip: ip.parse().unwrap(),
        }
    }

    #[test]
    fn what_a_neighbour_can_type_best_first() {
        let all = vec![
            card("lo", "127.0.0.1"),
            card("lo", "::1"),
            card("docker0", "172.17.0.1"),
            card("wlan0", "fd00::7"),
            card("wlan0", "fe80::7"),
            card("wlan0", "192.168.1.7"),
            card("eth0", "169.254.3.4"),
        ];
        assert_eq!(
            best_first(all, Some("192.168.1.7".parse().unwrap())),
            [
                card("wlan0", "192.168.1.7"),
                card("docker0", "172.17.0.1"),
                card("wlan0", "fd00::7")
            ]
        );
    }
}
