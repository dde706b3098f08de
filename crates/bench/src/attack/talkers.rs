//! People who talk: each writes a message a second, and waits for its receipt.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;
use ichat_protocol::{EntryId, Hello};
use ichat_testkit::{SocketIoClient, message, socket_io};
use parking_lot::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// The time between two messages of one person.
const INTERVAL: Duration = Duration::from_secs(1);

/// Ten minutes, in microseconds.
const MAX_LATENCY_US: u64 = 600_000_000;

/// People who talk until this is dropped.
pub(super) struct Talkers {
    people: Vec<Arc<Mutex<Latencies>>>,
    /// Each ends when the server has ended the person's connection.
    tasks: JoinSet<Result<()>>,
    disconnected: usize,
}

/// The latencies of one person's messages.
struct Latencies {
    /// In microseconds.
    received: Histogram<u64>,
    /// The times at which messages were posted whose receipts are missing.
    waiting: HashMap<EntryId, Instant>,
}

impl Talkers {
    pub(super) async fn start(server: SocketAddr, count: u8) -> Result<Self> {
        let mut people = Vec::new();
        let mut tasks = JoinSet::new();
        for number in 0..count {
            let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, number));
            let auth = socket_io::guest_auth(&format!("Person {number}"));
            let (socket, hello) = SocketIoClient::join_for(server, address, &auth).await?;
            let latencies = Arc::new(Mutex::new(Latencies {
                received: histogram()?,
                waiting: HashMap::new(),
            }));
            // Spread over the second.
            let first = Instant::now() + INTERVAL * u32::from(number) / u32::from(count);
            tasks.spawn(talk(socket, hello, first, Arc::clone(&latencies)));
            people.push(latencies);
        }
        Ok(Self {
            people,
            tasks,
            disconnected: 0,
        })
    }

    /// Returns how many people the server has disconnected since the start.
    pub(super) fn disconnected(&mut self) -> usize {
        while self.tasks.try_join_next().is_some() {
            self.disconnected += 1;
        }
        self.disconnected
    }

    /// Returns the latencies since the last call. A message without a receipt counts with the time that it has waited.
    pub(super) fn take(&mut self) -> Result<Histogram<u64>> {
        let mut all = histogram()?;
        for person in &self.people {
            let mut person = person.lock();
            for (_, since) in std::mem::take(&mut person.waiting) {
                record(&mut all, since.elapsed());
            }
            all.add(&person.received)?;
            person.received.reset();
        }
        Ok(all)
    }
}

fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_max(MAX_LATENCY_US, 3)?)
}

async fn talk(
    mut socket: SocketIoClient,
    hello: Hello,
    first: Instant,
    latencies: Arc<Mutex<Latencies>>,
) -> Result<()> {
    let mut ticks = interval_at(first, INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let id = EntryId::fresh();
                latencies.lock().waiting.insert(id, Instant::now());
                socket.emit("post", &message(hello.lobby, id, "A sentence of a usual length, as people write it.")).await?;
            }
            packet = socket.next() => {
                let Some(packet) = packet? else { return Ok(()) };
                let Some(entries) = socket_io::event_argument(packet.as_bytes(), "entries") else { continue };
                let mut latencies = latencies.lock();
                let received: Vec<EntryId> = latencies.waiting.keys().copied().collect();
                for id in received {
                    if memchr::memmem::find(entries, id.to_string().as_bytes()).is_some()
                        && let Some(since) = latencies.waiting.remove(&id)
                    {
                        record(&mut latencies.received, since.elapsed());
                    }
                }
            }
        }
    }
}

fn record(histogram: &mut Histogram<u64>, time: Duration) {
    histogram.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
}
