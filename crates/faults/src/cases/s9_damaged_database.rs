//! S9: the server's database is truncated, or some of its bytes are altered.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Once;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use anyhow::{Context as _, Result, bail, ensure};
use ichat_protocol::limits::MAX_PAGE_ENTRIES;
use ichat_protocol::{Body, Entry, EntryId, Name, RoomId, Seq};
use ichat_store::{NewEntry, Outcome, Store};

use crate::case::{Case, Load};
use crate::client_handle::ClientHandle;
use crate::generator::post_without_deletions;
use crate::room_log::{self, RoomLog};
use crate::round::Round;

pub(super) const CASE: Case = Case {
    id: "S9",
    about: "a damaged database: reported at its opening, on reading or by `check`; nothing altered is ever read",
    rounds: 100,
    short_rounds: 2,
    needs: &[],
    load: Load::Busy,
    run,
};

/// Damages in one round, each to a fresh copy.
const DAMAGES: u32 = 40;
/// The database and its write-ahead log.
const DAMAGED_FILES: [&str; 2] = ["ichat.db", "ichat.db-wal"];
/// The files in the data folder of a killed server that matter.
const COPIED_FILES: [&str; 3] = ["ichat.db", "ichat.db-wal", "commit-watermark"];
const SECTOR_BYTES: usize = 512;
const DATABASE_PAGE_BYTES: usize = 4_096;
/// Entries that are read at once: few, so that one damaged entry does not hide many others.
const READ_BATCH: u32 = 20;

/// The names of the threads that work for the store: its writer, and those of the runtime of [`examine`].
const STORE_THREADS: [&str; 2] = ["ichat-store", RUNTIME_THREAD];
const RUNTIME_THREAD: &str = "damaged-store";

/// Panics in [`STORE_THREADS`], which the store reports as errors only. Other cases, which run meanwhile, have threads of
/// their own.
static PANICS: AtomicU32 = AtomicU32::new(0);

fn run(round: &mut Round) -> Result<()> {
    count_panics();
    let server = round.server()?;
    let ada = round.client("ada")?;
    ada.join(server.address())?;
    post(round, &ada, 150)?;
    // The restart moves these entries into the database. The next ones stay in its write-ahead log.
    server.stop()?;
    server.restart()?;
    ada.nudge()?;
    post(round, &ada, 60)?;
    server.kill()?;

    let (sound, damaged, opened) = (
        round.dir.join("sound"),
        round.dir.join("damaged"),
        round.dir.join("opened"),
    );
    copy(server.data(), &sound)?;
    copy(&sound, &opened)?;
    let logs = room_log::read(&opened)?;
    let mut found = BTreeMap::from(Detection::ALL.map(|detection| (detection, 0)));
    for number in 0..DAMAGES {
        copy(&sound, &damaged)?;
        let damage = damage(&damaged, &mut round.rng)?;
        let detection = examine(&damaged, &opened, &logs).with_context(|| format!("damage {number}, {damage}"))?;
        ensure!(
            PANICS.load(Relaxed) == 0,
            "damage {number}, {damage}: a thread of the store panicked"
        );
        *found.entry(detection).or_default() += 1;
    }
    for (detection, count) in found {
        round.record_count(detection.name(), count);
    }
    round.check()
}

/// The way in which a damage was found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detection {
    AtOpening,
    OnReading,
    ByCheckAlone,
    /// It altered nothing that is read.
    Harmless,
}

impl Detection {
    const ALL: [Self; 4] = [Self::AtOpening, Self::OnReading, Self::ByCheckAlone, Self::Harmless];

    fn name(self) -> &'static str {
        match self {
            Self::AtOpening => "refused at the opening",
            Self::OnReading => "an error on reading",
            Self::ByCheckAlone => "found by check alone",
            Self::Harmless => "without consequence",
        }
    }
}

fn count_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if thread::current()
                .name()
                .is_some_and(|name| STORE_THREADS.contains(&name))
            {
                PANICS.fetch_add(1, Relaxed);
            }
            print(panic);
        }));
    });
}

fn post(round: &mut Round, client: &ClientHandle, count: u32) -> Result<()> {
    post_without_deletions(round, client, "says", count)?;
    client.wait_for_empty_outbox()
}

/// Makes a fresh copy of a data folder.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to)?;
    for name in COPIED_FILES {
        fs::copy(from.join(name), to.join(name)).with_context(|| format!("{name} can't be copied"))?;
    }
    Ok(())
}

