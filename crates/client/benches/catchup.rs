//! Measures how long a client takes to catch up after it was away: 10,000 entries from a real server into the replica
//! and up to the interface. Prints JSON lines.
//!
//! `cargo bench -p ichat-client --bench catchup`, or `… -- 100000` for another number of entries. Server and client
//! share the process and its cores, so that a client of a server elsewhere takes less.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use ichat_client::session::{ConnectionStatus, Update};
use ichat_client::{Address, Client, ClientUpdate, Updates};
use ichat_protocol::{Body, DeviceId, EntryId, MemberId, Name, RoomId, Seq};
use ichat_server::{Config, run};
use ichat_store::{NewEntry, Outcome, Store};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const DEFAULT_ENTRIES: usize = 10_000;
const ROUNDS: usize = 9;
const AUTHORS: u8 = 20;
const COMMIT_BATCH: usize = 1_000;
const TIMEOUT: Duration = Duration::from_mins(1);

struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<Result<()>>,
    store: Store,
}

/// The duration of one catch-up, in milliseconds.
struct CatchUp {
    /// From the start of the client to the server's `hello`.
    hello: f64,
    /// From there until the last entry is in the replica and was reported to the interface.
    entries: f64,
}

#[tokio::main]
async fn main() -> Result<()> {
    // Cargo passes `--bench`.
    let argument = std::env::args().skip(1).find(|argument| argument != "--bench");
    let entries = match argument {
        Some(number) => number.parse().context("the argument is the number of entries")?,
        None => DEFAULT_ENTRIES,
    };
    let (server_dir, client_dir) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let server = Server::start(server_dir.path(), "127.0.0.1:0".parse()?).await?;
    let address = server.address;
    // The client joins, catches up and goes away.
    let (client, mut updates) = Client::open(client_dir.path(), Some(Name::parse("Ada")?))?;
    client.join(&[Address::new(address.ip(), address.port())?]).await?;
    wait_for(&mut updates, |update| matches!(update, Update::Entries { .. })).await?;
    client.shutdown().await;
    drop((client, updates));
    server.stop().await?;
    let head = commit_entries(server_dir.path(), entries).await?;

    let server = Server::start(server_dir.path(), address).await?;
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let dir = tempfile::tempdir()?;
        copy_folder(client_dir.path(), dir.path())?;
        eprintln!("round {} of {ROUNDS}", round + 1);
        rounds.push(catch_up(dir.path(), head).await?);
    }
    server.stop().await?;
    let case = format!("{entries} missed entries");
    print_figure("hello", &case, rounds.iter().map(|round| round.hello).collect());
    print_figure("entries", &case, rounds.iter().map(|round| round.entries).collect());
    Ok(())
}

impl Server {
    async fn start(dir: &Path, address: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let store = Store::open_server(dir, &Name::parse("Lobby")?).await?;
        let stop = CancellationToken::new();
        // One person fills the room.
        let config = Config {
            max_rate_per_person: 0,
            max_entries_per_day: 0,
            max_bytes_per_day: 0,
            ..Config::default()
        };
        let serving = run(listener, store.clone(), config, watch::Sender::new(0), stop.clone());
        let task = tokio::spawn(async move { Ok(serving.await?) });
        Ok(Self {
            address,
            stop,
            task,
            store,
        })
    }

    async fn stop(self) -> Result<()> {
        self.stop.cancel();
        self.task.await??;
        self.store.close().await;
        Ok(())
    }
}

