//! The address that stands for one client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Stands for all clients that trusted proxies on this machine don't name. No limit exempts it, as it does loopback addresses.
pub(crate) const UNKNOWN_CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The address of a client as limits count it. Of an IPv6 address that is the network (/64), which is what one customer has at
/// least: anyone in it can use any of its addresses. All loopback addresses are this machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl ClientAddress {
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(match address {
            _ if address.is_loopback() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V4(_) => address,
            // All machines on a link have the same network.
            IpAddr::V6(v6) if v6.is_unicast_link_local() => address,
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        })
    }
}