/// Damages one file at a random place, and returns a description.
fn damage(dir: &Path, rng: &mut fastrand::Rng) -> Result<String> {
    let name = DAMAGED_FILES[rng.usize(..DAMAGED_FILES.len())];
    let file = dir.join(name);
    let mut bytes = fs::read(&file)?;
    ensure!(!bytes.is_empty(), "{name} is empty");
    let at = rng.usize(..bytes.len());
    let what = match rng.u32(..8) {
        0 => {
            bytes.truncate(at);
            "truncated"
        }
        1 => {
            bytes.truncate(at / DATABASE_PAGE_BYTES * DATABASE_PAGE_BYTES);
            "truncated to whole pages"
        }
        2 => {
            let start = at / SECTOR_BYTES * SECTOR_BYTES;
            let end = (start + SECTOR_BYTES).min(bytes.len());
            bytes[start..end].fill(0);
            "a sector of zeroes"
        }
        3 => {
            let end = (at + 16).min(bytes.len());
            bytes[at..end].fill_with(|| rng.u8(..));
            "sixteen random bytes"
        }
        _ => {
            bytes[at] ^= 1 << rng.u32(..8);
            "a flipped bit"
        }
    };
    fs::write(&file, bytes)?;
    Ok(format!("{what} at {at} of {name}"))
}

/// Examines a damaged folder as its owner would. An error is a broken promise.
fn examine(damaged: &Path, opened: &Path, logs: &[RoomLog]) -> Result<Detection> {
    let problems = match ichat_store::check(damaged, &mut |_| {}) {
        Ok(report) => report.problems,
        Err(error) => vec![error.to_string()],
    };
    copy(damaged, opened)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name(RUNTIME_THREAD)
        .enable_all()
        .build()?;
    let lobby = Name::parse("Lobby").context("five letters are a name")?;
    let (reading, doubled) = runtime.block_on(async {
        let Ok(store) = Store::open_server(opened, &lobby).await else {
            return Ok((None, None));
        };
        let reading = read_all(&store, logs).await;
        let doubled = post_again(&store, logs).await;
        store.close().await;
        anyhow::Ok((Some(reading?), doubled))
    })?;
    match (reading, doubled) {
        (None, _) => Ok(Detection::AtOpening),
        (Some(Reading::Failed), _) => Ok(Detection::OnReading),
        (Some(Reading::Complete), Some(id)) if problems.is_empty() => {
            bail!("{id} was committed a second time, and `check` had found nothing")
        }
        (Some(Reading::Complete), None) if problems.is_empty() => Ok(Detection::Harmless),
        (Some(Reading::Complete), _) => Ok(Detection::ByCheckAlone),
    }
}

enum Reading {
    Complete,
    /// A part could not be read.
    Failed,
}

/// Reads every room. Fails when anything else is read than was written.
async fn read_all(store: &Store, logs: &[RoomLog]) -> Result<Reading> {
    let mut reading = Reading::Complete;
    for log in logs {
        let mut last = Seq::ZERO;
        while let Some(next) = log.entries.iter().find(|entry| entry.seq > last).map(|entry| entry.seq) {
            let limit = READ_BATCH.min(MAX_PAGE_ENTRIES);
            match store.page(log.room, None, Some(last), limit).await {
                Err(_) => {
                    reading = Reading::Failed;
                    // The page after the one that can't be read.
                    last = Seq(next.0 + u64::from(limit) - 1);
                }
                Ok(None) => bail!("room {} is missing, without an error", log.room),
                Ok(Some(page)) => {
                    ensure!(
                        page.entries.first().is_some_and(|first| first.seq == next),
                        "entry {next} of room {} is missing, without an error",
                        log.room
                    );
                    for entry in &page.entries {
                        check_entry(entry, log)?;
                        last = entry.seq;
                    }
                }
            }
        }
    }
    Ok(reading)
}

fn check_entry(entry: &Entry, log: &RoomLog) -> Result<()> {
    let written = log.entries.iter().find(|written| written.seq == entry.seq);
    ensure!(
        written == Some(entry),
        "it was written as {written:?}, and read as {entry:?}"
    );
    Ok(())
}

/// Posts the messages of the log again. Returns the first id that was then committed a second time.
async fn post_again(store: &Store, logs: &[RoomLog]) -> Option<EntryId> {
    for log in logs {
        let is_message = |entry: &&Entry| matches!(entry.body, Body::Message { .. });
        for entry in log.entries.iter().filter(is_message) {
            if let Ok(outcomes) = store.commit(vec![as_new(log.room, entry)]).await
                && outcomes.iter().any(|outcome| matches!(outcome, Outcome::Committed(_)))
            {
                return Some(entry.id);
            }
        }
    }
    None
}

fn as_new(room: RoomId, entry: &Entry) -> NewEntry {
    NewEntry {
        room,
        id: entry.id,
        author: entry.author.clone(),
        device: entry.device,
        at: entry.at,
        body: entry.body.clone(),
    }
}
