//! The table of servers near: answers go in, the list of servers comes out. Uses no socket and no clock.
//!
//! An *instance* is one announcing program. It answers several times, on each interface and over IPv4 and IPv6, and not
//! every answer carries all its addresses, so an address is dropped only after it has been missing for a while.
//! Instances that claim the same server id are listed as one server; see [`ServerTable::servers`].

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::addresses::{Endpoint, best_first};
use crate::interfaces::Interface;
use crate::nearby::{NearbyServer, ServerList};
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
            for address in addresses {
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

#[cfg(test)]
mod tests {
    //! - an address that is missing from one answer is kept, one that stays missing is dropped
    //! - the latest answer gives name, people and port
    //! - of two instances with one id the first gives the name, and both give addresses
    //! - a server without a usable address is not listed
    //! - a flood of servers, of claims or of addresses is limited
    //! - each instance is verified in turn, a few at a time
    //! - any answers: the bounds hold

    use std::net::SocketAddr;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const INTERFACES: &[Interface] = &[];

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn resolved(name: &str, server: u128, ips: &[&str]) -> ResolvedInstance {
        ResolvedInstance {
            name: name.into(),
            record: Record {
                id: id(server),
                name: format!("room of {name}"),
                protocol: 1,
                people: 2,
            },
            port: 7300,
            endpoints: ips
                .iter()
                .map(|ip| Endpoint {
                    ip: ip.parse().unwrap(),
                    scope_id: 0,
                })
                .collect(),
        }
    }

    fn addresses(table: &ServerTable, server: u128) -> Vec<String> {
        let servers = table.servers(INTERFACES);
        servers.get(&id(server)).map_or(Vec::new(), |server| {
            server.addresses.iter().map(SocketAddr::to_string).collect()
        })
    }

    #[test]
    fn an_address_missing_from_one_answer_is_kept() {
        let (mut table, start) = (ServerTable::default(), Instant::now());
        table.upsert(resolved("a", 1, &["192.168.1.5"]), start);
        table.upsert(resolved("a", 1, &["192.168.1.5", "2001:db8::5"]), start);
        table.upsert(resolved("a", 1, &["2001:db8::5"]), start);
        table.expire_addresses(start + ADDRESS_TIMEOUT / 2);
        assert_eq!(addresses(&table, 1), ["192.168.1.5:7300", "[2001:db8::5]:7300"]);
        table.upsert(
            resolved("a", 1, &["192.168.1.5", "2001:db8::5"]),
            start + ADDRESS_TIMEOUT / 2,
        );
        table.expire_addresses(start + ADDRESS_TIMEOUT * 2);
        assert_eq!(addresses(&table, 1).len(), 2, "both answered again in time");
    }

    #[test]
    fn an_address_that_stays_missing_is_dropped() {
        let (mut table, start) = (ServerTable::default(), Instant::now());
        table.upsert(resolved("a", 1, &["192.168.1.5", "10.0.0.5"]), start);
        table.upsert(resolved("a", 1, &["192.168.1.5"]), start);
        table.expire_addresses(start + ADDRESS_TIMEOUT);
        assert_eq!(addresses(&table, 1), ["192.168.1.5:7300"]);
    }

    #[test]
    fn the_latest_answer_gives_name_people_and_port() {
        let (mut table, now) = (ServerTable::default(), Instant::now());
        table.upsert(resolved("a", 1, &["192.168.1.5"]), now);
        let mut later = resolved("a", 1, &["192.168.1.5"]);
        later.record.name = "new name".into();
        later.record.people = 9;
        later.port = 7301;
        table.upsert(later, now);
        let server = table.servers(INTERFACES).remove(&id(1)).unwrap();
        assert_eq!((server.name.as_str(), server.people), ("new name", 9));
        assert_eq!(addresses(&table, 1), ["192.168.1.5:7301"]);
    }

    #[test]
    fn the_first_to_claim_an_id_names_the_server_and_all_addresses_are_listed() {
        let (mut table, now) = (ServerTable::default(), Instant::now());
        table.upsert(resolved("real", 1, &["192.168.1.5"]), now);
        table.upsert(resolved("a-stranger", 1, &["192.168.1.66"]), now);
        let server = table.servers(INTERFACES).remove(&id(1)).unwrap();
        assert_eq!(server.name, "room of real");
        assert_eq!(addresses(&table, 1), ["192.168.1.5:7300", "192.168.1.66:7300"]);
        table.remove("real");
        assert_eq!(table.servers(INTERFACES)[&id(1)].name, "room of a-stranger");
        table.remove("a-stranger");
        assert!(table.servers(INTERFACES).is_empty());
    }

    #[test]
    fn a_server_without_a_usable_address_is_not_listed() {
        let mut table = ServerTable::default();
        table.upsert(resolved("a", 1, &[]), Instant::now());
        table.upsert(resolved("b", 2, &["0.0.0.0"]), Instant::now());
        assert!(table.servers(INTERFACES).is_empty());
    }

    #[test]
    fn a_flood_is_limited() {
        let (mut table, now) = (ServerTable::default(), Instant::now());
        for n in 0..1_000u32 {
            table.upsert(
                resolved(
                    &format!("claim {n}"),
                    1,
                    &[&format!("10.0.{}.{}", n / 250, n % 250 + 1)],
                ),
                now,
            );
        }
        assert_eq!(table.instances.len(), MAX_INSTANCES_PER_ID);
        let many: Vec<String> = (1..250).map(|n| format!("10.1.1.{n}")).collect();
        table.upsert(
            resolved("wide", 2, &many.iter().map(String::as_str).collect::<Vec<_>>()),
            now,
        );
        assert_eq!(addresses(&table, 2).len(), MAX_ADDRESSES);
        for n in 0..1_000u32 {
            table.upsert(resolved(&format!("server {n}"), u128::from(n) + 10, &["10.0.0.1"]), now);
        }
        assert_eq!(table.instances.len(), MAX_INSTANCES);
    }

    #[test]
    fn each_instance_is_verified_in_turn_a_few_at_a_time() {
        let (mut table, start) = (ServerTable::default(), Instant::now());
        for n in 0..10 {
            table.upsert(resolved(&format!("{n}"), n, &["10.0.0.1"]), start);
        }
        assert!(table.take_verify_batch(start).is_empty(), "they have just arrived");
        let now = start + VERIFY_INTERVAL;
        let mut verified = Vec::new();
        for _ in 0..3 {
            let batch = table.take_verify_batch(now);
            assert!(batch.len() <= VERIFY_BATCH);
            verified.extend(batch);
        }
        verified.sort();
        verified.dedup();
        assert_eq!(verified.len(), 10);
        assert!(table.take_verify_batch(now).is_empty());
    }

    proptest! {
        // Each case has hundreds of addresses; 64 cases are enough to reach every bound.
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_answers_keep_the_bounds(answers in prop::collection::vec(
            (0u32..200, 0u128..60, any::<u16>(), prop::collection::vec(any::<std::net::IpAddr>(), 0..24)), 0..200,
        )) {
            let (mut table, now) = (ServerTable::default(), Instant::now());
            for (name, server, port, ips) in answers {
                table.upsert(ResolvedInstance {
                    name: name.to_string(),
                    record: Record { id: id(server), name: String::new(), protocol: 0, people: 0 },
                    port,
                    endpoints: ips.into_iter().map(|ip| Endpoint { ip, scope_id: 0 }).collect(),
                }, now);
            }
            prop_assert!(table.instances.len() <= MAX_INSTANCES);
            for server in table.servers(INTERFACES).values() {
                prop_assert!((1..=MAX_ADDRESSES).contains(&server.addresses.len()));
                prop_assert!(server.addresses.iter().all(|address| address.port() != 0));
            }
        }
    }
}
