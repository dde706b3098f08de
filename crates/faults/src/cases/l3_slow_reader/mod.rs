//! L3: one of many clients never reads.

mod phases;
mod slow_reader;
mod traffic;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use ichat_protocol::{Head, RoomId, Seq};
use ichat_testkit::SocketIoClient;
use ichat_testkit::socket_io::{event_argument, guest_auth};
use serde_json::json;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

use self::phases::{Latencies, Phases};
use self::slow_reader::SlowReader;
use self::traffic::{LAST_MESSAGE, RETRY_TIMEOUT, flood, listen, read_on, send_at_intervals};
use crate::case::{Case, Load};
use crate::round::{Pace, Round};
use crate::server_handle::ServerHandle;
use crate::{crowd, process};

pub(super) const CASE: Case = Case {
    id: "L3",
    about: "one of 500 clients (short: 100) never reads: the others' p99 unchanged; it ends complete; memory bounded",
    rounds: 3,
    short_rounds: 1,
    needs: &[],
    load: Load::Busy,
    run,
};

const SENDERS: usize = 4;
/// Clients that measure latencies. The others only read.
const MEASURING_CLIENTS: usize = 20;
/// More messages than the server queues for one client.
const FILLING_MESSAGES: usize = 300;
/// 96 MiB of messages.
const FLOOD_MESSAGES: usize = 12 * 1024;
/// The memory that the flood may cost the server: the database's cache, and little more.
const MAX_FLOOD_KIB: u64 = 48 * 1024;
/// The number of repetitions of the last message, for clients that missed it.
const MAX_LAST_MESSAGES: usize = 12;
const CATCH_UP_TIMEOUT: Duration = Duration::from_mins(1);

fn run(round: &mut Round) -> Result<()> {
    let (clients, phase) = match round.pace {
        Pace::Short => (100, Duration::from_secs(3)),
        Pace::Full | Pace::Named => (500, Duration::from_secs(12)),
    };
    crowd::raise_file_limit(clients)?;
    let server = round.server()?;
    let ada = round.client("ada")?;
    ada.join(server.address())?;
    let runtime = crowd::runtime()?;
    let clients = runtime.block_on(Clients::connect(server.address(), clients))?;
    let mut traffic = runtime.block_on(clients.exchange_messages(phase))?;
    // On a busy machine the server may skip a client, which then gets the next one.
    loop {
        ada.say(LAST_MESSAGE)?;
        if runtime.block_on(traffic.is_received_by_all())? {
            break;
        }
    }
    let latencies = std::mem::take(&mut traffic.latencies);
    let (all_read, one_does_not) = p99(latencies.all_read)
        .zip(p99(latencies.one_does_not))
        .context("no message was measured")?;
    if round.pace != Pace::Short {
        let cost = runtime.block_on(traffic.flood(&server))?;
        round.record_count("KiB more after 96 MiB that were not read", usize::try_from(cost)?);
        ensure!(cost <= MAX_FLOOD_KIB, "what was not read cost the server {cost} KiB");
    }
    ada.say("at last")?;
    ada.wait_for_empty_outbox()?;
    let last = ada.state().status.last;
    let gaps = runtime.block_on(traffic.wait_for_slow_reader(last))?;

    round.record_ms("p99 while all read, ms", all_read);
    round.record_ms("p99 while one does not, ms", one_does_not);
    round.record_count("gaps that were filled in the end", gaps);
    ensure!(
        gaps > 0,
        "the slow reader's queue was never full, so this proves nothing"
    );
    // The phases can be compared only as long as the machine does nothing else, so the short run measures and does not
    // judge.
    ensure!(
        round.pace == Pace::Short || one_does_not <= all_read * 2 + Duration::from_millis(50),
        "the p99 of the others was {one_does_not:?} instead of {all_read:?}"
    );
    round.check()
}

fn p99(mut latencies: Vec<Duration>) -> Option<Duration> {
    latencies.sort_unstable();
    latencies.get(latencies.len().checked_sub(1)? * 99 / 100).copied()
}

/// All clients, connected.
struct Clients {
    server: SocketAddr,
    lobby: RoomId,
    head: Head,
    readers: Vec<SocketIoClient>,
    filler: SocketIoClient,
    slow_reader: SocketIoClient,
    /// A room of the filler and the slow reader alone.
    side_room: RoomId,
}

