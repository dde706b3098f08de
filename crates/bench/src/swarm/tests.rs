//! The swarm against I-Chat's server:
//!
//! - guests receive everything once and in one order, in a closed loop and at a rate, and numbers go on from one
//!   workload to the next
//! - members who have a part of the log receive what is missing

use std::time::Duration;

use ichat_protocol::{Head, Seq};
use ichat_testkit::TestServer;
use tokio::runtime::Runtime;

use super::*;

/// Starts a server on threads of its own: the swarm needs this one.
fn start_server() -> (Runtime, TestServer) {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(TestServer::start());
    (runtime, server)
}

fn swarm(server: &TestServer, protocol: Protocol, clients: usize, senders: usize) -> Swarm {
    Swarm::new(server.address, protocol, clients, senders, true).unwrap()
}

/// Returns a short workload, which sends ten messages even on a busy machine.
fn workload(senders: usize, rate: Option<u32>) -> Workload {
    Workload {
        senders,
        rate,
        duration: Duration::from_millis(500),
        messages: 10,
    }
}

#[test]
fn guests_receive_everything_once_and_in_one_order() {
    let (_runtime, server) = start_server();
    let mut guests = swarm(&server, Protocol::Guest, 6, 2);
    guests.connect(6, 3).unwrap();
    guests.wait_until_quiet().unwrap();
    let mut sent = Vec::new();
    for rate in [None, Some(200)] {
        let before: u32 = sent.iter().sum();
        let sample = guests.run(workload(2, rate), &mut sent).unwrap();
        assert!(sample.messages > 0, "{sample:?}");
        assert_eq!(sample.deliveries, u64::from(sample.messages) * 6);
        assert_eq!(sample.orders, 1);
        assert_eq!(sent.iter().sum::<u32>(), before + sample.messages);
    }
}

#[test]
fn members_who_have_a_part_receive_what_is_missing() {
    let (_runtime, server) = start_server();
    let mut guest = swarm(&server, Protocol::Guest, 1, 1);
    guest.connect(1, 1).unwrap();
    let mut sent = Vec::new();
    guest.run(workload(1, None), &mut sent).unwrap();
    swarm(&server, Protocol::Member(None), 4, 1).connect(4, 2).unwrap();

    let mut late = swarm(&server, Protocol::Guest, 1, 1);
    late.connect(1, 1).unwrap();
    let head = late.head().unwrap();
    // The last four entries are the joins of the members, and the three before are messages.
    let cursor = Head {
        seq: Seq(head.seq.0 - 4 - 3),
        ..head
    };
    let mut returned = swarm(&server, Protocol::Member(Some(cursor)), 4, 1);
    returned.catch_up(4, sent[0] - 3, sent[0]).unwrap();

    // A client that claims to have one message less than it has receives that message again, which is found.
    let mut wrong = swarm(&server, Protocol::Member(Some(cursor)), 4, 1);
    let error = wrong.catch_up(4, sent[0] - 2, sent[0]).unwrap_err();
    assert!(error.to_string().contains("again"), "{error}");
}
