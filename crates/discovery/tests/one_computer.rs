//! Discovery on one computer, with real sockets on a loopback interface:
//! - a server is found with its name, people and address, its changes are seen, and it is gone after its goodbye
//! - a burst of changes is seen as its result; a number that returns is seen again
//! - a server of this computer is listed, and dropping its announcement says goodbye
//! - a shutdown says goodbye for all announcements
//! - several users search at once, and a late one finds the servers that are there
//! - copies of one server are listed as one server with all addresses
//! - a shutdown ends searches and refuses new ones
//! - a server on port 0 is refused, and so is discovery outside of a tokio runtime

#![allow(clippy::expect_used, reason = "in a test a failed expectation is the result")]

mod support;

use ichat_discovery::{Announcement, Discovery, DiscoveryError, Scope};
use ichat_testkit::in_own_network;
use mdns_sd::{Receiver, ServiceDaemon, ServiceEvent};
use support::{Announced, Browser, TIMEOUT, announcement, discovery, other_daemon};
use tokio::sync::watch;
use uuid::Uuid;

/// A DNS-SD browser that, unlike ours, never verifies whether a server is alive: it notices only a goodbye.
struct PassiveBrowser {
    daemon: ServiceDaemon,
    events: Receiver<ServiceEvent>,
}

impl PassiveBrowser {
    fn new() -> Self {
        let daemon = other_daemon();
        let events = daemon.browse("_ichat._tcp.local.").expect("mdns-sd runs");
        Self { daemon, events }
    }

    async fn sees(&self, server: Uuid) {
        self.find(|event| matches!(event, ServiceEvent::ServiceResolved(it) if is_of(server, &it.fullname)))
            .await;
    }

    async fn receives_goodbye(&self, server: Uuid) {
        self.find(|event| matches!(event, ServiceEvent::ServiceRemoved(_, name) if is_of(server, name)))
            .await;
    }

    async fn find(&self, matches: impl Fn(&ServiceEvent) -> bool) {
        let found = async { while !matches(&self.events.recv_async().await.expect("mdns-sd runs")) {} };
        tokio::time::timeout(TIMEOUT, found)
            .await
            .expect("the browser receives it");
    }
}

impl Drop for PassiveBrowser {
    fn drop(&mut self) {
        // The thread ends by itself.
        let _ = self.daemon.shutdown();
    }
}

fn is_of(server: Uuid, instance: &str) -> bool {
    instance.starts_with(&server.simple().to_string())
}

#[test]
fn a_server_is_found_and_its_changes_are_seen_until_its_goodbye() {
    in_own_network(async || {
        let (host, guest) = (discovery(), discovery());
        let (mut browser, passive) = (Browser::new(&guest), PassiveBrowser::new());
        let office = announcement(7301);
        let announced = Announced::new(&host, &office);
        let found = browser.sees(office.server, |_| true).await;
        assert_eq!((found.name.as_str(), found.people, found.protocol), ("Büro", 1, 1));
        assert!(
            found
                .addresses
                .iter()
                .any(|address| address.to_string() == "127.0.0.1:7301/chat/"),
            "{:?}",
            found.addresses
        );

        for people in 2..=50 {
            announced.has_people(people);
        }
        browser.sees(office.server, |server| server.people == 50).await;
        for people in [51, 50, 51] {
            announced.has_people(people);
            browser.sees(office.server, |server| server.people == people).await;
        }
        let renamed = Announcement {
            name: "Küche".into(),
            ..office.clone()
        };
        let announced_again = Announced::new(&host, &renamed);
        browser
            .sees(office.server, |server| server.name == "Küche" && server.people == 1)
            .await;

        passive.sees(office.server).await;
        announced_again.handle.stop().await;
        passive.receives_goodbye(office.server).await;
        browser.misses(office.server).await;
        drop(announced);
        host.shutdown().await;
        guest.shutdown().await;
    });
}

#[test]
fn a_server_of_this_computer_is_listed_and_a_drop_says_goodbye() {
    in_own_network(async || {
        let discovery = discovery();
        let (mut browser, passive) = (Browser::new(&discovery), PassiveBrowser::new());
        let office = announcement(7302);
        let announced = Announced::new(&discovery, &office);
        browser.sees(office.server, |_| true).await;
        passive.sees(office.server).await;
        drop(announced);
        passive.receives_goodbye(office.server).await;
        browser.misses(office.server).await;
        discovery.shutdown().await;
    });
}

