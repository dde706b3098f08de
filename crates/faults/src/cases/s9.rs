//! S9: the database is cut or has flipped bits.

use std::fs;
use std::path::Path;
use std::sync::Once;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use anyhow::{Context as _, Result, bail, ensure};
use ichat_protocol::limits::MAX_PAGE_ENTRIES;
use ichat_protocol::{Body, DeviceId, Entry, EntryId, MemberId, Name, RoomId, Seq};
use ichat_store::{NewEntry, Outcome, Store};

use super::{Case, edit, message};
use crate::history::{self, Log};
use crate::people::Person;
use crate::round::Round;

pub(super) const CASE: Case = Case {
    name: "S9",
    about: "a cut or bit-flipped database: said at its opening, on reading or by `check`; nothing altered is ever read",
    rounds: 100,
    short_rounds: 2,
    needs: &[],
    run,
};

/// Harms in one round, each to a fresh copy.
const HARMS: u32 = 40;
/// The database and its write-ahead log.
const FILES: [&str; 2] = ["ichat.db", "ichat.db-wal"];
/// What is kept of a folder whose process was killed.
const KEPT: [&str; 3] = ["ichat.db", "ichat.db-wal", "commit-watermark"];

/// Panics of this process. The store's threads hide theirs behind an error.
static PANICS: AtomicU32 = AtomicU32::new(0);

fn run(round: &mut Round) -> Result<()> {
    static COUNTING: Once = Once::new();
    COUNTING.call_once(|| {
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.fetch_add(1, Relaxed);
            told(panic);
        }));
    });
    let server = round.server()?;
    let ada = round.person("ada")?;
    ada.joins(&server)?;
    talk(round, &ada, 150)?;
    // From here on the first part is in the database, and the second in its write-ahead log.
    server.stop()?;
    server.restart()?;
    ada.is_nudged()?;
    talk(round, &ada, 60)?;
    server.kill()?;

    let sound = round.dir.join("sound");
    copy(server.data(), &sound)?;
    let whole = round.dir.join("whole");
    copy(&sound, &whole)?;
    let logs = history::read(&whole)?;
    let (mut refused, mut unread, mut found, mut harmless) = (0.0, 0.0, 0.0, 0.0);
    for number in 0..HARMS {
        let harmed = round.dir.join("harmed");
        copy(&sound, &harmed)?;
        let harm = harm(&harmed, &mut round.dice)?;
        let seen =
            examine(&harmed, &round.dir.join("opened"), &logs).with_context(|| format!("harm {number}, {harm}"))?;
        ensure!(PANICS.load(Relaxed) == 0, "harm {number}, {harm}: it panicked");
        match seen {
            Seen::Refused => refused += 1.0,
            Seen::Unread => unread += 1.0,
            Seen::Found => found += 1.0,
            Seen::Nothing => harmless += 1.0,
        }
    }
    round.figures.push(("refused at the opening", refused));
    round.figures.push(("an error on reading", unread));
    round.figures.push(("found by check alone", found));
    round.figures.push(("without consequence", harmless));
    round.verify()
}

/// What became of a harm.
enum Seen {
    Refused,
    Unread,
    Found,
    Nothing,
}

fn talk(round: &mut Round, person: &Person, many: u32) -> Result<()> {
    let mut said = Vec::new();
    for n in 0..many {
        let body = match round.dice.u32(..10) {
            0 if !said.is_empty() => edit(&said, &mut round.dice, n),
            _ => message(&mut round.dice, &format!("talk {n}")),
        };
        let is_message = matches!(body, Body::Message { .. });
        let id = person.posts(body)?;
        if is_message {
            said.push(id);
        }
    }
    person.has_nothing_waiting()
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    // What is left of the harm before.
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to)?;
    for name in KEPT {
        fs::copy(from.join(name), to.join(name)).with_context(|| format!("{name} can't be copied"))?;
    }
    Ok(())
}

