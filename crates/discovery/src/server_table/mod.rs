//! The table of servers near: answers go in, the list of servers comes out. Uses no socket and no clock.
//!
//! An *instance* is one announcing program. It answers several times, on each interface and over IPv4 and IPv6, and not
//! every answer carries all its addresses, so an address is dropped only after it has been missing for a while.
//! Instances that claim the same server id are listed as one server; see [`ServerTable::servers`].

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::addresses::{Endpoint, best_first};
use crate::interfaces::Interface;
use crate::nearby::{NearbyAddress, NearbyServer, ServerList};
use crate::record::Record;

/// More instances than this are a flood. Further ones are ignored until one leaves.
pub(crate) const MAX_INSTANCES: usize = 128;

/// Instances that may claim one server id: the real one, one that it replaces after a crash, and two strangers.
pub(crate) const MAX_INSTANCES_PER_ID: usize = 4;

/// Addresses kept of one instance, and listed of one server.
pub(crate) const MAX_ADDRESSES: usize = 16;

/// Time that an address may be missing from the answers before it is dropped.
pub(crate) const ADDRESS_TIMEOUT: Duration = Duration::from_secs(3);

/// The interval at which each instance is verified to be alive. Up to one tick of the task adds to it.
pub(crate) const VERIFY_INTERVAL: Duration = Duration::from_millis(1_250);

/// Instances verified at once, so that a flood of false servers does not become a flood of queries.
pub(crate) const VERIFY_BATCH: usize = 4;

/// An answer about one instance, with all its records resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResolvedInstance {
    pub(crate) name: String,
    pub(crate) record: Record,
    pub(crate) port: u16,
    pub(crate) endpoints: Vec<Endpoint>,
}

/// The instances that answer now, by name.
#[derive(Debug, Default)]
pub(crate) struct ServerTable {
    instances: BTreeMap<String, Instance>,
    arrivals: u64,
}

#[derive(Debug)]
struct Instance {
    /// Its place in the order of arrival, which decides between claims of the same id.
    arrival: u64,
    record: Record,
    port: u16,
    /// Each address, and since when it has been missing from the answers.
    endpoints: Vec<(Endpoint, Option<Instant>)>,
    verified_at: Instant,
}

impl ServerTable {
    /// Adds an instance or updates it.
    pub(crate) fn upsert(&mut self, resolved: ResolvedInstance, now: Instant) {
        let ResolvedInstance {
            name,
            record,
            port,
            endpoints,
        } = resolved;
        if let Some(instance) = self.instances.get_mut(&name) {
            instance.record = record;
            instance.port = port;
            instance.merge(&endpoints, now);
            return;
        }
        let claims = self
            .instances
            .values()
            .filter(|instance| instance.record.id == record.id)
            .count();
        if self.instances.len() >= MAX_INSTANCES || claims >= MAX_INSTANCES_PER_ID {
            tracing::debug!(instance = name, id = %record.id, "too many servers near: this one is ignored");
            return;
        }
        self.arrivals += 1;
        let mut instance = Instance {
            arrival: self.arrivals,
            record,
            port,
            endpoints: Vec::new(),
            verified_at: now,
        };
        instance.merge(&endpoints, now);
        self.instances.insert(name, instance);
    }

    /// Removes an instance that said goodbye or did not answer.
    pub(crate) fn remove(&mut self, name: &str) {
        self.instances.remove(name);
    }

    pub(crate) fn clear(&mut self) {
        self.instances.clear();
    }

    /// Drops the addresses that have been missing for too long.
    pub(crate) fn expire_addresses(&mut self, now: Instant) {
        for instance in self.instances.values_mut() {
            instance.endpoints.retain(|(_, missing_since)| {
                missing_since.is_none_or(|since| now.saturating_duration_since(since) < ADDRESS_TIMEOUT)
            });
        }
    }

    /// Returns the next instances to verify, longest waiting first, and counts them as verified now.
    pub(crate) fn take_verify_batch(&mut self, now: Instant) -> Vec<String> {
        let mut due: Vec<_> = self
            .instances
            .iter_mut()
            .filter(|(_, instance)| now.saturating_duration_since(instance.verified_at) >= VERIFY_INTERVAL)
            .collect();
        due.sort_by_key(|(_, instance)| instance.verified_at);
        due.into_iter()
            .take(VERIFY_BATCH)
            .map(|(name, instance)| {
                instance.verified_at = now;
                name.clone()
            })
            .collect()
    }

    /// Returns the servers to list.
    ///
    /// An id is a claim, proven only when a client joins. If several instances claim one id, the first to arrive gives
    /// the name, so that a stranger can't rename a server that is on the screen; the addresses of all are listed, so that
    /// a stranger can't hide it. A client must check the id of the server that answers. If the first instance
    /// is a crashed server that has been restarted, the new one takes its place once the old one is found dead.
    pub(crate) fn servers(&self, interfaces: &[Interface]) -> ServerList {
        let mut by_arrival: Vec<_> = self.instances.values().collect();
        by_arrival.sort_by_key(|instance| instance.arrival);
        let mut servers = ServerList::new();
        for instance in by_arrival {
            let endpoints: Vec<Endpoint> = instance.endpoints.iter().map(|(endpoint, _)| *endpoint).collect();
            let addresses = best_first(&endpoints, instance.port, interfaces);
            if addresses.is_empty() {
                continue;
            }
            let record = &instance.record;
            let server = servers.entry(record.id).or_insert_with(|| NearbyServer {
                id: record.id,
                name: record.name.clone(),
                protocol: record.protocol,
                people: record.people,
                addresses: Vec::new(),
            });
            for socket in addresses {
                let path = record.path.clone();
                let address = NearbyAddress { socket, path };
                if server.addresses.len() < MAX_ADDRESSES && !server.addresses.contains(&address) {
                    server.addresses.push(address);
                }
            }
        }
        servers
    }
}

impl Instance {
    fn merge(&mut self, answer: &[Endpoint], now: Instant) {
        for (endpoint, missing_since) in &mut self.endpoints {
            if answer.contains(endpoint) {
                *missing_since = None;
            } else {
                missing_since.get_or_insert(now);
            }
        }
        for endpoint in answer {
            if self.endpoints.iter().any(|(known, _)| known == endpoint) {
                continue;
            }
            if self.endpoints.len() < MAX_ADDRESSES {
                self.endpoints.push((*endpoint, None));
            } else if let Some(replaced) = self
                .endpoints
                .iter_mut()
                .find(|(_, missing_since)| missing_since.is_some())
            {
                *replaced = (*endpoint, None);
            }
        }
    }
}
