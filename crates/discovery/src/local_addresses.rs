//! The addresses of this computer that others on the local network can type.

use std::cmp::Reverse;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use crate::interface_selector::Scope;
use crate::interfaces::{self, Interface};
use crate::nearby::NearbyAddress;

/// Returns the addresses of this computer that can be written into a URL and reached from outside, best first: the one
/// with the default route, then IPv4, then IPv6.
pub fn local_addresses() -> Vec<Interface> {
    shareable_first(interfaces::list(), default_route_address())
}

/// Returns the addresses under which others reach a server of this computer, best first, at least one. Each can be
/// written into a URL.
///
/// `announced` are the addresses at which discovery has found the server's own announcement, the best knowledge of what a
/// neighbour can use. Until there are any, the interfaces are listed.
pub fn shareable_addresses(announced: &[NearbyAddress], port: u16, scope: Scope) -> Vec<SocketAddr> {
    let mut addresses: Vec<SocketAddr> = announced
        .iter()
        .map(|address| address.socket)
        .filter(|address| address.port() == port && fits_into_url(*address))
        .collect();
    if addresses.is_empty() && scope == Scope::LocalNetwork {
        addresses = local_addresses()
            .into_iter()
            .map(|interface| (interface.ip, port).into())
            .collect();
    }
    if addresses.is_empty() {
        addresses.push((Ipv4Addr::LOCALHOST, port).into());
    }
    addresses
}

/// Returns whether an address can be written into a URL. An IPv6 link-local one is usable only together with an interface
/// of the client, which no URL can name.
pub fn fits_into_url(address: SocketAddr) -> bool {
    match address {
        SocketAddr::V4(_) => true,
        SocketAddr::V6(v6) => !v6.ip().is_unicast_link_local(),
    }
}

fn shareable_first(mut interfaces: Vec<Interface>, default_route: Option<IpAddr>) -> Vec<Interface> {
    interfaces.retain(|interface| match interface.ip {
        IpAddr::V4(ip) => !(ip.is_loopback() || ip.is_link_local()),
        IpAddr::V6(ip) => !(ip.is_loopback() || ip.is_unicast_link_local()),
    });
    interfaces.sort_by_key(|interface| (Reverse(Some(interface.ip) == default_route), interface.ip.is_ipv6()));
    interfaces
}

/// Returns the source address of packets to the internet: the address of the interface that the system prefers. Sends
/// nothing, since connecting a UDP socket only looks up the route.
fn default_route_address() -> Option<IpAddr> {
    // TEST-NET-1 (RFC 5737) is routed like any other foreign address.
    const FOREIGN: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(FOREIGN).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    //! - the address with the default route comes first, IPv4 before IPv6; loopback and link-local are missing
    //! - a server's own announcement gives its addresses, except for link-local ones and other ports
    //! - a server that is not announced on this computer is reached at 127.0.0.1

    use super::*;

    fn interface(name: &str, ip: &str) -> Interface {
        Interface {
            name: name.into(),
            ip: ip.parse().unwrap(),
            prefix_len: 24,
        }
    }

    #[test]
    fn the_default_route_comes_first_and_nothing_unreachable_is_listed() {
        let all = vec![
            interface("lo", "127.0.0.1"),
            interface("lo", "::1"),
            interface("docker0", "172.17.0.1"),
            interface("wlan0", "fd00::7"),
            interface("wlan0", "fe80::7"),
            interface("wlan0", "192.168.1.7"),
            interface("eth0", "169.254.3.4"),
        ];
        assert_eq!(
            shareable_first(all, Some("192.168.1.7".parse().unwrap())),
            [
                interface("wlan0", "192.168.1.7"),
                interface("docker0", "172.17.0.1"),
                interface("wlan0", "fd00::7")
            ]
        );
    }

    #[test]
    fn the_announced_addresses_are_shared_if_they_fit_into_a_url() {
        let announced = ["192.168.1.7:4242", "[fe80::7%2]:4242", "192.168.1.7:4243"]
            .map(|address| address.parse::<SocketAddr>().unwrap().into());
        assert_eq!(
            shareable_addresses(&announced, 4242, Scope::LocalNetwork),
            ["192.168.1.7:4242".parse().unwrap()]
        );
    }

    #[test]
    fn without_an_announcement_a_server_of_this_computer_is_at_127_0_0_1() {
        assert_eq!(
            shareable_addresses(&[], 4242, Scope::ThisComputer),
            ["127.0.0.1:4242".parse().unwrap()]
        );
    }
}
