//! What others on the network may say, with real sockets over the loopback card:
//! - an announcement without an id, or of another record version, is not shown
//! - a name made to deceive is shown without what deceives; odd values become unknown
//! - a stranger that claims another server's id neither renames nor hides it

#![allow(clippy::expect_used, reason = "in a test a failed expectation is the result")]

use std::time::Duration;

use ichat_discovery::{Announcement, Lan, NearbyEvent, NearbyServer, Reach};
use mdns_sd::{IfKind, IfPredicate, ServiceDaemon, ServiceInfo};
use uuid::Uuid;

/// Far beyond what anybody would wait for: a test that gets here has failed.
const DEADLINE: Duration = Duration::from_secs(20);

/// Somebody who writes announcements by hand.
struct Stranger {
    daemon: ServiceDaemon,
}

impl Stranger {
    fn new() -> Self {
        let daemon = ServiceDaemon::new().expect("mdns-sd starts");
        let others = IfPredicate::new(|interface| !interface.is_loopback());
        daemon
            .disable_interface(IfKind::Predicate(others))
            .expect("mdns-sd listens");
        Self { daemon }
    }

    fn announces(&self, instance: &str, port: u16, properties: &[(&str, &str)]) {
        let host = format!("{instance}.local.");
        let mut service = ServiceInfo::new("_ichat._tcp.local.", instance, &host, "127.0.0.1", port, properties)
            .expect("mdns-sd takes it");
        service.set_requires_probe(false);
        self.daemon.register(service).expect("mdns-sd takes it");
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        // The thread ends by itself; nobody waits for that.
        let _ = self.daemon.shutdown();
    }
}

/// Looks at the list until `awaited` is in it, and returns all that were shown until then.
async fn shown_until(lan: &Lan, awaited: Uuid) -> Vec<NearbyServer> {
    let mut list = lan.browse().expect("browsing starts");
    let mut shown: Vec<NearbyServer> = Vec::new();
    let look = async {
        while !shown.iter().any(|server| server.id == awaited) {
            match list.next().await.expect("discovery runs") {
                NearbyEvent::Found(server) | NearbyEvent::Changed(server) => shown.push(server),
                NearbyEvent::Gone(_) => {}
            }
        }
    };
    tokio::time::timeout(DEADLINE, look)
        .await
        .expect("the server is shown in time");
    shown
}

#[tokio::test]
async fn malformed_announcements_do_no_harm() {
    let (stranger, lan) = (
        Stranger::new(),
        Lan::start_within(Reach::ThisComputer).expect("discovery starts"),
    );
    let (nameless, later, evil, last) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
    stranger.announces("no-id", 7401, &[("v", "1"), ("name", "nobody")]);
    stranger.announces(
        "wrong-id",
        7402,
        &[("v", "1"), ("id", "'; drop table"), ("name", "nobody")],
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
    shown_until(&lan, evil).await;
    stranger.announces("last", 7406, &[("v", "1"), ("id", &last.to_string()), ("name", "last")]);

    let shown = shown_until(&lan, last).await;
    assert!(
        !shown.iter().any(|server| server.name == "nobody" || server.id == later),
        "{shown:?}"
    );
    let evil = shown
        .iter()
        .find(|server| server.id == evil)
        .expect("it is shown, for it has an id");
    assert_eq!((evil.name.as_str(), evil.protocol, evil.people), ("Büro", 0, 99_999));
    lan.shutdown().await;
}

#[tokio::test]
async fn a_stranger_can_neither_rename_nor_hide_a_server() {
    let (stranger, lan) = (
        Stranger::new(),
        Lan::start_within(Reach::ThisComputer).expect("discovery starts"),
    );
    let (office, other) = (Uuid::new_v4(), Uuid::new_v4());
    let announcement = Announcement {
        server: office,
        name: "Büro".into(),
        protocol: 1,
        port: 7411,
        people: 3,
    };
    let announced = lan.announce(announcement).expect("it can be announced");
    let mut list = lan.browse().expect("browsing starts");
    let first = tokio::time::timeout(DEADLINE, async {
        loop {
            if let NearbyEvent::Found(server) = list.next().await.expect("discovery runs")
                && server.id == office
            {
                return server;
            }
        }
    });
    assert_eq!(first.await.expect("the server is shown in time").name, "Büro");

    stranger.announces(
        "0",
        7412,
        &[
            ("v", "1"),
            ("id", &office.to_string()),
            ("name", "Free prizes"),
            ("people", "900"),
        ],
    );
    let claimed = tokio::time::timeout(DEADLINE, async {
        loop {
            if let NearbyEvent::Changed(server) = list.next().await.expect("discovery runs")
                && server.id == office
            {
                return server;
            }
        }
    });
    let claimed = claimed.await.expect("the claim is shown in time");
    assert_eq!((claimed.name.as_str(), claimed.people), ("Büro", 3));
    assert!(
        claimed.addresses.iter().any(|address| address.port() == 7411),
        "{:?}",
        claimed.addresses
    );

    stranger.announces("other", 7413, &[("v", "1"), ("id", &other.to_string())]);
    shown_until(&lan, other).await;
    announced.stop().await;
    lan.shutdown().await;
}
