//! Servers on a network and the users who look for them.

#![allow(dead_code, reason = "each test file uses its part")]

use std::time::Duration;

use ichat_discovery::{Announcement, AnnouncementHandle, Discovery, Nearby, NearbyEvent, NearbyServer, Scope};
use mdns_sd::{IfKind, IfPredicate, ServiceDaemon};
use tokio::sync::watch;
use uuid::Uuid;

/// Far longer than anything here takes, and less than the 120 s after which a DNS-SD record expires by itself.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(90);

/// Starts discovery on the loopback interface.
pub(crate) fn discovery() -> Discovery {
    Discovery::start(Scope::ThisComputer).expect("discovery starts")
}

/// Starts an mdns-sd of others on the loopback interface.
pub(crate) fn other_daemon() -> ServiceDaemon {
    let daemon = ServiceDaemon::new().expect("mdns-sd starts");
    let others = IfPredicate::new(|interface| !interface.is_loopback());
    daemon
        .disable_interface(IfKind::Predicate(others))
        .expect("mdns-sd runs");
    daemon
}

/// Returns a server called "Büro".
pub(crate) fn announcement(port: u16) -> Announcement {
    Announcement {
        server: Uuid::new_v4(),
        name: "Büro".into(),
        protocol: 1,
        port,
        path: "/chat/".into(),
    }
}

/// An announced server and its number of people.
pub(crate) struct Announced {
    pub(crate) handle: AnnouncementHandle,
    people: watch::Sender<u32>,
}

impl Announced {
    /// Announces a server with one person online.
    pub(crate) fn new(discovery: &Discovery, announcement: &Announcement) -> Self {
        let people = watch::Sender::new(1);
        let handle = discovery
            .announce(announcement.clone(), people.subscribe())
            .expect("it can be announced");
        Self { handle, people }
    }

    pub(crate) fn has_people(&self, people: u32) {
        self.people.send_replace(people);
    }
}

/// A user who looks at the list of servers.
pub(crate) struct Browser {
    nearby: Nearby,
}

impl Browser {
    pub(crate) fn new(discovery: &Discovery) -> Self {
        Self {
            nearby: discovery.browse().expect("browsing starts"),
        }
    }

    /// Waits until the list shows `server` as expected.
    pub(crate) async fn sees(&mut self, server: Uuid, expected: impl Fn(&NearbyServer) -> bool) -> NearbyServer {
        self.find(|event| match event {
            NearbyEvent::Found(seen) | NearbyEvent::Changed(seen) if seen.id == server && expected(&seen) => Some(seen),
            NearbyEvent::Found(_) | NearbyEvent::Changed(_) | NearbyEvent::Gone(_) => None,
        })
        .await
    }

    /// Waits until `server` disappears from the list.
    pub(crate) async fn misses(&mut self, server: Uuid) {
        self.find(|event| (event == NearbyEvent::Gone(server)).then_some(()))
            .await;
    }

    async fn find<T>(&mut self, matches: impl Fn(NearbyEvent) -> Option<T>) -> T {
        let found = async {
            loop {
                let event = self.nearby.next().await.expect("discovery runs");
                if let Some(found) = matches(event) {
                    return found;
                }
            }
        };
        tokio::time::timeout(TIMEOUT, found).await.expect("the list changes")
    }
}
