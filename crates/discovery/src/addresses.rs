//! Which addresses of a server are worth trying, and in what order.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use crate::cards::Card;

/// An IP address as it was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Endpoint {
    pub(crate) ip: IpAddr,
    /// The index of the card that it was heard on, for IPv6 link-local addresses; 0 for all others.
    pub(crate) scope: u32,
}

/// How good an address is, best first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    SameSubnetV4,
    SameSubnetV6,
    OtherV4,
    OtherV6,
    /// Works without any router or DHCP, but only together with the card's index, which a URL cannot hold.
    LinkLocalV6,
    Loopback,
}

/// The addresses that can be connected to, best first. Those that no server can have are left out; so is loopback, unless
/// it is the only card in use, for `127.0.0.1` heard from elsewhere would lead to a program on this computer.
pub(crate) fn best_first(endpoints: &[Endpoint], port: u16, cards: &[Card]) -> Vec<SocketAddr> {
    if port == 0 {
        return Vec::new();
    }
    let loopback_only = !cards.is_empty() && cards.iter().all(|card| card.ip.is_loopback());
    let mut ranked: Vec<(Rank, SocketAddr)> = endpoints
        .iter()
        .filter(|endpoint| is_connectable(endpoint.ip) && (loopback_only || !endpoint.ip.is_loopback()))
        .map(|endpoint| (rank(endpoint.ip, cards), socket_address(*endpoint, port)))
        .collect();
    ranked.sort();
    ranked.dedup();
    ranked.into_iter().map(|(_, address)| address).collect()
}

fn is_connectable(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !(ip.is_unspecified() || ip.is_multicast() || ip.is_broadcast()),
        // An IPv4 address in IPv6 clothes would get around the rules for IPv4.
        IpAddr::V6(ip) => !(ip.is_unspecified() || ip.is_multicast() || ip.to_ipv4_mapped().is_some()),
    }
}

fn rank(ip: IpAddr, cards: &[Card]) -> Rank {
    if ip.is_loopback() {
        return Rank::Loopback;
    }
    let same_subnet = cards.iter().any(|card| card.reaches(ip));
    match ip {
        IpAddr::V6(ip) if ip.is_unicast_link_local() => Rank::LinkLocalV6,
        IpAddr::V4(_) if same_subnet => Rank::SameSubnetV4,
        IpAddr::V6(_) if same_subnet => Rank::SameSubnetV6,
        IpAddr::V4(_) => Rank::OtherV4,
        IpAddr::V6(_) => Rank::OtherV6,
    }
}

fn socket_address(Endpoint { ip, scope }: Endpoint, port: u16) -> SocketAddr {
    match ip {
        IpAddr::V6(ip) if ip.is_unicast_link_local() => SocketAddrV6::new(ip, port, 0, scope).into(),
        _ => SocketAddr::new(ip, port),
    }
}

#[cfg(test)]
mod tests {
    //! - the order: same-subnet IPv4, same-subnet IPv6, the others, link-local with its scope
    //! - addresses that no server can have are left out
    //! - loopback only when it is all there is

    use super::*;

    fn card(ip: &str, prefix: u8) -> Card {
        Card {
            name: "eth0".into(),
            ip: ip.parse().unwrap(),
            prefix,
        }
    }

    fn order(ips: &[&str], cards: &[Card]) -> Vec<String> {
        let endpoints: Vec<Endpoint> = ips
            .iter()
            .map(|ip| Endpoint {
                ip: ip.parse().unwrap(),
                scope: 3,
            })
            .collect();
        best_first(&endpoints, 7300, cards)
            .iter()
            .map(SocketAddr::to_string)
            .collect()
    }

    #[test]
    fn the_nearest_come_first() {
        let cards = [card("192.168.1.5", 24), card("2001:db8:1::5", 64), card("fe80::5", 64)];
        assert_eq!(
            order(
                &[
                    "fe80::9",
                    "2001:db8:2::9",
                    "2001:db8:1::9",
                    "10.9.9.9",
                    "192.168.1.9",
                    "192.168.1.9"
                ],
                &cards
            ),
            [
                "192.168.1.9:7300",
                "[2001:db8:1::9]:7300",
                "10.9.9.9:7300",
                "[2001:db8:2::9]:7300",
                "[fe80::9%3]:7300"
            ],
        );
    }

    #[test]
    fn what_no_server_can_have_is_left_out() {
        let cards = [card("192.168.1.5", 24)];
        let bad = [
            "0.0.0.0",
            "::",
            "224.0.0.251",
            "ff02::fb",
            "255.255.255.255",
            "::ffff:127.0.0.1",
            "127.0.0.1",
            "::1",
        ];
        assert!(order(&bad, &cards).is_empty());
        let endpoint = Endpoint {
            ip: "192.168.1.9".parse().unwrap(),
            scope: 0,
        };
        assert!(best_first(&[endpoint], 0, &cards).is_empty());
    }

    #[test]
    fn loopback_is_given_when_it_is_all_there_is() {
        assert_eq!(order(&["127.0.0.1"], &[card("127.0.0.1", 8)]), ["127.0.0.1:7300"]);
        assert!(order(&["127.0.0.1"], &[]).is_empty());
    }
}
