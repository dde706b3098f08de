//! Discovery on one computer, over the loopback card, with real sockets:
//! - a server is found, with its name, people and address; one's own among them
//! - changed people and a new name are seen, a burst of changes as its result, and a number that comes back too
//! - a polite stop and a drop are seen within two seconds
//! - two searches at once see the same; one that starts later sees what is there already
//! - copies of one server on two ports are one server with both addresses
//! - a shutdown ends searches, and refuses new ones

#![allow(clippy::expect_used, reason = "in a test a failed expectation is the result")]

use std::time::{Duration, Instant};

use ichat_discovery::{Announced, Announcement, DiscoveryError, Lan, Nearby, NearbyEvent, NearbyServer, Reach};
use uuid::Uuid;

/// Far beyond what anybody would wait for: a test that gets here has failed.
const DEADLINE: Duration = Duration::from_secs(20);

/// What somebody who looks at the list notices.
const FOUND_WITHIN: Duration = Duration::from_secs(5);
const GONE_WITHIN: Duration = Duration::from_secs(2);

fn lan() -> Lan {
    Lan::start_within(Reach::ThisComputer).expect("discovery starts")
}

fn office(port: u16) -> Announcement {
    Announcement {
        server: Uuid::new_v4(),
        name: "Büro".into(),
        protocol: 1,
        port,
        people: 1,
    }
}

/// Somebody who looks at the list of servers. Servers of other tests on this computer are in it too, and are skipped.
struct Watcher {
    list: Nearby,
}

impl Watcher {
    fn on(lan: &Lan) -> Self {
        Self {
            list: lan.browse().expect("browsing starts"),
        }
    }

    /// Waits until the list shows `server` as wanted.
    async fn sees(&mut self, server: Uuid, wanted: impl Fn(&NearbyServer) -> bool) -> NearbyServer {
        let seen = async {
            loop {
                match self.list.next().await.expect("discovery runs") {
                    NearbyEvent::Found(seen) | NearbyEvent::Changed(seen) if seen.id == server && wanted(&seen) => {
                        return seen;
                    }
                    _ => {}
                }
            }
        };
        tokio::time::timeout(DEADLINE, seen)
            .await
            .expect("the server is shown as wanted in time")
    }

    async fn misses(&mut self, server: Uuid) {
        let gone = async { while self.list.next().await.expect("discovery runs") != NearbyEvent::Gone(server) {} };
        tokio::time::timeout(DEADLINE, gone)
            .await
            .expect("the server disappears in time");
    }
}

fn announce(lan: &Lan, announcement: &Announcement) -> Announced {
    lan.announce(announcement.clone()).expect("it can be announced")
}

#[tokio::test]
async fn a_server_is_found_changed_and_gone() {
    let (host, guest) = (lan(), lan());
    let mut watcher = Watcher::on(&guest);
    let office = office(7301);

    let start = Instant::now();
    let announced = announce(&host, &office);
    let found = watcher.sees(office.server, |_| true).await;
    assert!(start.elapsed() < FOUND_WITHIN, "found after {:?}", start.elapsed());
    assert_eq!((found.name.as_str(), found.people, found.protocol), ("Büro", 1, 1));
    assert!(
        found.addresses.contains(&"127.0.0.1:7301".parse().unwrap()),
        "{:?}",
        found.addresses
    );

    for people in 2..=50 {
        announced.update_people(people);
    }
    watcher.sees(office.server, |server| server.people == 50).await;
    for people in [51, 50, 51] {
        announced.update_people(people);
        watcher.sees(office.server, |server| server.people == people).await;
    }
    announced.rename("Küche");
    watcher.sees(office.server, |server| server.name == "Küche").await;
    announced.update_people(1);
    watcher.sees(office.server, |server| server.people == 1).await;

    let stop = Instant::now();
    announced.stop().await;
    watcher.misses(office.server).await;
    assert!(stop.elapsed() < GONE_WITHIN, "gone after {:?}", stop.elapsed());
    host.shutdown().await;
    guest.shutdown().await;
}

