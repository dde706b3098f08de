//! Announcements made by strangers, with real sockets on a loopback interface:
//! - an announcement without an id, or with another record version, is not listed
//! - a deceptive name is listed without what deceives, and malformed values as unknown
//! - a stranger that claims another server's id can neither rename nor hide it

#![allow(clippy::expect_used, reason = "in a test a failed expectation is the result")]

mod support;

use ichat_discovery::{Discovery, NearbyEvent, NearbyServer};
use ichat_testkit::in_own_network;
use mdns_sd::{ServiceDaemon, ServiceInfo};
use support::{Announced, Browser, TIMEOUT, announcement, discovery, other_daemon};
use uuid::Uuid;

/// A stranger, who can announce any record.
struct Stranger {
    daemon: ServiceDaemon,
}

impl Stranger {
    fn new() -> Self {
        Self { daemon: other_daemon() }
    }

    fn announces(&self, instance: &str, port: u16, properties: &[(&str, &str)]) {
        let host = format!("{instance}.local.");
        let mut service = ServiceInfo::new("_ichat._tcp.local.", instance, &host, "127.0.0.1", port, properties)
            .expect("mdns-sd accepts it");
        service.set_requires_probe(false);
        self.daemon.register(service).expect("mdns-sd runs");
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        // The thread ends by itself.
        let _ = self.daemon.shutdown();
    }
}

/// Returns all servers that are listed before and with the server `last`.
async fn listed_until(discovery: &Discovery, last: Uuid) -> Vec<NearbyServer> {
    let mut nearby = discovery.browse().expect("browsing starts");
    let mut listed: Vec<NearbyServer> = Vec::new();
    let found = async {
        while !listed.iter().any(|server| server.id == last) {
            match nearby.next().await.expect("discovery runs") {
                NearbyEvent::Found(server) | NearbyEvent::Changed(server) => listed.push(server),
                NearbyEvent::Gone(_) => {}
            }
        }
    };
    tokio::time::timeout(TIMEOUT, found)
        .await
        .expect("the server is listed");
    listed
}

#[test]
fn malformed_announcements_do_no_harm() {
    in_own_network(async || {
        let (stranger, discovery) = (Stranger::new(), discovery());
        let (nameless, later, evil, last) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
        stranger.announces("no-id", 7401, &[("v", "1"), ("name", "no valid id")]);
        stranger.announces(
            "wrong-id",
            7402,
            &[("v", "1"), ("id", "'; drop table"), ("name", "no valid id")],
        );
        stranger.announces(
            "later",
            7403,
            &[("v", "2"), ("id", &later.to_string()), ("name", "from the future")],
        );
        stranger.announces("nameless", 7404, &[("v", "1"), ("id", &nameless.to_string())]);
        stranger.announces(
            "evil",
            7405,
            &[
                ("v", "1"),
                ("id", &evil.to_string()),
                ("name", "Bü\u{202E}ro\n\u{7}"),
                ("proto", "x"),
                ("people", "99999999999999"),
            ],
        );
        listed_until(&discovery, evil).await;
        stranger.announces("last", 7406, &[("v", "1"), ("id", &last.to_string()), ("name", "last")]);

        let listed = listed_until(&discovery, last).await;
        assert!(
            !listed
                .iter()
                .any(|server| server.name == "no valid id" || server.id == later),
            "{listed:?}"
        );
        let evil = listed
            .iter()
            .find(|server| server.id == evil)
            .expect("a server with an id is listed");
        assert_eq!((evil.name.as_str(), evil.protocol, evil.people), ("Büro", 0, 99_999));
        discovery.shutdown().await;
    });
}

#[test]
fn a_stranger_can_neither_rename_nor_hide_a_server() {
    in_own_network(async || {
        let (stranger, discovery) = (Stranger::new(), discovery());
        let office = announcement(7411);
        let announced = Announced::new(&discovery, &office);
        announced.has_people(3);
        let mut browser = Browser::new(&discovery);
        browser.sees(office.server, |server| server.people == 3).await;

        stranger.announces(
            "0",
            7412,
            &[
                ("v", "1"),
                ("id", &office.server.to_string()),
                ("name", "Free prizes"),
                ("people", "900"),
            ],
        );
        let claimed = browser
            .sees(office.server, |server| {
                server.addresses.iter().any(|address| address.socket.port() == 7412)
            })
            .await;
        assert_eq!((claimed.name.as_str(), claimed.people), ("Büro", 3));
        assert!(
            claimed.addresses.iter().any(|address| address.socket.port() == 7411),
            "{:?}",
            claimed.addresses
        );
        announced.handle.stop().await;
        discovery.shutdown().await;
    });
}
