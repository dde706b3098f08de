//! How long it takes a client that was away to be in step again: 10,000 entries from a real server into the replica, and
//! up to whoever shows them. Prints JSON lines; judges nothing.
//!
//! `cargo bench -p ichat-client --bench catchup`, or `… -- 100000` for another number of entries. Server and client share the
//! process and its cores, so that this is more than a client of a server elsewhere would take.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use ichat_client::session::{ConnectionStatus, Update};
use ichat_client::{Address, Client, ClientUpdate};
use ichat_protocol::{Body, DeviceId, EntryId, MemberId, Name, RoomId, Seq};
use ichat_server::{Config, run};
use ichat_store::{NewEntry, Outcome, Store};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const MISSED: usize = 10_000;
const ROUNDS: usize = 9;
const PATIENCE: Duration = Duration::from_mins(1);

struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<Result<()>>,
    store: Store,
}

impl Server {
    async fn start(dir: &Path, at: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(at).await?;
        let address = listener.local_addr()?;
        let store = Store::open_server(dir, &Name::parse("Lobby")?).await?;
        let (stop, config) = (CancellationToken::new(), Config::default());
        let (stopped, of) = (stop.clone(), store.clone());
        let task = tokio::spawn(async move { Ok(run(listener, of, config, watch::Sender::new(0), stopped).await?) });
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

/// What one return took, in milliseconds.
struct Return {
    /// From the start of the client until the server said hello.
    hello: f64,
    /// From there until the last entry was in the replica and had come up.
    entries: f64,
}

#[tokio::main]
async fn main() -> Result<()> {
    // Cargo passes `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let missed = match words.as_slice() {
        [] => MISSED,
        [number, ..] => number.parse().context("how many entries?")?,
    };
    let (office, home) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let server = Server::start(office.path(), "127.0.0.1:0".parse()?).await?;
    let address = server.address;
    // Somebody joins, is in step, and goes.
    let (client, mut updates) = Client::open(home.path(), Some(Name::parse("Ada")?))?;
    client.join(&[Address::new(address.ip(), address.port())?]).await?;
    until(&mut updates, |update| matches!(update, Update::Entries { .. })).await?;
    client.shutdown().await;
    drop((client, updates));
    server.stop().await?;
    let head = talk(office.path(), missed).await?;

    let server = Server::start(office.path(), address).await?;
    let mut returns = Vec::new();
    for round in 0..ROUNDS {
        let dir = tempfile::tempdir()?;
        copy(home.path(), dir.path())?;
        eprintln!("return {} of {ROUNDS}", round + 1);
        returns.push(come_back(dir.path(), head).await?);
    }
    server.stop().await?;
    let case = format!("{missed} missed entries");
    figure("hello", &case, returns.iter().map(|one| one.hello).collect());
    figure("entries", &case, returns.iter().map(|one| one.entries).collect());
    Ok(())
}

/// People talk while the client is away.
async fn talk(dir: &Path, entries: usize) -> Result<Seq> {
    let store = Store::open_server(dir, &Name::parse("Lobby")?).await?;
    let room = store.lobby();
    let people: Vec<_> = (0..20)
        .map(|n| (MemberId::of_key(&[n; 32]), DeviceId::fresh()))
        .collect();
    let name = Name::parse("Somebody")?;
    let joins = people
        .iter()
        .map(|who| draft(room, who, Body::Joined { name: name.clone() }));
    let texts = (people.len()..entries).map(|n| {
        let text = format!("message {n}, which is about as long as most of what people write to each other");
        draft(room, &people[n % people.len()], Body::Message { text, reply_to: None })
    });
    let drafts: Vec<NewEntry> = joins.chain(texts).collect();
    for batch in drafts.chunks(1_000) {
        let outcomes = store.commit(batch.to_vec()).await?;
        ensure!(
            outcomes.iter().all(|o| matches!(o, Outcome::Committed(_))),
            "a draft was refused"
        );
    }
    let head = store.head(room).await?.context("there is no lobby")?;
    store.close().await;
    Ok(head.seq)
}

fn draft(room: RoomId, (author, device): &(MemberId, DeviceId), body: Body) -> NewEntry {
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

async fn come_back(dir: &Path, head: Seq) -> Result<Return> {
    let start = Instant::now();
    let (client, mut updates) = Client::open(dir, None)?;
    until(&mut updates, |update| {
        matches!(update, Update::Connection(ConnectionStatus::Online))
    })
    .await?;
    let hello = ms(start);
    let start = Instant::now();
    // What comes up was saved before.
    until(&mut updates, |update| {
        matches!(update, Update::Entries { entries, .. } if entries.last().is_some_and(|last| last.seq >= head))
    })
    .await?;
    let entries = ms(start);
    client.shutdown().await;
    drop((client, updates));
    holds_all(dir, head).await?;
    Ok(Return { hello, entries })
}

/// Whether the replica has everything, without a gap.
async fn holds_all(dir: &Path, head: Seq) -> Result<()> {
    for server in std::fs::read_dir(dir.join("servers"))? {
        let replica = Store::open(&server?.path()).await?;
        let rooms = replica.persisted_state().await?.rooms;
        replica.close().await;
        ensure!(
            rooms.iter().any(|room| room.first <= Seq(1) && room.last == head),
            "the replica holds {rooms:?}"
        );
    }
    Ok(())
}

async fn until(updates: &mut ichat_client::Updates, so: impl Fn(&Update) -> bool) -> Result<()> {
    let waiting = async {
        loop {
            match updates.next().await {
                Some(ClientUpdate::Session { update, .. }) if so(&update) => return Ok(()),
                Some(_) => {}
                None => anyhow::bail!("the client has ended"),
            }
        }
    };
    timeout(PATIENCE, waiting).await.context("it did not come in time")?
}

/// A folder and those in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for file in std::fs::read_dir(from)? {
        let file = file?;
        let to = to.join(file.file_name());
        if file.file_type()?.is_dir() {
            copy(&file.path(), &to)?;
        } else {
            std::fs::copy(file.path(), to)?;
        }
    }
    Ok(())
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}

#[allow(clippy::print_stdout, reason = "the figures are what it is for")]
fn figure(name: &str, case: &str, mut rounds: Vec<f64>) {
    rounds.sort_by(f64::total_cmp);
    let short = |value: f64| (value * 10.0).round() / 10.0;
    let (Some(low), Some(high)) = (rounds.first(), rounds.last()) else {
        return;
    };
    println!(
        "{}",
        json!({
            "figure": format!("catch-up: {name}"), "case": case, "product": "ichat", "value": short(rounds[rounds.len() / 2]),
            "unit": "ms", "low": short(*low), "high": short(*high), "rounds": rounds.len(),
        })
    );
}
