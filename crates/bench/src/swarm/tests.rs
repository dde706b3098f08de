//! The swarm and I-Chat's server understand each other:
//!
//! - guests hear everything once and in one order, flat out and at a rate, and numbers go on from one talk to the next;
//! - people with keys who hold a part of the log get what is missing.

use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::Duration;

use ichat_protocol::{Head, Name, Seq};
use ichat_server::Config;
use ichat_store::Store;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::*;

/// A server in a thread of its own.
struct House {
    address: SocketAddr,
    shutdown: CancellationToken,
    thread: Option<JoinHandle<()>>,
    _data: tempfile::TempDir,
}

impl House {
    fn open() -> Self {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().to_owned();
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let (told, address) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            tokio::runtime::Runtime::new().unwrap().block_on(async {
                let listener = ichat_server::listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
                told.send(listener.local_addr().unwrap()).unwrap();
                let store = Store::open_server(&folder, &Name::parse("Lobby").unwrap())
                    .await
                    .unwrap();
                let (people, _) = watch::channel(0);
                ichat_server::run(listener, store.clone(), Config::default(), people, stop)
                    .await
                    .unwrap();
                store.close().await;
            });
        });
        Self {
            address: address.recv().unwrap(),
            shutdown,
            thread: Some(thread),
            _data: data,
        }
    }

    fn swarm(&self, wire: Wire, clients: usize, senders: usize) -> Swarm {
        Swarm::new(self.address, wire, clients, senders, true).unwrap()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.shutdown.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn load(senders: usize, rate: Option<u32>) -> Load {
    Load {
        senders,
        rate,
        time: Duration::from_millis(50),
        messages: 10,
    }
}

#[test]
fn guests_hear_everything_once_and_in_one_order() {
    let house = House::open();
    let mut guests = house.swarm(Wire::Guest, 6, 2);
    guests.connect(6, 3).unwrap();
    guests.settle().unwrap();
    let mut sent = Vec::new();
    for rate in [None, Some(200)] {
        let before: u32 = sent.iter().sum();
        let talk = guests.talk(load(2, rate), &mut sent).unwrap();
        assert!(talk.messages >= 10, "{talk:?}");
        assert_eq!(talk.deliveries, u64::from(talk.messages) * 6);
        assert_eq!(talk.orders, 1);
        assert_eq!(sent.iter().sum::<u32>(), before + talk.messages);
    }
}

#[test]
fn people_who_hold_a_part_get_what_is_missing() {
    let house = House::open();
    let mut guest = house.swarm(Wire::Guest, 1, 1);
    guest.connect(1, 1).unwrap();
    let mut sent = Vec::new();
    guest.talk(load(1, None), &mut sent).unwrap();
    house.swarm(Wire::Member(None), 4, 1).connect(4, 2).unwrap();

    let mut late = house.swarm(Wire::Guest, 1, 1);
    late.connect(1, 1).unwrap();
    let now = late.head().unwrap();
    // Behind the messages stand the four who joined.
    let held = Head {
        seq: Seq(now.seq.0 - 4 - 3),
        ..now
    };
    let mut back = house.swarm(Wire::Member(Some(held)), 4, 1);
    back.catch_up(4, sent[0] - 3, sent[0]).unwrap();

    // Whoever believes to hold more than that gets too much, which is noticed.
    let mut wrong = house.swarm(Wire::Member(Some(held)), 4, 1);
    let error = wrong.catch_up(4, sent[0] - 2, sent[0]).unwrap_err();
    assert!(error.to_string().contains("again"), "{error}");
}
