//! A link with conditions that change while it runs: it reads the packets of each host and writes them to the other, in
//! its own time.

mod syn;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use fastrand::Rng;
use parking_lot::{Condvar, Mutex, MutexGuard};
use tun_rs::{DeviceBuilder, InterruptEvent, SyncDevice};

use self::syn::ConnectionAttempts;
use super::conditions::LinkConditions;
use super::netns::Netns;
use super::{GUEST, HOST};

/// The name of the interface at each end.
const INTERFACE: &str = "link0";
const MTU: u16 = 1_500;
/// Larger than any packet of the interfaces.
const PACKET_BYTES: usize = 2_048;
/// The guest's index among the two ends. The host's is 0.
const GUEST_END: usize = 1;
/// Packets on their way. A real link, too, drops what its queue can't hold.
const QUEUE_CAPACITY: usize = 20_000;

/// A host and a guest, and the link between them.
pub struct LinkedHosts {
    pub host: Netns,
    pub guest: Netns,
    pub link: Link,
}

impl LinkedHosts {
    /// Makes two hosts with an ideal link. The seed decides which packets the link will lose.
    pub fn new(seed: u64) -> Result<Self> {
        let (host, guest) = (Netns::new()?, Netns::new()?);
        let link = Link::between(&host, &guest, seed)?;
        add_address(&host, HOST)?;
        add_address(&guest, GUEST)?;
        Ok(Self { host, guest, link })
    }

    /// Gives the guest another address, as when a laptop moves to another network.
    pub fn move_guest(&self, from: &str, to: &str) -> Result<()> {
        self.guest.ip(&format!("addr del {from}/16 dev {INTERFACE}"))?;
        add_address(&self.guest, to)
    }
}

fn add_address(netns: &Netns, address: &str) -> Result<()> {
    netns.ip(&format!("addr add {address}/16 dev {INTERFACE}"))?;
    Ok(())
}

/// A link between two hosts. It ends when it is dropped.
pub struct Link {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    devices: [SyncDevice; 2],
    interrupt: InterruptEvent,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    conditions: LinkConditions,
    queue: BinaryHeap<Reverse<Packet>>,
    /// Packets so far. Those that are due at the same moment keep their order.
    packets: u64,
    lost: usize,
    has_ended: bool,
    attempts: ConnectionAttempts,
}

/// A packet on its way, in the order of delivery.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Packet {
    due: Instant,
    number: u64,
    to: usize,
    bytes: Vec<u8>,
}

impl Link {
    /// Connects two hosts by an ideal link.
    fn between(host: &Netns, guest: &Netns, seed: u64) -> Result<Self> {
        let shared = Arc::new(Shared {
            devices: [open_tun(host)?, open_tun(guest)?],
            interrupt: InterruptEvent::new()?,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let mut threads: Vec<_> = (0..2)
            .map(|from| {
                let (shared, rng) = (Arc::clone(&shared), Rng::with_seed(seed ^ from as u64));
                std::thread::spawn(move || shared.read(from, rng))
            })
            .collect();
        let deliverer = Arc::clone(&shared);
        threads.push(std::thread::spawn(move || deliverer.deliver()));
        Ok(Self { shared, threads })
    }

    /// Swallows everything from now on; neither end gets an error.
    pub fn become_black_hole(&self) -> &Self {
        self.change(|conditions| conditions.is_black_hole = true)
    }

    /// Makes the link ideal again.
    pub fn recover(&self) -> &Self {
        self.change(|conditions| *conditions = LinkConditions::default())
    }

    /// Delays each packet, in each direction.
    pub fn delay(&self, by: Duration) -> &Self {
        self.change(|conditions| conditions.delay = by)
    }

    /// Loses this share of the packets, in each direction.
    pub fn lose(&self, percent: f64) -> &Self {
        self.change(|conditions| conditions.loss_percent = percent)
    }

    /// Delivers this share of the packets after later ones.
    pub fn reorder(&self, percent: f64) -> &Self {
        self.change(|conditions| conditions.reorder_percent = percent)
    }

    /// Delivers this share of the packets twice.
    pub fn duplicate(&self, percent: f64) -> &Self {
        self.change(|conditions| conditions.duplicate_percent = percent)
    }

    /// Returns the number of packets that were lost so far.
    pub fn lost(&self) -> usize {
        self.shared.state.lock().lost
    }

    /// Returns when the guest began TCP connections. Retransmissions of one attempt count once.
    pub fn connection_attempts(&self) -> Vec<Instant> {
        self.shared.state.lock().attempts.times().to_vec()
    }

    fn change(&self, change: impl FnOnce(&mut LinkConditions)) -> &Self {
        change(&mut self.shared.state.lock().conditions);
        self
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shared.state.lock().has_ended = true;
        self.shared.changed.notify_all();
        // If the readers can't be interrupted, they end with the process.
        if self.shared.interrupt.trigger().is_ok() {
            for thread in self.threads.drain(..) {
                drop(thread.join());
            }
        }
    }
}

impl Shared {
    /// Queues what one host sends, until the end.
    fn read(&self, from: usize, mut rng: Rng) {
        let mut buffer = [0; PACKET_BYTES];
        while let Ok(length) = self.devices[from].recv_intr(&mut buffer, &self.interrupt) {
            let bytes = &buffer[..length];
            let mut state = self.state.lock();
            if state.has_ended {
                break;
            }
            if from == GUEST_END {
                state.attempts.record(bytes);
            }
            let deliveries: Vec<_> = state.conditions.deliveries(&mut rng).collect();
            state.lost += usize::from(deliveries.is_empty());
            for delay in deliveries {
                if state.queue.len() < QUEUE_CAPACITY {
                    state.packets += 1;
                    let packet = Packet {
                        due: Instant::now() + delay,
                        number: state.packets,
                        to: 1 - from,
                        bytes: bytes.to_vec(),
                    };
                    state.queue.push(Reverse(packet));
                }
            }
            drop(state);
            self.changed.notify_one();
        }
    }

    /// Delivers the packets that are due, until the end.
    fn deliver(&self) {
        let mut state = self.state.lock();
        while !state.has_ended {
            let now = Instant::now();
            let due = state.queue.peek().map(|Reverse(packet)| packet.due);
            match due {
                Some(due) if due <= now => {
                    if let Some(Reverse(packet)) = state.queue.pop() {
                        // A host that does not take the packet loses it, as on any link.
                        let send = || self.devices[packet.to].send(&packet.bytes);
                        drop(MutexGuard::unlocked(&mut state, send));
                    }
                }
                Some(due) => drop(self.changed.wait_until(&mut state, due)),
                None => self.changed.wait(&mut state),
            }
        }
    }
}

/// Opens the host's end of the link. This process reads and writes what goes through it.
fn open_tun(netns: &Netns) -> Result<SyncDevice> {
    let device = netns.run(|| DeviceBuilder::new().name(INTERFACE).mtu(MTU).build_sync())?;
    device.context("no TUN device can be made")
}
