//! The order in which the addresses of a server are tried.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use crate::interfaces::Interface;

/// An IP address as it was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Endpoint {
    pub(crate) ip: IpAddr,
    /// The index of the interface on which it was received, for IPv6 link-local addresses; 0 for all others.
    pub(crate) scope_id: u32,
}

/// The rank of an address, best first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    SameSubnetV4,
    SameSubnetV6,
    OtherV4,
    OtherV6,
    /// Works without a router or DHCP, but only together with a scope id, which doesn't fit into a URL.
    LinkLocalV6,
    Loopback,
}

/// Returns the addresses to connect to, best first, without those that no server can have. Loopback addresses are dropped
/// too unless only loopback is in use, since `127.0.0.1` received from elsewhere would lead to a program on this computer.
pub(crate) fn best_first(endpoints: &[Endpoint], port: u16, interfaces: &[Interface]) -> Vec<SocketAddr> {
    if port == 0 {
        return Vec::new();
    }
    let loopback_only = !interfaces.is_empty() && interfaces.iter().all(|interface| interface.ip.is_loopback());
    let mut ranked: Vec<(Rank, SocketAddr)> = endpoints
        .iter()
        .filter(|endpoint| is_connectable(endpoint.ip) && (loopback_only || !endpoint.ip.is_loopback()))
        .map(|endpoint| (rank(endpoint.ip, interfaces), socket_address(*endpoint, port)))
        .collect();
    ranked.sort();
    ranked.dedup();
    ranked.into_iter().map(|(_, address)| address).collect()
}

fn is_connectable(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !(ip.is_unspecified() || ip.is_multicast() || ip.is_broadcast()),
        // IPv4-mapped IPv6 would bypass the IPv4 rules.
        IpAddr::V6(ip) => !(ip.is_unspecified() || ip.is_multicast() || ip.to_ipv4_mapped().is_some()),
    }
}

fn rank(ip: IpAddr, interfaces: &[Interface]) -> Rank {
    if ip.is_loopback() {
        return Rank::Loopback;
    }
    let same_subnet = interfaces.iter().any(|interface| interface.is_same_subnet(ip));
    match ip {
        IpAddr::V6(ip) if ip.is_unicast_link_local() => Rank::LinkLocalV6,
        IpAddr::V4(_) if same_subnet => Rank::SameSubnetV4,
        IpAddr::V6(_) if same_subnet => Rank::SameSubnetV6,
        IpAddr::V4(_) => Rank::OtherV4,
        IpAddr::V6(_) => Rank::OtherV6,
    }
}

fn socket_address(Endpoint { ip, scope_id }: Endpoint, port: u16) -> SocketAddr {
    match ip {
        IpAddr::V6(ip) if ip.is_unicast_link_local() => SocketAddrV6::new(ip, port, 0, scope_id).into(),
        _ => SocketAddr::new(ip, port),
    }
}

#[cfg(test)]
mod tests {
    //! - the order: same-subnet IPv4, same-subnet IPv6, other addresses, link-local with its scope id
    //! - addresses that no server can have are dropped
    //! - loopback is given only if nothing else is in use

    use super::*;

    fn interface(ip: &str, prefix_len: u8) -> Interface {
        Interface {
            name: "eth0".into(),
            ip: ip.parse().unwrap(),
            prefix_len,
        }
    }

    fn order(ips: &[&str], interfaces: &[Interface]) -> Vec<String> {
        let endpoints: Vec<Endpoint> = ips
            .iter()
            .map(|ip| Endpoint {
                ip: ip.parse().unwrap(),
                scope_id: 3,
            })
            .collect();
        best_first(&endpoints, 7300, interfaces)
            .iter()
            .map(SocketAddr::to_string)
            .collect()
    }

    #[test]
    fn the_nearest_addresses_come_first() {
        let interfaces = [
            interface("192.168.1.5", 24),
            interface("2001:db8:1::5", 64),
            interface("fe80::5", 64),
        ];
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
                &interfaces
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
    fn addresses_that_no_server_can_have_are_dropped() {
        let interfaces = [interface("192.168.1.5", 24)];
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
        assert!(order(&bad, &interfaces).is_empty());
        let endpoint = Endpoint {
            ip: "192.168.1.9".parse().unwrap(),
            scope_id: 0,
        };
        assert!(best_first(&[endpoint], 0, &interfaces).is_empty());
    }

    #[test]
    fn loopback_is_given_only_if_nothing_else_is_in_use() {
        assert_eq!(order(&["127.0.0.1"], &[interface("127.0.0.1", 8)]), ["127.0.0.1:7300"]);
        assert!(order(&["127.0.0.1"], &[]).is_empty());
    }
}
