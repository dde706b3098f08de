//! The network interfaces of this computer. Only this module lists them.
//!
//! A laptop with Docker, a VPN and a virtual machine has a dozen addresses, of which a neighbour can reach one. The kind
//! of its interface tells which. It is derived from the name, the only hint that every system gives: `docker0` on Linux,
//! `utun3` on macOS, `vEthernet (WSL)` on Windows.

use std::net::IpAddr;

/// One address of a network interface. An interface with three addresses is three of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The name that the system gives it: `wlan0`.
    pub name: String,
    /// The address.
    pub ip: IpAddr,
    /// The length of the network prefix in bits.
    pub prefix_len: u8,
}

/// The kinds of interfaces, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum InterfaceKind {
    /// Reaches this computer only.
    Loopback,
    /// Containers, virtual machines and VPN tunnels, which rarely lead to a neighbour.
    Virtual,
    /// Cable or Wi-Fi.
    Physical,
}

/// Lists the interfaces that are up, except for point-to-point links, which have no multicast. The list is empty if the
/// system refuses.
pub(crate) fn list() -> Vec<Interface> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_else(|error| {
        tracing::warn!(%error, "the network interfaces can't be listed");
        Vec::new()
    });
    interfaces
        .into_iter()
        .filter(|interface| interface.is_oper_up() && !interface.is_p2p())
        .map(|interface| Interface {
            prefix_len: match &interface.addr {
                if_addrs::IfAddr::V4(v4) => v4.prefixlen,
                if_addrs::IfAddr::V6(v6) => v6.prefixlen,
            },
            ip: interface.ip(),
            name: interface.name,
        })
        .collect()
}

impl Interface {
    pub(crate) fn kind(&self) -> InterfaceKind {
        if self.ip.is_loopback() {
            InterfaceKind::Loopback
        } else {
            InterfaceKind::of_name(&self.name)
        }
    }

    /// Returns whether `other` is in this interface's subnet, so that no router is between them.
    pub(crate) fn is_same_subnet(&self, other: IpAddr) -> bool {
        match (self.ip, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.prefix_len.min(32)))
                    .unwrap_or(0);
                (own.to_bits() ^ other.to_bits()) & mask == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.prefix_len.min(128)))
                    .unwrap_or(0);
                (own.to_bits() ^ other.to_bits()) & mask == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl InterfaceKind {
    /// Derives the kind from the interface's name. An unknown name counts as physical.
    fn of_name(name: &str) -> Self {
        let name = name.trim().to_lowercase();
        if LOOPBACK_NAMES.contains(&name.as_str()) || name.contains("loopback") {
            Self::Loopback
        } else if VIRTUAL_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            || VIRTUAL_WORDS.iter().any(|word| name.contains(word))
        {
            Self::Virtual
        } else {
            Self::Physical
        }
    }
}

/// Full names of loopback interfaces.
const LOOPBACK_NAMES: &[&str] = &["lo", "lo0"];

/// Prefixes of the names of virtual interfaces on Linux and macOS. `br0` and `bridge0` are missing on purpose: they carry
/// the address of the physical interface that was added to the bridge.
const VIRTUAL_PREFIXES: &[&str] = &[
    // Containers.
    "docker",
    "br-",
    "veth",
    "cni",
    "cali",
    "cilium",
    "flannel",
    "kube",
    "podman",
    "lxc",
    "lxd",
    "incus",
    "dummy",
    // Virtual machines.
    "virbr",
    "vnet",
    "vmnet",
    "vmenet",
    "vboxnet",
    "vif",
    "ovs",
    "bridge1",
    // Tunnels.
    "tun",
    "tap",
    "wg",
    "tailscale",
    "zt",
    "utun",
    "ppp",
    "wwan",
    "rmnet",
    "nordlynx",
    "proton",
    "mullvad",
    "wt0",
    "ham",
    "ipsec",
    "gre",
    "gif",
    "stf",
    "sit",
    "ip6tnl",
    "teredo",
    // Apple's peer-to-peer links, which have no IP network.
    "awdl",
    "llw",
    "anpi",
    // Intermediate functional blocks, for traffic shaping.
    "ifb",
];

