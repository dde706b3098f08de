//! What is known of the servers near: answers go in, a list of servers comes out. No socket and no clock of its own.
//!
//! One announcing program is an *instance*. An instance answers several times, through each card and over IPv4 and IPv6,
//! and not every answer holds all its addresses, so an address counts as lost only after it was missing for a while.
//! Instances that claim the same server id are shown as one server; see [`Neighbourhood::servers`].

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::addresses::{Endpoint, best_first};
use crate::cards::Card;
use crate::nearby::NearbyServer;
use crate::record::Record;

/// Most instances remembered. More than this is a flood, and then newcomers wait until somebody leaves.
pub(crate) const INSTANCES_MAX: usize = 128;

/// Most instances that may claim one server id: the real one, one that it replaces after a crash, and two strangers.
pub(crate) const CLAIMS_MAX: usize = 4;

/// Most addresses kept of one instance, and given of one server.
pub(crate) const ADDRESSES_MAX: usize = 16;

/// For how long an address may be missing from the answers before it is taken away.
pub(crate) const MISSING_FOR: Duration = Duration::from_secs(3);

/// How often each instance is asked whether it is still there, to which comes at most one tick of the task.
pub(crate) const ASK_EVERY: Duration = Duration::from_millis(1_250);

/// Most instances asked in one call of [`Neighbourhood::due_for_asking`], lest a flood of false servers becomes a flood of questions.
pub(crate) const ASKED_AT_ONCE: usize = 4;

/// One answer about one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub(crate) instance: String,
    pub(crate) record: Record,
    pub(crate) port: u16,
    pub(crate) endpoints: Vec<Endpoint>,
}

/// Every instance that answers now.
#[derive(Debug, Default)]
pub(crate) struct Neighbourhood {
    instances: BTreeMap<String, Instance>,
    arrivals: u64,
}

#[derive(Debug)]
struct Instance {
    /// Which one came first, when several claim the same id.
    arrival: u64,
    record: Record,
    port: u16,
    /// Each address, and since when the answers lack it.
    endpoints: Vec<(Endpoint, Option<Instant>)>,
    asked_at: Instant,
}

impl Neighbourhood {
    /// Takes in one answer.
    pub(crate) fn see(&mut self, sighting: Sighting, now: Instant) {
        let Sighting {
            instance,
            record,
            port,
            endpoints,
        } = sighting;
        if let Some(known) = self.instances.get_mut(&instance) {
            known.record = record;
            known.port = port;
            known.merge(&endpoints, now);
            return;
        }
        let claims = self
            .instances
            .values()
            .filter(|known| known.record.id == record.id)
            .count();
        if self.instances.len() >= INSTANCES_MAX || claims >= CLAIMS_MAX {
            tracing::debug!(instance, id = %record.id, "too many servers near: this one is left out");
            return;
        }
        self.arrivals += 1;
        let mut newcomer = Instance {
            arrival: self.arrivals,
            record,
            port,
            endpoints: Vec::new(),
            asked_at: now,
        };
        newcomer.merge(&endpoints, now);
        self.instances.insert(instance, newcomer);
    }

    /// An instance said goodbye, or didn't answer. Tells whether it was known.
    pub(crate) fn lose(&mut self, instance: &str) -> bool {
        self.instances.remove(instance).is_some()
    }

    /// Forgets everybody, when nobody looks any more.
    pub(crate) fn clear(&mut self) {
        self.instances.clear();
    }

    /// Takes away the addresses that were missing for too long.
    pub(crate) fn forget_missing(&mut self, now: Instant) {
        for known in self.instances.values_mut() {
            known
                .endpoints
                .retain(|(_, missing)| missing.is_none_or(|since| now.saturating_duration_since(since) < MISSING_FOR));
        }
    }

    /// The instances whose turn it is to be asked whether they are still there, longest waiting first.
    pub(crate) fn due_for_asking(&mut self, now: Instant) -> Vec<String> {
        let mut due: Vec<_> = self
            .instances
            .iter_mut()
            .filter(|(_, known)| now.saturating_duration_since(known.asked_at) >= ASK_EVERY)
            .collect();
        due.sort_by_key(|(_, known)| known.asked_at);
        due.into_iter()
            .take(ASKED_AT_ONCE)
            .map(|(instance, known)| {
                known.asked_at = now;
                instance.clone()
            })
            .collect()
    }

