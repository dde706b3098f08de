//! L2: thousands of clients come back at once.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use ichat_protocol::{Head, Page, Seq};
use ichat_testkit::SocketIoClient;
use ichat_testkit::socket_io::event_argument;
use parking_lot::RwLock;
use serde_json::json;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::case::{Case, Load};
use crate::crowd;
use crate::round::{Pace, Round};
use crate::server_handle::ServerOptions;

pub(super) const CASE: Case = Case {
    id: "L2",
    about: "5,000 clients (short: 500) reconnect after a restart: all in sync, and no page is read twice",
    rounds: 3,
    short_rounds: 1,
    needs: &[],
    load: Load::Busy,
    run,
};

/// Entries that every client misses: more than a page.
const MISSED: usize = 300;
const SYNC_TIMEOUT: Duration = Duration::from_secs(10);
/// The window of a client's first attempt after it lost a server that it had for long. The next one is twice as wide.
const FIRST_BACK_OFF_MS: (u64, u64) = (250, 500);
/// A client that is not connected after such a window never will be.
const MAX_BACK_OFF_MS: u64 = 10_000;
const LAST_MESSAGE: &str = "welcome back";

fn run(round: &mut Round) -> Result<()> {
    let clients = if round.pace == Pace::Short { 500 } else { 5_000 };
    crowd::raise_file_limit(clients)?;
    let server = round.server_with(ServerOptions {
        log_level: "debug",
        flags: ["--max-connections", "--max-connections-per-address"]
            .into_iter()
            .flat_map(|limit| [limit.into(), (clients + 100).to_string().into()])
            .collect(),
        ..ServerOptions::default()
    })?;
    let ada = round.client("ada")?;
    ada.join(server.address())?;
    let last = ada.state().status.last;
    for number in 0..MISSED {
        ada.say(&format!("missed {number}"))?;
    }
    ada.wait_for_empty_outbox()?;
    server.kill()?;
    server.restart()?;

    let runtime = crowd::runtime()?;
    let returned = runtime.block_on(reconnect_all(server.address(), last, clients, round.seed))?;
    round.record_count("clients", clients);
    round.record_count("repeated attempts", returned.failures);
    round.record_ms("all in sync after, ms", returned.took);
    // Without optimization everything takes several times as long.
    let in_time = returned.took <= SYNC_TIMEOUT || cfg!(debug_assertions);
    ensure!(in_time, "{clients} clients were in sync only after {:?}", returned.took);

    // They are subscribed, too: the next message reaches all of them.
    ada.nudge()?;
    ada.wait_for_empty_outbox()?;
    ada.say(LAST_MESSAGE)?;
    let received = runtime.block_on(returned.wait_for_last_message());
    received.context("the message after they came back")?;
    drop(runtime);

    let pages = pages_read(&std::fs::read_to_string(server.log())?);
    let repeated = pages.values().filter(|count| **count > 1).count();
    round.record_count("pages read from the store", pages.values().sum());
    ensure!(!pages.is_empty(), "the server's log tells of no page");
    ensure!(
        repeated == 0,
        "{repeated} of {} pages were read more than once",
        pages.len()
    );
    round.check()
}

/// Counts in the server's log how often it read each page from the store.
fn pages_read(log: &str) -> HashMap<String, usize> {
    let mut pages = HashMap::new();
    let lines = log.lines();
    for line in lines.filter(|line| line.contains("a page is read from the store")) {
        // The fields before the room differ from line to line.
        if let Some((_, range)) = line.split_once(" room=") {
            *pages.entry(range.to_owned()).or_default() += 1;
        }
    }
    pages
}

/// All clients, in sync.
struct Returned {
    took: Duration,
    /// Attempts that failed and had to be repeated.
    failures: usize,
    clients: JoinSet<Result<()>>,
}

impl Returned {
    /// Waits until every client has received the last message.
    async fn wait_for_last_message(mut self) -> Result<()> {
        while let Some(client) = self.clients.join_next().await {
            client??;
        }
        Ok(())
    }
}

/// The pages that clients received. Each is parsed once for all clients that received the same bytes.
#[derive(Default)]
struct ParsedPages {
    pages: RwLock<Vec<ParsedPage>>,
}