#[test]
fn a_shutdown_says_goodbye_for_all_announcements() {
    in_own_network(async || {
        let (host, guest) = (discovery(), discovery());
        let (mut browser, passive) = (Browser::new(&guest), PassiveBrowser::new());
        let office = announcement(7303);
        let _announced = Announced::new(&host, &office);
        browser.sees(office.server, |_| true).await;
        passive.sees(office.server).await;
        host.shutdown().await;
        passive.receives_goodbye(office.server).await;
        browser.misses(office.server).await;
        guest.shutdown().await;
    });
}

#[test]
fn several_users_search_at_once_and_a_late_one_finds_the_servers() {
    in_own_network(async || {
        let (host, guest) = (discovery(), discovery());
        let office = announcement(7304);
        let announced = Announced::new(&host, &office);
        let (mut first, mut second) = (Browser::new(&guest), Browser::new(&guest));
        first.sees(office.server, |_| true).await;
        second.sees(office.server, |_| true).await;
        drop(first);
        let mut third = Browser::new(&guest);
        third.sees(office.server, |_| true).await;
        assert!(guest.servers().contains_key(&office.server));
        announced.handle.stop().await;
        second.misses(office.server).await;
        third.misses(office.server).await;

        // Without a search the table is cleared, so the next one starts from nothing.
        drop((second, third));
        let announced = Announced::new(&host, &office);
        Browser::new(&guest).sees(office.server, |_| true).await;
        announced.handle.stop().await;
        host.shutdown().await;
        guest.shutdown().await;
    });
}

#[test]
fn copies_of_one_server_are_listed_as_one() {
    in_own_network(async || {
        let (host, other_host, guest) = (discovery(), discovery(), discovery());
        let mut browser = Browser::new(&guest);
        let office = announcement(7305);
        let copy = Announcement {
            port: 7306,
            name: "a copy".into(),
            ..office.clone()
        };
        let announced = Announced::new(&host, &office);
        browser.sees(office.server, |_| true).await;
        let announced_copy = Announced::new(&other_host, &copy);
        let seen = browser
            .sees(office.server, |server| {
                server.addresses.iter().any(|address| address.socket.port() == 7306)
            })
            .await;
        assert!(
            seen.addresses.iter().any(|address| address.socket.port() == 7305),
            "{:?}",
            seen.addresses
        );
        assert_eq!(seen.name, "Büro", "the first gives the name");
        announced.handle.stop().await;
        let left = browser.sees(office.server, |server| server.name == "a copy").await;
        assert!(
            left.addresses.iter().all(|address| address.socket.port() == 7306),
            "{:?}",
            left.addresses
        );
        announced_copy.handle.stop().await;
        browser.misses(office.server).await;
        for discovery in [host, other_host, guest] {
            discovery.shutdown().await;
        }
    });
}

#[test]
fn a_shutdown_ends_searches_and_refuses_new_ones() {
    in_own_network(async || {
        let discovery = discovery();
        let mut nearby = discovery.browse().unwrap();
        discovery.clone().shutdown().await;
        let end = async { while nearby.next().await.is_some() {} };
        tokio::time::timeout(TIMEOUT, end).await.expect("the search ends");
        assert!(matches!(discovery.browse(), Err(DiscoveryError::Stopped)));
        assert!(matches!(
            discovery.announce(announcement(7307), watch::Sender::new(1).subscribe()),
            Err(DiscoveryError::Stopped)
        ));
    });
}

#[test]
fn a_server_on_port_0_is_refused() {
    in_own_network(async || {
        let discovery = discovery();
        assert!(matches!(
            discovery.announce(announcement(0), watch::Sender::new(1).subscribe()),
            Err(DiscoveryError::NoPort)
        ));
        discovery.shutdown().await;
    });
}

#[test]
fn discovery_outside_of_a_tokio_runtime_is_refused() {
    assert!(matches!(
        Discovery::start(Scope::LocalNetwork),
        Err(DiscoveryError::Start(_))
    ));
}
