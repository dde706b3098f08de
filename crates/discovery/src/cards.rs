//! Which network cards the room is announced on and searched through.
//!
//! A laptop with Docker, a VPN and a virtual machine has a dozen addresses, of which one can be reached by the person at
//! the next desk. Cards are sorted into classes, and only the best class that exists is used. The class comes from the
//! name, for this is what all systems give: `docker0` on Linux, `utun3` on macOS, `vEthernet (WSL)` on Windows.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How far an announcement is heard and a search is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// The local network, through the best class of cards that there is.
    #[default]
    Lan,
    /// Programs on this computer only, through the loopback card: for a server that listens on 127.0.0.1, and for tests.
    ThisComputer,
}

/// What a card is good for, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Reaches this computer only.
    Loopback,
    /// Containers, virtual machines and VPN tunnels: neighbours on the LAN are rarely behind it.
    Virtual,
    /// Cable or Wi-Fi.
    Real,
}

/// One address of one card. A card with three addresses is three of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) name: String,
    pub(crate) ip: IpAddr,
    /// Length of the network prefix in bits.
    pub(crate) prefix: u8,
}

impl Card {
    fn class(&self) -> Class {
        if self.ip.is_loopback() {
            Class::Loopback
        } else {
            classify(&self.name)
        }
    }

    /// Whether `other` is in this card's subnet, so that no router stands between.
    pub(crate) fn reaches(&self, other: IpAddr) -> bool {
        match (self.ip, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix.min(32))).unwrap_or(0);
                (own.to_bits() ^ other.to_bits()) & mask == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.prefix.min(128)))
                    .unwrap_or(0);
                (own.to_bits() ^ other.to_bits()) & mask == 0
            }
            _ => false,
        }
    }
}

/// Names of loopback cards, the whole name.
const LOOPBACK_NAMES: &[&str] = &["lo", "lo0"];

/// Beginnings of the names of virtual cards on Linux and macOS. `br0` and `bridge0` are not among them: they carry the
/// address of the real card that was put into the bridge.
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
    // Apple's peer-to-peer links, which carry no IP network of their own.
    "awdl",
    "llw",
    "anpi",
    // Intermediate functional blocks, for traffic shaping.
    "ifb",
];

/// Words in the friendly names of virtual cards on Windows.
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

/// The class of the card with this name; a name that nothing is known about is taken for real.
pub(crate) fn classify(name: &str) -> Class {
    let name = name.trim().to_lowercase();
    if LOOPBACK_NAMES.contains(&name.as_str()) || name.contains("loopback") {
        Class::Loopback
    } else if VIRTUAL_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || VIRTUAL_WORDS.iter().any(|word| name.contains(word))
    {
        Class::Virtual
    } else {
        Class::Real
    }
}

/// The cards of the best class among `cards`.
fn best(cards: Vec<Card>) -> Vec<Card> {
    let Some(best) = cards.iter().map(Card::class).max() else {
        return cards;
    };
    cards.into_iter().filter(|card| card.class() == best).collect()
}

/// Looking the cards up again costs a system call; within this time the last look is good enough.
const FRESH_FOR: Duration = Duration::from_millis(500);

/// The cards in use now, which follows cables being plugged in and Wi-Fi being joined.
#[derive(Debug)]
pub(crate) struct Cards {
    reach: Reach,
    last_look: Mutex<Option<(Instant, Vec<Card>)>>,
}

impl Cards {
    pub(crate) fn new(reach: Reach) -> Self {
        Self {
            reach,
            last_look: Mutex::new(None),
        }
    }

    /// The cards to use, one entry for each address.
    pub(crate) fn in_use(&self) -> Vec<Card> {
        let mut last_look = self.last_look.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, cards)) = last_look.as_ref()
            && at.elapsed() < FRESH_FOR
        {
            return cards.clone();
        }
        let cards = select(self.reach, look());
        *last_look = Some((Instant::now(), cards.clone()));
        cards
    }

    /// Whether the address `ip` of the card `name` is to be used.
    pub(crate) fn uses(&self, name: &str, ip: IpAddr) -> bool {
        self.in_use().iter().any(|card| card.name == name && card.ip == ip)
    }
}