#[tokio::test]
async fn the_own_server_is_in_the_list_and_a_drop_says_goodbye() {
    let lan = lan();
    let mut watcher = Watcher::on(&lan);
    let office = office(7302);
    let announced = announce(&lan, &office);
    watcher.sees(office.server, |_| true).await;
    let stop = Instant::now();
    drop(announced);
    watcher.misses(office.server).await;
    assert!(stop.elapsed() < GONE_WITHIN, "gone after {:?}", stop.elapsed());
    lan.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_says_goodbye_for_everything_announced() {
    let (host, guest) = (lan(), lan());
    let mut watcher = Watcher::on(&guest);
    let office = office(7303);
    let _announced = announce(&host, &office);
    watcher.sees(office.server, |_| true).await;
    let stop = Instant::now();
    host.shutdown().await;
    watcher.misses(office.server).await;
    assert!(stop.elapsed() < GONE_WITHIN, "gone after {:?}", stop.elapsed());
    guest.shutdown().await;
}

#[tokio::test]
async fn many_may_search_and_late_ones_see_what_is_there() {
    let (host, guest) = (lan(), lan());
    let office = office(7304);
    let announced = announce(&host, &office);
    let (mut first, mut second) = (Watcher::on(&guest), Watcher::on(&guest));
    first.sees(office.server, |_| true).await;
    second.sees(office.server, |_| true).await;
    drop(first);
    let mut third = Watcher::on(&guest);
    third.sees(office.server, |_| true).await;
    announced.stop().await;
    second.misses(office.server).await;
    third.misses(office.server).await;

    // Nobody searches for a while; whoever comes then starts from nothing.
    drop((second, third));
    let announced = announce(&host, &office);
    Watcher::on(&guest).sees(office.server, |_| true).await;
    announced.stop().await;
    host.shutdown().await;
    guest.shutdown().await;
}

#[tokio::test]
async fn copies_of_one_server_are_shown_as_one() {
    let (host, other_host, guest) = (lan(), lan(), lan());
    let mut watcher = Watcher::on(&guest);
    let office = office(7305);
    let copy = Announcement {
        port: 7306,
        name: "a copy".into(),
        ..office.clone()
    };
    let announced = announce(&host, &office);
    watcher.sees(office.server, |_| true).await;
    let copied = announce(&other_host, &copy);
    let seen = watcher
        .sees(office.server, |server| {
            server.addresses.iter().any(|address| address.port() == 7306)
        })
        .await;
    assert!(
        seen.addresses.iter().any(|address| address.port() == 7305),
        "{:?}",
        seen.addresses
    );
    assert_eq!(seen.name, "Büro", "the first names it");
    announced.stop().await;
    let left = watcher.sees(office.server, |server| server.name == "a copy").await;
    assert!(
        left.addresses.iter().all(|address| address.port() == 7306),
        "{:?}",
        left.addresses
    );
    copied.stop().await;
    watcher.misses(office.server).await;
    for lan in [host, other_host, guest] {
        lan.shutdown().await;
    }
}

#[tokio::test]
async fn a_shutdown_ends_searches_and_refuses_new_ones() {
    let lan = lan();
    let mut nearby = lan.browse().unwrap();
    lan.clone().shutdown().await;
    let end = async { while nearby.next().await.is_some() {} };
    tokio::time::timeout(DEADLINE, end).await.expect("the search ends");
    assert!(matches!(lan.browse(), Err(DiscoveryError::Stopped)));
    assert!(matches!(lan.announce(office(7307)), Err(DiscoveryError::Stopped)));
}

#[tokio::test]
async fn port_zero_is_refused() {
    let lan = lan();
    assert!(matches!(lan.announce(office(0)), Err(DiscoveryError::NoPort)));
    lan.shutdown().await;
}

#[test]
fn without_a_runtime_it_says_so() {
    assert!(matches!(Lan::start(), Err(DiscoveryError::Start(_))));
}