    /// The servers to show, by id.
    ///
    /// An id is a claim, proved only when one joins. So when several instances claim one, the first that came names the
    /// server, lest a stranger renames a room that is on the screen; and the addresses of all are given, lest a stranger
    /// hides it. Whoever connects must check who answers. The first being a server that has crashed and is already back,
    /// the new one takes its place as soon as the old one is found dead.
    pub(crate) fn servers(&self, cards: &[Card]) -> BTreeMap<Uuid, NearbyServer> {
        let mut by_arrival: Vec<_> = self.instances.values().collect();
        by_arrival.sort_by_key(|known| known.arrival);
        let mut servers: BTreeMap<Uuid, NearbyServer> = BTreeMap::new();
        for known in by_arrival {
            let own: Vec<Endpoint> = known.endpoints.iter().map(|(endpoint, _)| *endpoint).collect();
            let Some(addresses) = Some(best_first(&own, known.port, cards)).filter(|addresses| !addresses.is_empty())
            else {
                continue;
            };
            let server = servers.entry(known.record.id).or_insert_with(|| NearbyServer {
                id: known.record.id,
                name: known.record.name.clone(),
                protocol: known.record.protocol,
                people: known.record.people,
                addresses: Vec::new(),
            });
            for address in addresses {
                if server.addresses.len() < ADDRESSES_MAX && !server.addresses.contains(&address) {
                    server.addresses.push(address);
                }
            }
        }
        servers
    }
}