/// Lets members post while the client is away. Returns the last entry.
async fn commit_entries(dir: &Path, count: usize) -> Result<Seq> {
    let store = Store::open_server(dir, &Name::parse("Lobby")?).await?;
    let room = store.lobby();
    let authors: Vec<_> = (0..AUTHORS)
        .map(|n| (MemberId::of_key(&[n; 32]), DeviceId::fresh()))
        .collect();
    let name = Name::parse("Author")?;
    let joins = authors
        .iter()
        .map(|author| new_entry(room, author, Body::Joined { name: name.clone() }));
    let messages = (authors.len()..count).map(|n| {
        let text = format!("message {n}, which is about as long as most of what people write to each other");
        let body = Body::Message {
            text,
            reply_to: None,
            mentions: Vec::new(),
        };
        new_entry(room, &authors[n % authors.len()], body)
    });
    let entries: Vec<NewEntry> = joins.chain(messages).collect();
    for batch in entries.chunks(COMMIT_BATCH) {
        let outcomes = store.commit(batch.to_vec()).await?;
        let is_committed = |outcome: &Outcome| matches!(outcome, Outcome::Committed(_));
        ensure!(outcomes.iter().all(is_committed), "an entry was refused");
    }
    let head = store.head(room).await?.context("there is no lobby")?;
    store.close().await;
    Ok(head.seq)
}

fn new_entry(room: RoomId, (author, device): &(MemberId, DeviceId), body: Body) -> NewEntry {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    NewEntry {
        room,
        id: EntryId::fresh(),
        author: author.clone(),
        device: *device,
        at: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
        body,
    }
}

async fn catch_up(dir: &Path, head: Seq) -> Result<CatchUp> {
    let start = Instant::now();
    let (client, mut updates) = Client::open(dir, None)?;
    wait_for(&mut updates, |update| {
        matches!(update, Update::Connection(ConnectionStatus::Online))
    })
    .await?;
    let hello = ms_since(start);
    let start = Instant::now();
    // Entries are saved before they are reported.
    wait_for(&mut updates, |update| {
        matches!(update, Update::Entries { entries, .. } if entries.last().is_some_and(|last| last.seq >= head))
    })
    .await?;
    let entries = ms_since(start);
    client.shutdown().await;
    drop((client, updates));
    check_replica(dir, head).await?;
    Ok(CatchUp { hello, entries })
}

/// Checks that the replica has all entries without a gap.
async fn check_replica(dir: &Path, head: Seq) -> Result<()> {
    for server in std::fs::read_dir(dir.join("servers"))? {
        let replica = Store::open(&server?.path()).await?;
        let rooms = replica.persisted_state().await?.rooms;
        replica.close().await;
        ensure!(
            rooms.iter().any(|room| room.first <= Seq(1) && room.last == head),
            "the replica is incomplete: {rooms:?}"
        );
    }
    Ok(())
}

async fn wait_for(updates: &mut Updates, condition: impl Fn(&Update) -> bool) -> Result<()> {
    let waiting = async {
        loop {
            match updates.next().await {
                Some(ClientUpdate::Session { update, .. }) if condition(&update) => return Ok(()),
                Some(ClientUpdate::Session { .. } | ClientUpdate::Servers(_)) => {}
                None => anyhow::bail!("the client has ended"),
            }
        }
    };
    timeout(TIMEOUT, waiting)
        .await
        .context("an expected update did not arrive")?
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for file in std::fs::read_dir(from)? {
        let file = file?;
        let to = to.join(file.file_name());
        if file.file_type()?.is_dir() {
            copy_folder(&file.path(), &to)?;
        } else {
            std::fs::copy(file.path(), to)?;
        }
    }
    Ok(())
}

fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1_000.0
}

#[allow(clippy::print_stdout, reason = "the figures are the program's output")]
fn print_figure(name: &str, case: &str, mut rounds: Vec<f64>) {
    rounds.sort_by(f64::total_cmp);
    let rounded = |value: f64| (value * 10.0).round() / 10.0;
    let (Some(low), Some(high)) = (rounds.first(), rounds.last()) else {
        return;
    };
    println!(
        "{}",
        json!({
            "figure": format!("catch-up: {name}"),
            "case": case,
            "product": "ichat",
            "value": rounded(rounds[rounds.len() / 2]),
            "unit": "ms",
            "low": rounded(*low),
            "high": rounded(*high),
            "rounds": rounds.len(),
        })
    );
}
