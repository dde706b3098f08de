//! L2: everybody comes back at once.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use ichat_protocol::{Head, Page, Seq};
use serde_json::json;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::Case;
use crate::round::{Pace, Round};
use crate::server::ServerSetting;
use crate::swarm::{self, Wire};

pub(super) const CASE: Case = Case {
    name: "L2",
    about: "5,000 clients reconnect after a restart: all in step, and no page is read twice",
    rounds: 3,
    short_rounds: 1,
    needs: &[],
    run,
};

/// What everybody misses: more than a page of it.
const MISSED: usize = 300;
/// How long they may take for it.
const IN_STEP_WITHIN: Duration = Duration::from_secs(10);
/// The window of a client's first attempt, after it lost a server that it had for long; the next is twice as wide.
const BACK_OFF_MS: (u64, u64) = (250, 500);
/// Whoever is still not in after waiting for so long found something wrong.
const BACK_OFF_CAP_MS: u64 = 10_000;

fn run(round: &mut Round) -> Result<()> {
    let clients = if round.pace == Pace::Short { 500 } else { 5_000 };
    swarm::allow(clients)?;
    let server = round.server_with(ServerSetting {
        log: "debug",
        flags: vec!["--max-connections".into(), (clients + 100).to_string().into()],
        ..ServerSetting::default()
    })?;
    let ada = round.person("ada")?;
    ada.joins(&server)?;
    let held = ada.now().status.last;
    for n in 0..MISSED {
        ada.says(&format!("missed {n}"))?;
    }
    ada.has_nothing_waiting()?;
    server.kill()?;
    server.restart()?;

    let runtime = swarm::runtime()?;
    let back = runtime.block_on(come_back(server.address(), held, clients, round.seed))?;
    round.counted("clients", clients);
    round.counted("attempts made again", back.failures);
    round.took("all in step after, ms", back.took);
    // Without optimisation everything takes several times as long, and only the order of things is judged.
    let in_time = back.took <= IN_STEP_WITHIN || cfg!(debug_assertions);
    ensure!(in_time, "{clients} clients were in step only after {:?}", back.took);

    // They are subscribed, too: what is said now reaches all of them.
    ada.is_nudged()?;
    ada.has_nothing_waiting()?;
    ada.says("welcome back")?;
    let heard = runtime.block_on(back.hears_one_more());
    heard.context("what was said after they came back")?;
    drop(runtime);

    let pages = pages_read(&std::fs::read_to_string(server.log())?);
    let twice = pages.values().filter(|count| **count > 1).count();
    round.counted("pages read from the store", pages.values().sum());
    ensure!(!pages.is_empty(), "the server does not say which pages it reads");
    ensure!(twice == 0, "{twice} of {} pages were read more than once", pages.len());
    round.verify()
}

/// How often each page was read from the store, after the server's log.
fn pages_read(log: &str) -> HashMap<String, usize> {
    let mut pages = HashMap::new();
    for line in log
        .lines()
        .filter(|line| line.contains("a page is read from the store"))
    {
        // The range stands behind the count.
        if let Some((_, range)) = line.split_once(" room=") {
            *pages.entry(range.to_owned()).or_default() += 1;
        }
    }
    pages
}

/// Everybody, in step.
struct Back {
    took: Duration,
    /// Attempts that had to be made again.
    failures: usize,
    clients: JoinSet<Result<()>>,
}

impl Back {
    /// Waits until everybody has heard one more message.
    async fn hears_one_more(mut self) -> Result<()> {
        while let Some(client) = self.clients.join_next().await {
            client??;
        }
        Ok(())
    }
}

/// The pages that came, made out once for all who got the same bytes.
#[derive(Default)]
struct Seen {
    pages: RwLock<Vec<Known>>,
}

#[derive(Clone)]
struct Known {
    bytes: Arc<[u8]>,
    first: Option<Seq>,
    last: Option<Seq>,
}