impl Instance {
    fn merge(&mut self, answer: &[Endpoint], now: Instant) {
        for (endpoint, missing) in &mut self.endpoints {
            if answer.contains(endpoint) {
                *missing = None;
            } else {
                missing.get_or_insert(now);
            }
        }
        for endpoint in answer {
            if self.endpoints.iter().any(|(known, _)| known == endpoint) {
                continue;
            }
            if self.endpoints.len() < ADDRESSES_MAX {
                self.endpoints.push((*endpoint, None));
            } else if let Some(missing) = self.endpoints.iter_mut().find(|(_, missing)| missing.is_some()) {
                *missing = (*endpoint, None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    //! - answers with fewer addresses don't shorten the list at once, but do in the end
    //! - name, people and port follow the latest answer
    //! - two instances with one id: the first names it, the addresses of both are given
    //! - a flood of servers, of claims or of addresses is cut
    //! - everybody is asked in turn
    //! - any sequence of answers: the bounds hold

    use std::net::SocketAddr;

    use super::*;
    use proptest::prelude::*;

    const CARDS: &[Card] = &[];

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn sighting(instance: &str, server: u128, ips: &[&str]) -> Sighting {
        Sighting {
            instance: instance.into(),
            record: Record {
                id: id(server),
                name: format!("room of {instance}"),
                protocol: 1,
                people: 2,
            },
            port: 7300,
            endpoints: ips
                .iter()
                .map(|ip| Endpoint {
                    ip: ip.parse().unwrap(),
                    scope: 0,
                })
                .collect(),
        }
    }

    fn addresses(neighbourhood: &Neighbourhood, server: u128) -> Vec<String> {
        let servers = neighbourhood.servers(CARDS);
        servers.get(&id(server)).map_or(Vec::new(), |server| {
            server.addresses.iter().map(SocketAddr::to_string).collect()
        })
    }

    #[test]
    fn addresses_are_merged_over_several_answers() {
        let (mut near, start) = (Neighbourhood::default(), Instant::now());
        near.see(sighting("a", 1, &["192.168.1.5"]), start);
        near.see(sighting("a", 1, &["192.168.1.5", "2001:db8::5"]), start);
        near.see(sighting("a", 1, &["2001:db8::5"]), start);
        near.forget_missing(start + MISSING_FOR / 2);
        assert_eq!(addresses(&near, 1), ["192.168.1.5:7300", "[2001:db8::5]:7300"]);
        near.see(
            sighting("a", 1, &["192.168.1.5", "2001:db8::5"]),
            start + MISSING_FOR / 2,
        );
        near.forget_missing(start + MISSING_FOR * 2);
        assert_eq!(addresses(&near, 1).len(), 2, "it came back in time");
    }

    #[test]
    fn an_address_that_stays_away_is_taken_off() {
        let (mut near, start) = (Neighbourhood::default(), Instant::now());
        near.see(sighting("a", 1, &["192.168.1.5", "10.0.0.5"]), start);
        near.see(sighting("a", 1, &["192.168.1.5"]), start);
        near.forget_missing(start + MISSING_FOR);
        assert_eq!(addresses(&near, 1), ["192.168.1.5:7300"]);
    }

    #[test]
    fn the_latest_answer_gives_name_people_and_port() {
        let (mut near, now) = (Neighbourhood::default(), Instant::now());
        near.see(sighting("a", 1, &["192.168.1.5"]), now);
        let mut later = sighting("a", 1, &["192.168.1.5"]);
        later.record.name = "new name".into();
        later.record.people = 9;
        later.port = 7301;
        near.see(later, now);
        let server = near.servers(CARDS).remove(&id(1)).unwrap();
        assert_eq!((server.name.as_str(), server.people), ("new name", 9));
        assert_eq!(addresses(&near, 1), ["192.168.1.5:7301"]);
    }

    #[test]
    fn the_first_to_claim_an_id_names_it_and_nobody_is_hidden() {
        let (mut near, now) = (Neighbourhood::default(), Instant::now());
        near.see(sighting("real", 1, &["192.168.1.5"]), now);
        near.see(sighting("a-stranger", 1, &["192.168.1.66"]), now);
        let server = near.servers(CARDS).remove(&id(1)).unwrap();
        assert_eq!(server.name, "room of real");
        assert_eq!(addresses(&near, 1), ["192.168.1.5:7300", "192.168.1.66:7300"]);
        assert!(near.lose("real"));
        assert_eq!(near.servers(CARDS)[&id(1)].name, "room of a-stranger");
        assert!(near.lose("a-stranger"));
        assert!(near.servers(CARDS).is_empty());
        assert!(!near.lose("a-stranger"));
    }

    #[test]
    fn a_server_without_a_usable_address_is_not_shown() {
        let mut near = Neighbourhood::default();
        near.see(sighting("a", 1, &[]), Instant::now());
        near.see(sighting("b", 2, &["0.0.0.0"]), Instant::now());
        assert!(near.servers(CARDS).is_empty());
    }

    #[test]
    fn floods_are_cut() {
        let (mut near, now) = (Neighbourhood::default(), Instant::now());
        for n in 0..1_000u32 {
            near.see(
                sighting(
                    &format!("claim {n}"),
                    1,
                    &[&format!("10.0.{}.{}", n / 250, n % 250 + 1)],
                ),
                now,
            );
        }
        assert_eq!(near.instances.len(), CLAIMS_MAX);
        let many: Vec<String> = (1..250).map(|n| format!("10.1.1.{n}")).collect();
        near.see(
            sighting("wide", 2, &many.iter().map(String::as_str).collect::<Vec<_>>()),
            now,
        );
        assert_eq!(addresses(&near, 2).len(), ADDRESSES_MAX);
        for n in 0..1_000u32 {
            near.see(sighting(&format!("server {n}"), u128::from(n) + 10, &["10.0.0.1"]), now);
        }
        assert_eq!(near.instances.len(), INSTANCES_MAX);
    }

    #[test]
    fn everybody_is_asked_in_turn_and_never_many_at_once() {
        let (mut near, start) = (Neighbourhood::default(), Instant::now());
        for n in 0..10 {
            near.see(sighting(&format!("{n}"), n, &["10.0.0.1"]), start);
        }
        assert!(near.due_for_asking(start).is_empty(), "they have just been seen");
        let now = start + ASK_EVERY;
        let mut asked = Vec::new();
        for _ in 0..3 {
            let now_asked = near.due_for_asking(now);
            assert!(now_asked.len() <= ASKED_AT_ONCE);
            asked.extend(now_asked);
        }
        asked.sort();
        asked.dedup();
        assert_eq!(asked.len(), 10);
        assert!(near.due_for_asking(now).is_empty());
    }

    proptest! {
        // Each case is hundreds of addresses; these are enough to reach every bound.
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn bounds_hold_whatever_is_answered(answers in prop::collection::vec(
            (0u32..200, 0u128..60, any::<u16>(), prop::collection::vec(any::<std::net::IpAddr>(), 0..24)), 0..200,
        )) {
            let (mut near, now) = (Neighbourhood::default(), Instant::now());
            for (instance, server, port, ips) in answers {
                near.see(Sighting {
                    instance: instance.to_string(),
                    record: Record { id: id(server), name: String::new(), protocol: 0, people: 0 },
                    port,
                    endpoints: ips.into_iter().map(|ip| Endpoint { ip, scope: 0 }).collect(),
                }, now);
            }
            prop_assert!(near.instances.len() <= INSTANCES_MAX);
            for server in near.servers(CARDS).values() {
                prop_assert!((1..=ADDRESSES_MAX).contains(&server.addresses.len()));
                prop_assert!(server.addresses.iter().all(|address| address.port() != 0));
            }
        }
    }
}
