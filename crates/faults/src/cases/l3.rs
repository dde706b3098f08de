//! L3: one of many never reads.

mod deaf;
mod voices;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use ichat_protocol::{Head, RoomId, Seq};
use serde_json::json;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use uuid::Uuid;

use deaf::Deaf;
use voices::{END, PATIENCE, fill, listen, read, speak};

use super::Case;
use crate::process;
use crate::round::{Pace, Round};
use crate::server::Server;
use crate::swarm::{self, Wire};

pub(super) const CASE: Case = Case {
    name: "L3",
    about: "one of 500 clients (short: 100) never reads: the others' p99 unchanged; it ends complete; memory bounded",
    rounds: 3,
    short_rounds: 1,
    needs: &[],
    run,
};

const SPEAKERS: usize = 4;
/// So many of them are more than may wait for one client.
const FILLING: usize = 300;
/// So many of the clients look at the clock; the others only read.
const LISTENERS: usize = 20;
/// So many are 96 MiB.
const FLOOD: usize = 12 * 1024;
/// What they may cost the server that passes them by one client: the database's cache, and little more.
const MEMORY_KIB: u64 = 48 * 1024;
/// So often those who miss the end are told it again.
const OFTEN: usize = 12;

fn run(round: &mut Round) -> Result<()> {
    let (clients, time) = match round.pace {
        Pace::Short => (100, Duration::from_secs(3)),
        Pace::Full | Pace::Named => (500, Duration::from_secs(12)),
    };
    swarm::allow(clients)?;
    let server = round.server()?;
    let ada = round.person("ada")?;
    ada.joins(&server)?;
    let runtime = swarm::runtime()?;
    let crowd = runtime.block_on(Crowd::gathers(server.address(), clients))?;
    let mut heard = runtime.block_on(crowd.talks(time))?;
    // Whom it passes by, since the machine is busy, hears it again.
    while {
        ada.says(END)?;
        !runtime.block_on(heard.all_have_it())?
    } {}
    let [before, meanwhile] = std::mem::take(&mut heard.latencies).map(p99);
    if round.pace != Pace::Short {
        let cost = runtime.block_on(heard.floods(&server))?;
        round.counted("KiB more after 96 MiB that were not read", usize::try_from(cost)?);
        ensure!(cost <= MEMORY_KIB, "what was not read cost the server {cost} KiB");
    }
    ada.says("at last")?;
    ada.has_nothing_waiting()?;
    let end = ada.now().status.last;
    let gaps = runtime.block_on(heard.ends(end))?;

    let (before, meanwhile) = before.zip(meanwhile).context("nothing was said")?;
    round.took("p99 while all read, ms", before);
    round.took("p99 while one does not, ms", meanwhile);
    round.counted("gaps that were filled in the end", gaps);
    ensure!(gaps > 0, "its buffer was never full, so this proves nothing");
    ensure!(
        meanwhile <= before * 2 + Duration::from_millis(50),
        "the others waited {meanwhile:?} instead of {before:?} (p99)"
    );
    round.verify()
}

fn p99(mut latencies: Vec<Duration>) -> Option<Duration> {
    latencies.sort_unstable();
    latencies.get(latencies.len().checked_sub(1)? * 99 / 100).copied()
}

/// Everybody, connected.
struct Crowd {
    address: SocketAddr,
    lobby: RoomId,
    head: Head,
    wires: Vec<Wire>,
    filler: Wire,
    deaf: Wire,
    /// A room for these two alone.
    attic: RoomId,
}

impl Crowd {
    async fn gathers(address: SocketAddr, clients: usize) -> Result<Self> {
        let mut coming = JoinSet::new();
        for number in 1..clients {
            coming.spawn(async move { Wire::join(address, &swarm::guest(number)).await });
        }
        let mut wires = Vec::new();
        while let Some(come) = coming.join_next().await {
            wires.push(come??.0);
        }
        let (mut filler, _) = Wire::join(address, &swarm::guest(clients)).await?;
        let attic = RoomId(Uuid::new_v4());
        filler
            .emit("create", &json!({ "room": attic, "name": "Attic" }))
            .await?;
        while swarm::argument(filler.next().await?.context("the server ended the connection")?, "room").is_none() {}
        let (mut deaf, welcome) = Wire::join_narrowly(address, &swarm::guest(0)).await?;
        deaf.emit("join", &json!({ "room": attic })).await?;
        Ok(Self {
            address,
            lobby: welcome.lobby,
            head: welcome.head,
            wires,
            filler,
            deaf,
            attic,
        })
    }