/// Words in the friendly names of virtual interfaces on Windows.
const VIRTUAL_WORDS: &[&str] = &[
    "vethernet",
    "hyper-v",
    "wsl",
    "docker",
    "virtualbox",
    "vmware",
    "vpn",
    "tunnel",
    "tap-windows",
    "wireguard",
    "wintun",
    "tailscale",
    "zerotier",
    "hamachi",
    "radmin",
    "fortinet",
    "anyconnect",
    "globalprotect",
    "nordlynx",
    "teredo",
    "isatap",
    "6to4",
    "wi-fi direct",
    "bluetooth",
    "npcap",
    "virtual",
];

#[cfg(test)]
mod tests {
    //! - the kind of an interface on Linux, macOS and Windows
    //! - the subnet of an interface

    use super::*;

    fn interface(name: &str, ip: &str, prefix_len: u8) -> Interface {
        Interface {
            name: name.into(),
            ip: ip.parse().unwrap(),
            prefix_len,
        }
    }

    #[test]
    fn physical_interfaces_are_recognised_on_every_system() {
        for name in [
            "eth0",
            "enp3s0",
            "eno1",
            "wlan0",
            "wlp2s0",
            "wlx001122334455",
            "usb0",
            "br0",
            "bond0",
            "team0",
            "eth0.10",
            "en0",
            "en1",
            "bridge0",
            "Ethernet",
            "Ethernet 2",
            "Wi-Fi",
            "WLAN",
            "Local Area Connection",
            "LAN-Verbindung",
            "以太网",
        ] {
            assert_eq!(InterfaceKind::of_name(name), InterfaceKind::Physical, "{name}");
        }
    }

    #[test]
    fn virtual_interfaces_are_recognised_on_every_system() {
        for name in [
            "docker0",
            "br-5f0c1d2e3a4b",
            "veth9d3c",
            "veth-a",
            "cni0",
            "cali1234",
            "flannel.1",
            "podman0",
            "lxcbr0",
            "virbr0",
            "vnet3",
            "vmnet8",
            "vboxnet0",
            "bridge100",
            "tun0",
            "tap0",
            "wg0",
            "tailscale0",
            "ztabcdef12",
            "utun4",
            "ppp0",
            "wwan0",
            "vEthernet (WSL)",
            "vEthernet (Default Switch)",
            "VirtualBox Host-Only Network",
            "VMware Network Adapter VMnet8",
            "Tailscale",
            "ZeroTier One [abc]",
            "OpenVPN TAP-Windows6",
            "ProtonVPN TUN",
            "Teredo Tunneling Pseudo-Interface",
            "Bluetooth Network Connection",
        ] {
            assert_eq!(InterfaceKind::of_name(name), InterfaceKind::Virtual, "{name}");
        }
    }

    #[test]
    fn loopback_is_recognised_on_every_system() {
        for name in ["lo", "lo0", "Loopback Pseudo-Interface 1"] {
            assert_eq!(InterfaceKind::of_name(name), InterfaceKind::Loopback, "{name}");
        }
        assert_eq!(
            interface("Ethernet", "127.0.0.1", 8).kind(),
            InterfaceKind::Loopback,
            "a loopback address overrides the name"
        );
    }

    #[test]
    fn a_subnet_covers_addresses_with_the_same_prefix() {
        let lan = interface("eth0", "192.168.1.5", 24);
        assert!(lan.is_same_subnet("192.168.1.77".parse().unwrap()));
        assert!(!lan.is_same_subnet("192.168.2.77".parse().unwrap()));
        assert!(!lan.is_same_subnet("fe80::1".parse().unwrap()));
        let v6 = interface("eth0", "2001:db8:1::5", 64);
        assert!(v6.is_same_subnet("2001:db8:1::99".parse().unwrap()));
        assert!(!v6.is_same_subnet("2001:db8:2::99".parse().unwrap()));
        assert!(
            interface("odd", "10.0.0.1", 0).is_same_subnet("8.8.8.8".parse().unwrap()),
            "a prefix of 0 bits covers every address"
        );
    }
}
