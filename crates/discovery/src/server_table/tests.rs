//! - an address that is missing from one answer is kept, one that stays missing is dropped
//! - the latest answer gives name, people and port
//! - of two instances with one id the first gives the name, and both give addresses, each with its own path
//! - a server without a usable address is not listed
//! - a flood of servers, of claims or of addresses is limited
//! - each instance is verified in turn, a few at a time
//! - any answers: the bounds hold

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
            path: "/".into(),
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
        server.addresses.iter().map(ToString::to_string).collect()
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
    let mut stranger = resolved("a-stranger", 1, &["192.168.1.66"]);
    stranger.record.path = "/chat/".into();
    table.upsert(stranger, now);
    let server = table.servers(INTERFACES).remove(&id(1)).unwrap();
    assert_eq!(server.name, "room of real");
    assert_eq!(addresses(&table, 1), ["192.168.1.5:7300", "192.168.1.66:7300/chat/"]);
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
                record: Record { id: id(server), name: String::new(), protocol: 0, people: 0, path: "/".into() },
                port,
                endpoints: ips.into_iter().map(|ip| Endpoint { ip, scope_id: 0 }).collect(),
            }, now);
        }
        prop_assert!(table.instances.len() <= MAX_INSTANCES);
        for server in table.servers(INTERFACES).values() {
            prop_assert!((1..=MAX_ADDRESSES).contains(&server.addresses.len()));
            prop_assert!(server.addresses.iter().all(|address| address.socket.port() != 0));
        }
    }
}