#[derive(Clone)]
struct ParsedPage {
    bytes: Arc<[u8]>,
    first: Option<Seq>,
    last: Option<Seq>,
}

impl ParsedPages {
    /// Parses a page, which must have no gap.
    fn parse(&self, page: &[u8]) -> Result<ParsedPage> {
        let find = |pages: &[ParsedPage]| pages.iter().find(|known| *known.bytes == *page).cloned();
        if let Some(known) = find(&self.pages.read()) {
            return Ok(known);
        }
        let mut pages = self.pages.write();
        if let Some(known) = find(&pages) {
            return Ok(known);
        }
        let bytes = page.into();
        let page: Page = serde_json::from_slice(page)?;
        let seqs: Vec<Seq> = page.entries.iter().map(|entry| entry.seq).collect();
        let is_whole = seqs.windows(2).all(|pair| pair[0].next() == pair[1]);
        ensure!(is_whole, "a page has a gap");
        let (first, last) = (seqs.first().copied(), seqs.last().copied());
        let parsed = ParsedPage { bytes, first, last };
        pages.push(parsed.clone());
        Ok(parsed)
    }
}

/// Reconnects all clients, each after a random pause as the real ones do, and returns when all are in sync.
async fn reconnect_all(server: SocketAddr, last: Seq, clients: usize, seed: u64) -> Result<Returned> {
    let pages = Arc::<ParsedPages>::default();
    let failures = Arc::<AtomicUsize>::default();
    let in_sync = Arc::new(Barrier::new(clients + 1));
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    let mut rng = fastrand::Rng::with_seed(seed);
    for number in 0..clients {
        let mut rng = fastrand::Rng::with_seed(rng.u64(..));
        let (pages, in_sync, failures) = (Arc::clone(&pages), Arc::clone(&in_sync), Arc::clone(&failures));
        tasks.spawn(async move {
            let mut window = FIRST_BACK_OFF_MS;
            let mut client = loop {
                tokio::time::sleep(Duration::from_millis(rng.u64(window.0..=window.1))).await;
                match resume(server, number, last, &pages).await {
                    Ok(client) => break client,
                    Err(error) if window.1 > MAX_BACK_OFF_MS => return Err(error.context(format!("client {number}"))),
                    Err(_) => drop(failures.fetch_add(1, Ordering::Relaxed)),
                }
                window = (window.0 * 2, window.1 * 2);
            };
            in_sync.wait().await;
            receive_message(&mut client, LAST_MESSAGE).await
        });
    }
    tokio::select! {
        _ = in_sync.wait() => {}
        // Before that a client ends only with an error.
        ended = tasks.join_next() => match ended {
            Some(ended) => ended??,
            None => bail!("there are no clients"),
        },
    }
    Ok(Returned {
        took: start.elapsed(),
        failures: failures.load(Ordering::Relaxed),
        clients: tasks,
    })
}

/// Connects a client, and receives the entries that it misses.
async fn resume(server: SocketAddr, number: usize, mut last: Seq, pages: &ParsedPages) -> Result<SocketIoClient> {
    let (mut client, hello) = crowd::join_as_guest(server, number).await?;
    let head = crowd::lobby_head(&hello)?;
    let cursor = Head { seq: last, ..head };
    client
        .emit("sync", &json!({ "rooms": { hello.lobby.to_string(): cursor } }))
        .await?;
    while last < head.seq {
        let packet = client.next().await?.context("the server closed the connection")?;
        let Some(page) = event_argument(packet.as_bytes(), "page") else {
            continue;
        };
        let page = pages.parse(page)?;
        ensure!(
            page.first == Some(last.next()),
            "after entry {last} came {:?}",
            page.first
        );
        last = page.last.unwrap_or(last);
    }
    Ok(client)
}

async fn receive_message(client: &mut SocketIoClient, text: &str) -> Result<()> {
    while let Some(packet) = client.next().await? {
        if event_argument(packet.as_bytes(), "entries").is_some() && packet.contains(text) {
            return Ok(());
        }
    }
    bail!("the server closed the connection")
}

#[cfg(test)]
mod tests {
    //! A page that was read twice is found in the server's log.

    use ichat_protocol::limits::MAX_PAGE_ENTRIES;

    use super::*;

    #[test]
    fn a_page_that_was_read_twice_is_found() {
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
