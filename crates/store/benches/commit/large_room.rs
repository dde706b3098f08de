//! Measures a room with very many messages.

#![allow(clippy::cast_precision_loss, reason = "figures for people")]

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use ichat_protocol::Seq;
use ichat_store::{SearchQuery, Store};

use crate::figure::{figure, percentile};
use crate::workload::{AUTHORS, Rng, Workload, now};

/// The queries of each kind.
const QUERIES: usize = 100;
/// The number of times that the folder is opened.
const OPENINGS: usize = 9;
/// Messages in one commit.
const FILL_BATCH: usize = 1_000;

/// Fills a room, and measures the folder's size, opening and searching.
pub(crate) async fn measure(messages: usize) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let mut workload = Workload::start(dir.path()).await?;
    let case = format!("{messages} messages");
    let began = now();
    let rate = fill(&mut workload, messages).await?;
    let ended = now();
    figure("entries per second", &case, "ichat", "1/s", &[rate]);
    let ratio = |bytes: u64| bytes as f64 / workload.text_bytes as f64;
    figure(
        "folder to text",
        &case,
        "ichat, running",
        "×",
        &[ratio(size_of(dir.path())?)],
    );
    workload.store.close().await;
    figure("folder to text", &case, "ichat", "×", &[ratio(size_of(dir.path())?)]);
    figure(
        "text",
        &case,
        "each message",
        "B",
        &[workload.text_bytes as f64 / messages as f64],
    );
    measure_opening(&workload, dir.path(), messages, &case).await?;
    let store = Store::open(dir.path()).await?;
    let times = (began, ended);
    for kind in KINDS {
        measure_search(&store, &workload, kind, times, &case).await?;
    }
    store.close().await;
    Ok(())
}

async fn fill(workload: &mut Workload, messages: usize) -> anyhow::Result<f64> {
    let (mut busy, mut left) = (Duration::ZERO, messages);
    while left > 0 {
        let batch = workload.batch(left.min(FILL_BATCH));
        left -= batch.len();
        let start = Instant::now();
        workload.commit(batch).await?;
        busy += start.elapsed();
        if left.is_multiple_of(20_000) {
            eprint!("\r{:>3} % of {messages} messages written", 100 - 100 * left / messages);
            std::io::stderr().flush()?;
        }
    }
    eprintln!();
    Ok(messages as f64 / busy.as_secs_f64())
}

fn size_of(dir: &Path) -> anyhow::Result<u64> {
    let mut size = 0;
    for file in std::fs::read_dir(dir)? {
        size += file?.metadata()?.len();
    }
    Ok(size)
}

async fn measure_opening(workload: &Workload, dir: &Path, messages: usize, case: &str) -> anyhow::Result<()> {
    let (mut folders, mut rooms, mut both, mut markers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let me = &workload.people[0].0;
    for opening in 0..OPENINGS {
        let start = Instant::now();
        let store = Store::open(dir).await?;
        let folder = ms(start);
        let start = Instant::now();
        let newest = store.page(workload.room, None, None, 200).await?;
        store.room(workload.room, me).await?;
        let room = ms(start);
        anyhow::ensure!(
            newest.is_some_and(|page| page.entries.len() == 200.min(messages)),
            "a page is missing"
        );
        let start = Instant::now();
        store
            .set_read(workload.room, me, Seq((messages / (2 + opening)) as u64))
            .await?;
        store.room(workload.room, me).await?;
        markers.push(ms(start));
        store.close().await;
        folders.push(folder);
        rooms.push(room);
        both.push(folder + room);
    }
    figure("open the folder", case, "ichat", "ms", &folders);
    figure("open the room", case, "ichat", "ms", &rooms);
    figure("open the folder and the room", case, "ichat", "ms", &both);
    figure("mark as read and count", case, "ichat", "ms", &markers);
    Ok(())
}

/// A query for two words, by their ranks: common ones are in every tenth message or so, usual ones in every thousandth, rare
/// ones in a few.
struct Kind {
    name: &'static str,
    first: (usize, usize),
    second: (usize, usize),
    /// The letters of the second word that are typed; `None` is all of them and a space.
    typed: Option<usize>,
}

const COMMON: (usize, usize) = (0, 40);
const USUAL: (usize, usize) = (300, 2_000);
const RARE: (usize, usize) = (10_000, 30_000);

const KINDS: &[Kind] = &[
    kind("common common", COMMON, COMMON, None),
    kind("common usual", COMMON, USUAL, None),
    kind("common rare", COMMON, RARE, None),
    kind("usual usual", USUAL, USUAL, None),
    kind("rare rare", RARE, RARE, None),
    kind("common rar…", COMMON, RARE, Some(3)),
    kind("usual us…", USUAL, USUAL, Some(2)),
    kind("rare comm…", RARE, COMMON, Some(2)),
];

const fn kind(name: &'static str, first: (usize, usize), second: (usize, usize), typed: Option<usize>) -> Kind {
    Kind {
        name,
        first,
        second,
        typed,
    }
}

async fn measure_search(
    store: &Store,
    workload: &Workload,
    kind: &Kind,
    times: (u64, u64),
    case: &str,
) -> anyhow::Result<()> {
    let mut rng = Rng(42);
    let mut by_filter = [const { Vec::new() }; 4];
    let mut found = 0;
    for _ in 0..QUERIES {
        let mut word = |(from, to): (usize, usize)| workload.words.ranked(from + rng.below(to - from)).to_owned();
        let (first, second) = (word(kind.first), word(kind.second));
        let text = match kind.typed {
            Some(letters) => format!("{first} {}", &second[..letters.min(second.len())]),
            None => format!("{first} {second} "),
        };
        let author = Some(workload.people[rng.below(AUTHORS)].0.clone());
        let span = times.1 - times.0;
        let from = times.0 + rng.below(usize::try_from(span)?) as u64;
        let plain = SearchQuery {
            text,
            limit: 50,
            ..SearchQuery::default()
        };
        let filters = [
            plain.clone(),
            SearchQuery {
                room: Some(workload.room),
                ..plain.clone()
            },
            SearchQuery {
                author,
                ..plain.clone()
            },
            SearchQuery {
                from: Some(from),
                until: Some(from + span / 10),
                ..plain
            },
        ];
        for (search, times) in filters.into_iter().zip(&mut by_filter) {
            let start = Instant::now();
            found += store.search(search).await?.len();
            times.push(ms(start));
        }
    }
    for (filter, times) in ["no filter", "room", "author", "time"].iter().zip(&by_filter) {
        let case = format!("{case}, {}, {filter}", kind.name);
        figure("search, p95", &case, "ichat", "ms", &[percentile(times, 95)]);
    }
    let all: Vec<f64> = by_filter.concat();
    figure(
        "search",
        &format!("{case}, {}, {found} found", kind.name),
        "ichat",
        "ms",
        &all,
    );
    Ok(())
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}