/// Harms one file somewhere, and says how.
fn harm(dir: &Path, dice: &mut fastrand::Rng) -> Result<String> {
    let name = FILES[dice.usize(..FILES.len())];
    let file = dir.join(name);
    let mut bytes = fs::read(&file)?;
    ensure!(!bytes.is_empty(), "{name} is empty");
    let at = dice.usize(..bytes.len());
    let how = match dice.u32(..8) {
        0 => {
            bytes.truncate(at);
            "cut"
        }
        1 => {
            bytes.truncate(at / 4_096 * 4_096);
            "cut at a page"
        }
        2 => {
            let end = (at / 512 * 512 + 512).min(bytes.len());
            bytes[at / 512 * 512..end].fill(0);
            "a sector of zeroes"
        }
        3 => {
            let end = (at + 16).min(bytes.len());
            bytes[at..end].fill_with(|| dice.u8(..));
            "sixteen other bytes"
        }
        _ => {
            bytes[at] ^= 1 << dice.u32(..8);
            "a flipped bit"
        }
    };
    fs::write(&file, bytes)?;
    Ok(format!("{how} at {at} of {name}"))
}

/// Looks at a harmed folder as its owner would. An error is a broken promise.
fn examine(harmed: &Path, opened: &Path, logs: &[Log]) -> Result<Seen> {
    let faults = match ichat_store::check(harmed, &mut |_| {}) {
        Ok(report) => report.problems,
        Err(error) => vec![error.to_string()],
    };
    copy(harmed, opened)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let lobby = Name::parse("Lobby").context("five letters are a name")?;
    let (was_read, doubled) = runtime.block_on(async {
        let Ok(store) = Store::open_server(opened, &lobby).await else {
            return Ok((None, None));
        };
        let read = read(&store, logs).await;
        let doubled = say_again(&store, logs).await;
        store.close().await;
        anyhow::Ok((Some(read?), doubled))
    })?;
    let Some(was_read) = was_read else {
        return Ok(Seen::Refused);
    };
    if !was_read {
        return Ok(Seen::Unread);
    }
    match doubled {
        Some(id) if faults.is_empty() => bail!("{id} was committed a second time, and `check` had found nothing"),
        _ if faults.is_empty() => Ok(Seen::Nothing),
        _ => Ok(Seen::Found),
    }
}

/// Reads every room. Whether all of it could be read; an error when something else was read than was written.
async fn read(store: &Store, logs: &[Log]) -> Result<bool> {
    let mut was_read = true;
    for log in logs {
        let mut last = Seq::ZERO;
        // Behind a page that can't be read are others.
        while let Some(next) = log.entries.iter().find(|entry| entry.seq > last).map(|entry| entry.seq) {
            let page = store.page(log.room, None, Some(last), MAX_PAGE_ENTRIES.min(20)).await;
            match page {
                Err(_) => {
                    was_read = false;
                    last = Seq(next.0 + 19);
                }
                Ok(None) => bail!("room {} has gone without a word", log.room),
                Ok(Some(page)) => {
                    ensure!(
                        page.entries.first().is_some_and(|first| first.seq == next),
                        "entry {next} of room {} has gone without a word",
                        log.room
                    );
                    for entry in &page.entries {
                        is_what_was_written(entry, log)?;
                        last = entry.seq;
                    }
                }
            }
        }
    }
    Ok(was_read)
}

fn is_what_was_written(entry: &Entry, log: &Log) -> Result<()> {
    let written = log.entries.iter().find(|written| written.seq == entry.seq);
    ensure!(
        written == Some(entry),
        "it was read as {entry:?}, and had been written as {written:?}"
    );
    Ok(())
}

/// Posts again what stands. The id that now stands twice, if one does.
async fn say_again(store: &Store, logs: &[Log]) -> Option<EntryId> {
    for log in logs {
        for entry in log
            .entries
            .iter()
            .filter(|entry| matches!(entry.body, Body::Message { .. }))
        {
            if let Ok(outcomes) = store.commit(vec![again(log.room, entry)]).await
                && outcomes.iter().any(|outcome| matches!(outcome, Outcome::Committed(_)))
            {
                return Some(entry.id);
            }
        }
    }
    None
}

fn again(room: RoomId, entry: &Entry) -> NewEntry {
    let (author, device): (MemberId, DeviceId) = (entry.author.clone(), entry.device);
    NewEntry {
        room,
        id: entry.id,
        author,
        device,
        at: entry.at,
        body: entry.body.clone(),
    }
}
