//! The servers near, in the shapes of the user interface and of the client.

use ichat_client::Address;
use ichat_discovery::{NearbyAddress, NearbyServer, ServerList, fits_into_url};
use ichat_protocol::limits::MAX_NAME_CHARS;
use ichat_protocol::{Name, ServerId, common_protocol, cut_text};

use crate::events;

/// Converts addresses to the client's type, which is a URL.
pub(crate) fn client_addresses(addresses: &[NearbyAddress]) -> Vec<Address> {
    addresses
        .iter()
        .filter(|address| fits_into_url(address.socket))
        .filter_map(|NearbyAddress { socket, path }| Some(Address::new(socket.ip(), socket.port()).ok()?.below(path)))
        .collect()
}

/// Returns the list for the user interface, sorted by name. `own` is the server that this device hosts.
pub(crate) fn ui_list(servers: &ServerList, own: Option<ServerId>) -> Vec<events::NearbyServer> {
    let mut list: Vec<_> = servers.values().filter_map(|server| ui_server(server, own)).collect();
    list.sort_by_key(|server| (server.name.as_str().to_lowercase(), server.id));
    list
}

fn ui_server(server: &NearbyServer, own: Option<ServerId>) -> Option<events::NearbyServer> {
    let addresses: Vec<String> = server.addresses.iter().map(ToString::to_string).collect();
    // Anyone can announce any name. An invalid one is replaced by the address.
    let name = Name::parse(&server.name)
        .or_else(|_| Name::parse(&cut_text(&server.name, MAX_NAME_CHARS - 1)))
        .or_else(|_| Name::parse(addresses.first().map_or("?", String::as_str)));
    let id = ServerId(server.id);
    Some(events::NearbyServer {
        id,
        name: name.ok()?,
        people: server.people,
        addresses,
        // 0 means that the announcement doesn't say; the client asks the server when it joins.
        compatible: server.protocol == 0 || common_protocol(&[server.protocol]).is_some(),
        own: own == Some(id),
    })
}

#[cfg(test)]
mod tests {
    //! - the list is sorted by name
    //! - the own server and servers with another protocol are marked
    //! - an invalid name is replaced by the address, a long one is cut
    //! - the client gets addresses with their paths, and no link-local ones, which it could not connect to

    use std::net::SocketAddr;

    use super::*;

    fn server(id: ServerId, name: &str) -> NearbyServer {
        NearbyServer {
            id: id.0,
            name: name.into(),
            protocol: 1,
            people: 2,
            addresses: vec![SocketAddr::from(([192, 168, 1, 7], 4242)).into()],
        }
    }

    fn list(servers: impl IntoIterator<Item = NearbyServer>) -> ServerList {
        servers.into_iter().map(|server| (server.id, server)).collect()
    }

    fn names(servers: &ServerList) -> Vec<String> {
        ui_list(servers, None)
            .into_iter()
            .map(|server| server.name.to_string())
            .collect()
    }

    #[test]
    fn the_list_is_sorted_by_name() {
        let servers = ["office", "Kitchen", "Attic"].map(|name| server(ServerId::fresh(), name));
        assert_eq!(names(&list(servers)), ["Attic", "Kitchen", "office"]);
    }

    #[test]
    fn own_and_incompatible_servers_are_marked() {
        let own = ServerId::fresh();
        let servers = list([
            server(own, "1 own"),
            NearbyServer {
                protocol: 99,
                ..server(ServerId::fresh(), "2 later")
            },
            NearbyServer {
                protocol: 0,
                ..server(ServerId::fresh(), "3 unknown")
            },
        ]);
        let marks: Vec<_> = ui_list(&servers, Some(own))
            .iter()
            .map(|server| (server.own, server.compatible))
            .collect();
        assert_eq!(marks, [(true, true), (false, false), (false, true)]);
    }

    #[test]
    fn an_invalid_name_is_replaced_by_the_address_and_a_long_one_is_cut() {
        let servers = list(["", &"x".repeat(250)].map(|name| server(ServerId::fresh(), name)));
        let cut = "x".repeat(MAX_NAME_CHARS - 1) + "…";
        assert_eq!(names(&servers), ["192.168.1.7:4242".to_string(), cut]);
    }

    #[test]
    fn the_client_gets_no_link_local_addresses() {
        let addresses = ["[fe80::9]:4242", "192.168.1.7:4242"].map(|address| NearbyAddress {
            socket: address.parse().unwrap(),
            path: "/chat/".into(),
        });
        let kept: Vec<String> = client_addresses(&addresses).iter().map(ToString::to_string).collect();
        assert_eq!(kept, ["192.168.1.7:4242/chat/"]);
    }
}
