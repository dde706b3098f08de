//! The list of servers near, as the interface draws it and as a click joins it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ichat_client::Address;
use ichat_discovery::{NearbyEvent, NearbyServer};
use ichat_protocol::limits::MAX_NAME_CHARS;
use ichat_protocol::{Name, ServerId, common_protocol};

use crate::events;

/// The same addresses as the client takes them.
pub(crate) fn addresses_of(found: &[SocketAddr]) -> Vec<Address> {
    found
        .iter()
        .filter_map(|address| Address::new(address.ip(), address.port()).ok())
        .collect()
}

/// The servers near now. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct NearbyList(Arc<Mutex<BTreeMap<ServerId, NearbyServer>>>);

impl NearbyList {
    /// Follows a change. Returns the server that was found, or found elsewhere.
    pub(crate) fn apply(&self, event: NearbyEvent) -> Option<(ServerId, Vec<SocketAddr>)> {
        let mut servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            NearbyEvent::Found(server) | NearbyEvent::Changed(server) => {
                let id = ServerId(server.id);
                let addresses = server.addresses.clone();
                let before = servers.insert(id, server);
                (before.is_none_or(|before| before.addresses != addresses)).then_some((id, addresses))
            }
            NearbyEvent::Gone(id) => {
                servers.remove(&ServerId(id));
                None
            }
        }
    }

    /// Where a server can be reached, best first; `None` when it is not near any more.
    pub(crate) fn addresses(&self, server: ServerId) -> Option<Vec<SocketAddr>> {
        let servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Some(servers.get(&server)?.addresses.clone())
    }

    /// The list by name; `own` is the server that this device hosts.
    pub(crate) fn shown(&self, own: Option<ServerId>) -> Vec<events::NearbyServer> {
        let servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shown: Vec<_> = servers
            .iter()
            .filter_map(|(id, server)| shown(*id, server, own))
            .collect();
        shown.sort_by_key(|server| (server.name.as_str().to_lowercase(), server.id));
        shown
    }
}

fn shown(id: ServerId, server: &NearbyServer, own: Option<ServerId>) -> Option<events::NearbyServer> {
    let addresses: Vec<String> = server.addresses.iter().map(ToString::to_string).collect();
    let claimed: String = server.name.chars().take(MAX_NAME_CHARS).collect();
    // Whoever is on the network chooses the name; one that can't be shown is replaced by where the server is.
    let name = Name::parse(&claimed).or_else(|_| Name::parse(addresses.first().map_or("?", String::as_str)));
    Some(events::NearbyServer {
        id,
        name: name.ok()?,
        people: server.people,
        addresses,
        // 0 means that the announcement doesn't say; joining asks the server itself.
        compatible: server.protocol == 0 || common_protocol(&[server.protocol]).is_some(),
        own: own == Some(id),
    })
}

#[cfg(test)]
mod tests {
    //! - found, changed and gone; where to join; sorted by name
    //! - the own server and those of another protocol are marked
    //! - a name that can't be shown is replaced

    use super::*;

    fn server(id: ServerId, name: &str, port: u16) -> NearbyServer {
        NearbyServer {
            id: id.0,
            name: name.into(),
            protocol: 1,
            people: 2,
            addresses: vec![([192, 168, 1, 7], port).into()],
        }
    }

    fn names(list: &NearbyList) -> Vec<String> {
        list.shown(None)
            .into_iter()
            .map(|server| server.name.to_string())
            .collect()
    }

    #[test]
    fn servers_come_move_and_go() {
        let (office, kitchen) = (ServerId::fresh(), ServerId::fresh());
        let list = NearbyList::default();
        assert!(list.apply(NearbyEvent::Found(server(office, "office", 4242))).is_some());
        assert!(
            list.apply(NearbyEvent::Found(server(kitchen, "Kitchen", 4243)))
                .is_some()
        );
        assert_eq!(names(&list), ["Kitchen", "office"]);

        let more_people = NearbyServer {
            people: 9,
            ..server(office, "office", 4242)
        };
        assert_eq!(list.apply(NearbyEvent::Changed(more_people)), None);
        let moved = list.apply(NearbyEvent::Changed(server(office, "office", 4300)));
        assert_eq!(moved, Some((office, vec![([192, 168, 1, 7], 4300).into()])));
        assert_eq!(list.addresses(office), Some(vec![([192, 168, 1, 7], 4300).into()]));

        list.apply(NearbyEvent::Gone(office.0));
        assert_eq!(list.addresses(office), None);
        assert_eq!(names(&list), ["Kitchen"]);
    }

    #[test]
    fn own_and_incompatible_servers_are_marked() {
        let (own, later, silent) = (ServerId::fresh(), ServerId::fresh(), ServerId::fresh());
        let list = NearbyList::default();
        list.apply(NearbyEvent::Found(server(own, "1 own", 1)));
        list.apply(NearbyEvent::Found(NearbyServer {
            protocol: 99,
            ..server(later, "2 later", 1)
        }));
        list.apply(NearbyEvent::Found(NearbyServer {
            protocol: 0,
            ..server(silent, "3 silent", 1)
        }));
        let marks: Vec<_> = list
            .shown(Some(own))
            .iter()
            .map(|server| (server.own, server.compatible))
            .collect();
        assert_eq!(marks, [(true, true), (false, false), (false, true)]);
    }

    #[test]
    fn a_name_that_cannot_be_shown_is_replaced_by_the_address() {
        let list = NearbyList::default();
        list.apply(NearbyEvent::Found(server(ServerId::fresh(), "", 4242)));
        list.apply(NearbyEvent::Found(server(ServerId::fresh(), &"x".repeat(250), 4242)));
        assert_eq!(
            names(&list),
            ["192.168.1.7:4242".to_string(), "x".repeat(MAX_NAME_CHARS)]
        );
    }
}