impl Clients {
    async fn connect(server: SocketAddr, count: usize) -> Result<Self> {
        let mut connecting = JoinSet::new();
        for number in 1..count {
            connecting.spawn(async move { crowd::join_as_guest(server, number).await });
        }
        let mut readers = Vec::new();
        while let Some(connected) = connecting.join_next().await {
            readers.push(connected??.0);
        }
        let (mut filler, _) = crowd::join_as_guest(server, count).await?;
        let side_room = RoomId::fresh();
        filler
            .emit("create", &json!({ "room": side_room, "name": "Attic" }))
            .await?;
        loop {
            let packet = filler.next().await?.context("the server closed the connection")?;
            if event_argument(packet.as_bytes(), "room").is_some() {
                break;
            }
        }
        let (mut slow_reader, hello) = crowd::join_with_small_buffers(server, &guest_auth("Guest 0")).await?;
        slow_reader.emit("join", &json!({ "room": side_room })).await?;
        Ok(Self {
            server,
            lobby: hello.lobby,
            head: crowd::lobby_head(&hello)?,
            readers,
            filler,
            slow_reader,
            side_room,
        })
    }

    /// Lets all clients read for a time, and then all but one for the same time, while some send messages.
    async fn exchange_messages(self, phase: Duration) -> Result<Traffic> {
        let Self {
            server,
            lobby,
            head,
            mut readers,
            mut filler,
            slow_reader,
            side_room,
        } = self;
        let phases = Arc::new(Phases::start(phase));
        let (stop, stopped) = watch::channel(false);
        let mut senders = JoinSet::new();
        for client in readers.drain(..SENDERS) {
            let (phases, stopped) = (Arc::clone(&phases), stopped.clone());
            senders.spawn(async move { send_at_intervals(client, lobby, &phases, stopped).await });
        }
        let mut listeners = JoinSet::new();
        for (number, client) in readers.into_iter().enumerate() {
            let phases = Arc::clone(&phases);
            listeners.spawn(async move { listen(client, &phases, number < MEASURING_CLIENTS).await });
        }
        let (wake, woken) = oneshot::channel();
        let slow_reader = SlowReader::new(slow_reader, server, lobby, head);
        let slow_reader = tokio::spawn(slow_reader.run(phase, woken));

        tokio::time::sleep(phase).await;
        flood(&mut filler, lobby, FILLING_MESSAGES).await?;
        phases.queue_is_full();
        tokio::select! {
            () = tokio::time::sleep(phase) => {}
            ended = read_on(&mut filler) => ended?,
        }
        stop.send(true)?;
        while let Some(sender) = senders.join_next().await {
            sender??;
        }
        Ok(Traffic {
            latencies: Latencies::default(),
            last_messages: 0,
            listeners,
            slow_reader,
            wake,
            filler,
            side_room,
        })
    }
}

/// Clients that receive what was sent.
struct Traffic {
    latencies: Latencies,
    /// The number of times that the last message was sent.
    last_messages: usize,
    listeners: JoinSet<Result<Latencies>>,
    slow_reader: JoinHandle<Result<usize>>,
    wake: oneshot::Sender<Seq>,
    filler: SocketIoClient,
    side_room: RoomId,
}

impl Traffic {
    /// Returns whether every listener receives the last message before a timeout.
    async fn is_received_by_all(&mut self) -> Result<bool> {
        let deadline = tokio::time::Instant::now() + RETRY_TIMEOUT;
        while let Ok(next) = tokio::time::timeout_at(deadline, self.listeners.join_next()).await {
            let Some(latencies) = next else { return Ok(true) };
            self.latencies.append(latencies??);
        }
        self.last_messages += 1;
        ensure!(
            self.last_messages < MAX_LAST_MESSAGES,
            "{} listeners never receive the last message",
            self.listeners.len()
        );
        Ok(false)
    }

    /// Sends much more to the slow reader, in a room that no other client reads. Returns how many KiB that costs the
    /// server.
    async fn flood(&mut self, server: &ServerHandle) -> Result<u64> {
        let before = memory_kib(server)?;
        flood(&mut self.filler, self.side_room, FLOOD_MESSAGES).await?;
        Ok(memory_kib(server)?.saturating_sub(before))
    }

    /// Lets the slow reader read again, and waits until it has everything. Returns the number of gaps that it had to
    /// fill.
    async fn wait_for_slow_reader(self, last: Seq) -> Result<usize> {
        // If its task has ended, the task tells why.
        let _ = self.wake.send(last);
        let gaps = tokio::time::timeout(CATCH_UP_TIMEOUT, self.slow_reader).await;
        gaps.context("the slow reader does not get what it missed")??
    }
}

fn memory_kib(server: &ServerHandle) -> Result<u64> {
    let process = server.process_id().context("the server is not running")?;
    process::memory_kib(process)
}