fn select(reach: Reach, cards: Vec<Card>) -> Vec<Card> {
    match reach {
        Reach::Lan => best(cards),
        Reach::ThisComputer => cards
            .into_iter()
            .filter(|card| card.class() == Class::Loopback)
            .collect(),
    }
}

/// All cards that could be used. Point-to-point links are left out, for multicast DNS doesn't work on them.
fn look() -> Vec<Card> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_else(|error| {
        tracing::warn!(%error, "the system does not tell its network cards: nothing can be found or announced until it does");
        Vec::new()
    });
    interfaces
        .into_iter()
        .filter(|interface| interface.is_oper_up() && !interface.is_p2p())
        .map(|interface| Card {
            prefix: match &interface.addr {
                if_addrs::IfAddr::V4(v4) => v4.prefixlen,
                if_addrs::IfAddr::V6(v6) => v6.prefixlen,
            },
            ip: interface.ip(),
            name: interface.name,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    //! - names on Linux, macOS and Windows are classed
    //! - the best class that exists is used, and only that
    //! - loopback alone is used when asked for
    //! - subnets

    use super::*;

    fn card(name: &str, ip: &str, prefix: u8) -> Card {
        Card {
            name: name.into(),
            ip: ip.parse().unwrap(),
            prefix,
        }
    }

    fn names(cards: &[Card]) -> Vec<&str> {
        cards.iter().map(|card| card.name.as_str()).collect()
    }

    #[test]
    fn real_cards_are_known_on_every_system() {
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
            assert_eq!(classify(name), Class::Real, "{name}");
        }
    }

    #[test]
    fn virtual_cards_are_known_on_every_system() {
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
            assert_eq!(classify(name), Class::Virtual, "{name}");
        }
    }

    #[test]
    fn loopback_is_known_on_every_system() {
        for name in ["lo", "lo0", "Loopback Pseudo-Interface 1"] {
            assert_eq!(classify(name), Class::Loopback, "{name}");
        }
        assert_eq!(
            card("Ethernet", "127.0.0.1", 8).class(),
            Class::Loopback,
            "by its address, whatever its name"
        );
    }

    #[test]
    fn real_cards_drive_out_virtual_ones_and_loopback() {
        let all = vec![
            card("lo", "127.0.0.1", 8),
            card("docker0", "172.17.0.1", 16),
            card("wlan0", "192.168.1.5", 24),
            card("wlan0", "fe80::1", 64),
            card("tun0", "10.8.0.2", 24),
        ];
        assert_eq!(names(&select(Reach::Lan, all)), ["wlan0", "wlan0"]);
    }

    #[test]
    fn virtual_cards_are_used_when_there_is_no_real_one() {
        let all = vec![card("lo", "127.0.0.1", 8), card("veth-a", "10.0.0.1", 24)];
        assert_eq!(names(&select(Reach::Lan, all)), ["veth-a"]);
    }

    #[test]
    fn loopback_is_used_when_it_is_all_there_is() {
        assert_eq!(names(&select(Reach::Lan, vec![card("lo", "127.0.0.1", 8)])), ["lo"]);
        assert!(select(Reach::Lan, Vec::new()).is_empty());
    }

    #[test]
    fn this_computer_means_loopback_only() {
        let all = vec![card("lo", "127.0.0.1", 8), card("eth0", "192.168.1.5", 24)];
        assert_eq!(names(&select(Reach::ThisComputer, all)), ["lo"]);
    }

    #[test]
    fn a_card_reaches_its_own_subnet() {
        let lan = card("eth0", "192.168.1.5", 24);
        assert!(lan.reaches("192.168.1.77".parse().unwrap()));
        assert!(!lan.reaches("192.168.2.77".parse().unwrap()));
        assert!(!lan.reaches("fe80::1".parse().unwrap()));
        let v6 = card("eth0", "2001:db8:1::5", 64);
        assert!(v6.reaches("2001:db8:1::99".parse().unwrap()));
        assert!(!v6.reaches("2001:db8:2::99".parse().unwrap()));
        assert!(
            card("odd", "10.0.0.1", 0).reaches("8.8.8.8".parse().unwrap()),
            "a prefix of 0 spans everything"
        );
    }
}