    /// Everybody reads for a time, and then all but one for the same time.
    async fn talks(self, time: Duration) -> Result<Heard> {
        let Self {
            address,
            lobby,
            head,
            mut wires,
            mut filler,
            deaf,
            attic,
        } = self;
        let clock = Arc::new(Clock {
            began: Instant::now(),
            all_read: time,
            deaf_from: OnceLock::new(),
        });
        let (hush, hushed) = watch::channel(false);
        let mut speaking = JoinSet::new();
        for wire in wires.drain(..SPEAKERS) {
            let (clock, hushed) = (Arc::clone(&clock), hushed.clone());
            speaking.spawn(async move { speak(wire, lobby, &clock, hushed).await });
        }
        let mut listening = JoinSet::new();
        for (number, wire) in wires.into_iter().enumerate() {
            let clock = Arc::clone(&clock);
            listening.spawn(async move { listen(wire, &clock, number < LISTENERS).await });
        }
        let (wake, woken) = oneshot::channel();
        let deaf = tokio::spawn(Deaf::new(deaf, address, lobby, head).lives(time, woken));

        tokio::time::sleep(time).await;
        fill(&mut filler, lobby, FILLING).await?;
        clock.deaf_from.get_or_init(|| clock.began.elapsed());
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            ended = read(&mut filler) => ended?,
        }
        // Everybody who speaks has heard everything that they said.
        hush.send(true)?;
        while let Some(spoken) = speaking.join_next().await {
            spoken??;
        }
        Ok(Heard {
            latencies: Default::default(),
            again: 0,
            listening,
            deaf,
            wake,
            filler,
            attic,
        })
    }
}

fn memory(server: &Server) -> Result<u64> {
    let process = server.process_id().context("the server has gone")?;
    process::memory_kib(process)
}

/// When things were said.
struct Clock {
    began: Instant,
    /// Up to here everybody reads.
    all_read: Duration,
    /// From here on as much waits for one of them as may wait.
    deaf_from: OnceLock<Duration>,
}

impl Clock {
    /// Which of the two times that are compared this belongs to.
    fn phase(&self, said: Duration) -> Option<usize> {
        if said < self.all_read {
            return Some(0);
        }
        self.deaf_from.get().filter(|from| said >= **from).map(|_| 1)
    }
}

/// What the crowd will have heard when it ends.
struct Heard {
    /// How late each message came, before and meanwhile.
    latencies: [Vec<Duration>; 2],
    /// How often the end was told again.
    again: usize,
    listening: JoinSet<Result<[Vec<Duration>; 2]>>,
    deaf: tokio::task::JoinHandle<Result<usize>>,
    wake: oneshot::Sender<Seq>,
    filler: Wire,
    attic: RoomId,
}

impl Heard {
    /// Whether everybody has everything within a while.
    async fn all_have_it(&mut self) -> Result<bool> {
        let until = tokio::time::Instant::now() + PATIENCE;
        while let Ok(next) = tokio::time::timeout_at(until, self.listening.join_next()).await {
            let Some(heard) = next else { return Ok(true) };
            for (all, some) in self.latencies.iter_mut().zip(heard??) {
                all.extend(some);
            }
        }
        self.again += 1;
        ensure!(
            self.again < OFTEN,
            "{} listeners never hear the end",
            self.listening.len()
        );
        Ok(false)
    }

    /// Much more passes by whoever does not read, with nobody else to read it. Gives what that costs the server.
    async fn floods(&mut self, server: &Server) -> Result<u64> {
        let before = memory(server)?;
        fill(&mut self.filler, self.attic, FLOOD).await?;
        Ok(memory(server)?.saturating_sub(before))
    }

    /// Whoever did not read does now, and has everything in the end. Gives how many gaps there were to fill.
    async fn ends(self, end: Seq) -> Result<usize> {
        // If it has gone by itself, it says why.
        let _ = self.wake.send(end);
        let gaps = tokio::time::timeout(Duration::from_mins(1), self.deaf).await;
        gaps.context("whoever did not read does not get what is missing")??
    }
}
