//! The search for servers near: keeps the list, tells the interface, and finds known servers again.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ichat_client::Client;
use ichat_discovery::Nearby;
use ichat_protocol::ServerId;

use crate::cards;
use crate::events::BackendEvent;
use crate::hosting::Host;
use crate::interface::Interface;
use crate::nearby::{NearbyList, addresses_of};

/// While nobody is found, the interface is told this often where was looked.
const STILL_SEARCHING_EVERY: Duration = Duration::from_secs(5);

/// The search for servers near.
pub(crate) struct Search {
    client: Client,
    host: Host,
    list: NearbyList,
    interface: Interface,
    since: Instant,
}

impl Search {
    /// Begins to count the time.
    pub(crate) fn new(client: Client, host: Host, list: NearbyList, interface: Interface) -> Self {
        let since = Instant::now();
        Self {
            client,
            host,
            list,
            interface,
            since,
        }
    }

    /// Follows what discovery hears, until it ends.
    pub(crate) async fn follow(self, mut nearby: Nearby) {
        let mut still_searching = tokio::time::interval(STILL_SEARCHING_EVERY);
        loop {
            tokio::select! {
                event = nearby.next() => {
                    let Some(event) = event else { return };
                    if let Some((server, addresses)) = self.list.apply(event) {
                        self.found(server, &addresses).await;
                    }
                    self.tell();
                }
                _ = still_searching.tick() => {
                    if self.list.shown(None).is_empty() {
                        self.tell();
                    }
                }
            }
        }
    }

    /// A server that is known already may have moved; one's own tells where this device can be reached.
    async fn found(&self, server: ServerId, addresses: &[SocketAddr]) {
        if self.host.server() == Some(server) {
            self.host.addresses_changed().await;
        } else {
            self.client.update_addresses(server, &addresses_of(addresses)).await;
        }
    }

    fn tell(&self) {
        self.interface.tell(BackendEvent::Nearby {
            servers: self.list.shown(self.host.server()),
            searching_ms: u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX),
            checked: cards::in_words(),
        });
    }
}