impl Seen {
    /// What this page holds, which must be whole.
    fn of(&self, page: &[u8]) -> Result<Known> {
        let known = |pages: &[Known]| pages.iter().find(|known| *known.bytes == *page).cloned();
        if let Some(known) = known(&self.pages.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(known);
        }
        let mut pages = self.pages.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known(&pages) {
            return Ok(known);
        }
        let bytes = page.into();
        let page: Page = serde_json::from_slice(page)?;
        let places: Vec<Seq> = page.entries.iter().map(|entry| entry.seq).collect();
        ensure!(
            places.windows(2).all(|pair| pair[0].next() == pair[1]),
            "a page has a gap"
        );
        let (first, last) = (places.first().copied(), places.last().copied());
        let known = Known { bytes, first, last };
        pages.push(known.clone());
        Ok(known)
    }
}

async fn come_back(server: SocketAddr, last: Seq, clients: usize, seed: u64) -> Result<Back> {
    let pages = Arc::<Seen>::default();
    let failures = Arc::<AtomicUsize>::default();
    let in_step = Arc::new(Barrier::new(clients + 1));
    let began = Instant::now();
    let mut all = JoinSet::new();
    let mut dice = fastrand::Rng::with_seed(seed);
    for number in 0..clients {
        let mut dice = fastrand::Rng::with_seed(dice.u64(..));
        let (pages, in_step, failures) = (Arc::clone(&pages), Arc::clone(&in_step), Arc::clone(&failures));
        all.spawn(async move {
            let mut window = BACK_OFF_MS;
            let mut client = loop {
                tokio::time::sleep(Duration::from_millis(dice.u64(window.0..=window.1))).await;
                match client(server, number, last, &pages).await {
                    Ok(client) => break client,
                    Err(error) if window.1 > BACK_OFF_CAP_MS => return Err(error.context(format!("client {number}"))),
                    Err(_) => drop(failures.fetch_add(1, Ordering::Relaxed)),
                }
                window = (window.0 * 2, window.1 * 2);
            };
            in_step.wait().await;
            hears(&mut client, "welcome back").await
        });
    }
    tokio::select! {
        _ = in_step.wait() => {}
        // None ends ahead of that but by an error.
        ended = all.join_next() => match ended {
            Some(ended) => ended??,
            None => bail!("there are no clients"),
        },
    }
    Ok(Back {
        took: began.elapsed(),
        failures: failures.load(Ordering::Relaxed),
        clients: all,
    })
}

/// Comes in, asks for what is missing, and has it.
async fn client(server: SocketAddr, number: usize, mut last: Seq, pages: &Seen) -> Result<Wire> {
    let (mut wire, welcome) = Wire::join(server, &swarm::guest(number)).await?;
    let head = Head {
        seq: last,
        ..welcome.head
    };
    wire.emit("sync", &json!({ "rooms": { welcome.lobby.to_string(): head } }))
        .await?;
    while last < welcome.head.seq {
        let frame = wire.next().await?.context("the server ended the connection")?;
        let Some(page) = swarm::argument(frame, "page") else {
            continue;
        };
        let page = pages.of(page)?;
        ensure!(page.first == Some(last.next()), "after {last} came {:?}", page.first);
        last = page.last.unwrap_or(last);
    }
    Ok(wire)
}

async fn hears(client: &mut Wire, text: &str) -> Result<()> {
    while let Some(frame) = client.next().await? {
        let Some(entries) = swarm::argument(frame, "entries") else {
            continue;
        };
        if entries.windows(text.len()).any(|part| part == text.as_bytes()) {
            return Ok(());
        }
    }
    bail!("the server ended the connection")
}

#[cfg(test)]
mod tests {
    //! Pages that were read twice are seen in the server's log.

    use ichat_protocol::limits::MAX_PAGE_ENTRIES;

    use super::*;

    #[test]
    fn a_page_read_twice_is_seen() {
        let line = |read, after| {
            format!(
                "2026-01-01T00:00:00Z DEBUG ichat_server::session::page_cache: a page is read from the store read={read} \
                 room=0198 head=7 before=None after=Some(Seq({after})) limit={MAX_PAGE_ENTRIES}\n"
            )
        };
        let log = [line(1, 0), line(2, 200), line(3, 0)].concat();
        let mut counts: Vec<_> = pages_read(&log).into_values().collect();
        counts.sort_unstable();
        assert_eq!(counts, [1, 2]);
    }
}
