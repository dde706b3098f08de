//! The choice of the network interfaces to announce on and to search through.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::interfaces::{self, Interface, InterfaceKind};

/// The reach of announcements and searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// The local network, through the best kind of interfaces present.
    #[default]
    LocalNetwork,
    /// This computer only, through the loopback interface: for a server that listens on 127.0.0.1, and for tests.
    ThisComputer,
}

/// A selection is reused for this long, since listing the interfaces costs a system call and mdns-sd asks for each one.
const SELECTION_TTL: Duration = Duration::from_millis(500);

/// Selects the interfaces to use now, as cables are plugged in and Wi-Fi networks are joined.
#[derive(Debug)]
pub(crate) struct InterfaceSelector {
    scope: Scope,
    cached: Mutex<Option<(Instant, Vec<Interface>)>>,
}

impl InterfaceSelector {
    pub(crate) fn new(scope: Scope) -> Self {
        Self {
            scope,
            cached: Mutex::new(None),
        }
    }

    /// Returns the interfaces to use, one for each address.
    pub(crate) fn selected(&self) -> Vec<Interface> {
        let mut cached = self.cached.lock();
        if let Some((at, interfaces)) = cached.as_ref()
            && at.elapsed() < SELECTION_TTL
        {
            return interfaces.clone();
        }
        let interfaces = select(self.scope, interfaces::list());
        *cached = Some((Instant::now(), interfaces.clone()));
        interfaces
    }

    /// Returns whether the address `ip` of the interface `name` is to be used.
    pub(crate) fn is_selected(&self, name: &str, ip: IpAddr) -> bool {
        self.selected()
            .iter()
            .any(|interface| interface.name == name && interface.ip == ip)
    }
}

fn select(scope: Scope, interfaces: Vec<Interface>) -> Vec<Interface> {
    let kind = match scope {
        Scope::LocalNetwork => interfaces.iter().map(Interface::kind).max(),
        Scope::ThisComputer => Some(InterfaceKind::Loopback),
    };
    interfaces
        .into_iter()
        .filter(|interface| Some(interface.kind()) == kind)
        .collect()
}

#[cfg(test)]
mod tests {
    //! - only interfaces of the best kind present are selected
    //! - only loopback is selected for this computer

    use super::*;

    fn interface(name: &str, ip: &str) -> Interface {
        Interface {
            name: name.into(),
            ip: ip.parse().unwrap(),
            prefix_len: 24,
        }
    }

    fn names(interfaces: &[Interface]) -> Vec<&str> {
        interfaces.iter().map(|interface| interface.name.as_str()).collect()
    }

    #[test]
    fn physical_interfaces_are_preferred() {
        let all = vec![
            interface("lo", "127.0.0.1"),
            interface("docker0", "172.17.0.1"),
            interface("wlan0", "192.168.1.5"),
            interface("wlan0", "fe80::1"),
            interface("tun0", "10.8.0.2"),
        ];
        assert_eq!(names(&select(Scope::LocalNetwork, all)), ["wlan0", "wlan0"]);
    }

    #[test]
    fn virtual_interfaces_are_selected_if_there_is_no_physical_one() {
        let all = vec![interface("lo", "127.0.0.1"), interface("veth-a", "10.0.0.1")];
        assert_eq!(names(&select(Scope::LocalNetwork, all)), ["veth-a"]);
    }

    #[test]
    fn loopback_is_selected_if_there_is_nothing_else() {
        let all = vec![interface("lo", "127.0.0.1")];
        assert_eq!(names(&select(Scope::LocalNetwork, all)), ["lo"]);
        assert!(select(Scope::LocalNetwork, Vec::new()).is_empty());
    }

    #[test]
    fn only_loopback_is_selected_for_this_computer() {
        let all = vec![interface("lo", "127.0.0.1"), interface("eth0", "192.168.1.5")];
        assert_eq!(names(&select(Scope::ThisComputer, all)), ["lo"]);
    }
}
