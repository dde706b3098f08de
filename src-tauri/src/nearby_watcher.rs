//! The task that follows the servers near: it sends the list to the user interface and updates the addresses of known
//! servers.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ichat_client::Client;
use ichat_discovery::{Discovery, Nearby, NearbyAddress, NearbyEvent, local_addresses};
use ichat_protocol::ServerId;

use crate::events::BackendEvent;
use crate::hosting::Host;
use crate::nearby::{client_addresses, ui_list};
use crate::ui_channel::UiChannel;

/// While no server is near, the user interface receives the progress of the search at this interval.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);

/// The watcher of the servers near.
pub(crate) struct NearbyWatcher {
    client: Client,
    host: Host,
    discovery: Discovery,
    ui: UiChannel,
    started: Instant,
    addresses: BTreeMap<ServerId, Vec<NearbyAddress>>,
}

impl NearbyWatcher {
    pub(crate) fn new(client: Client, host: Host, discovery: Discovery, ui: UiChannel) -> Self {
        Self {
            client,
            host,
            discovery,
            ui,
            started: Instant::now(),
            addresses: BTreeMap::new(),
        }
    }

    /// Runs until discovery ends.
    pub(crate) async fn run(mut self, mut nearby: Nearby) {
        let mut progress = tokio::time::interval(PROGRESS_INTERVAL);
        loop {
            tokio::select! {
                event = nearby.next() => {
                    let Some(event) = event else { return };
                    self.update_addresses(event).await;
                    self.send_list();
                }
                _ = progress.tick() => {
                    if self.discovery.servers().is_empty() {
                        self.send_list();
                    }
                }
            }
        }
    }

    /// Passes new addresses on: a known server may have moved, and the own one shows where this device can be reached.
    async fn update_addresses(&mut self, event: NearbyEvent) {
        let (server, addresses) = match event {
            NearbyEvent::Found(server) | NearbyEvent::Changed(server) => (ServerId(server.id), server.addresses),
            NearbyEvent::Gone(server) => {
                self.addresses.remove(&ServerId(server));
                return;
            }
        };
        if self.addresses.get(&server) == Some(&addresses) {
            return;
        }
        if self.host.server() == Some(server) {
            self.host.update_addresses().await;
        } else {
            let addresses = client_addresses(&addresses);
            self.client.set_announced_addresses(server, &addresses).await;
        }
        self.addresses.insert(server, addresses);
    }

    fn send_list(&self) {
        let checked = local_addresses()
            .into_iter()
            .map(|interface| format!("{} ({})", interface.name, interface.ip))
            .collect();
        self.ui.send(BackendEvent::Nearby {
            servers: ui_list(&self.discovery.servers(), self.host.server()),
            searching_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            checked,
            error: None,
        });
    }
}
