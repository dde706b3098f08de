//! How fast entries are committed, and what they take on the disk. Prints JSON lines; judges nothing.
//!
//! `cargo bench -p ichat-store` for the batches; `cargo bench -p ichat-store -- large 1000000` fills one room with so many
//! messages and prints the folder's size beside the size of the texts, and how long it takes to open the room.

use std::path::Path;
use std::time::{Duration, Instant};

use ichat_protocol::{Body, DeviceId, EntryId, MemberId, Name, RoomId, Seq};
use ichat_store::{Draft, Outcome, Search, Store};
use serde_json::json;

/// How long each size of batch is measured.
const EACH: Duration = Duration::from_secs(3);
const AUTHORS: usize = 20;

/// Words as they come in a chat: a few often, many seldom.
const WORDS: [&str; 40] = [
    "the", "to", "and", "a", "is", "it", "that", "for", "you", "on", "we", "at", "this", "with", "be", "meeting",
    "tomorrow", "printer", "again", "lunch", "report", "please", "thanks", "build", "broken", "release", "customer",
    "invoice", "question", "answer", "network", "morning", "server", "monday", "review", "window", "coffee", "budget",
    "schedule", "document",
];

/// Numbers that look random and are the same in every run (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % sides as u64).unwrap_or(0)
    }

    /// A message of 4 to 24 words; one word in ten is a number that no other message is likely to have.
    fn message(&mut self) -> String {
        let words: Vec<String> = (0..4 + self.roll(21))
            .map(|_| {
                if self.roll(10) == 0 {
                    return self.roll(1_000_000).to_string();
                }
                let (a, b) = (self.roll(WORDS.len()), self.roll(WORDS.len()));
                WORDS[a.min(b)].to_owned()
            })
            .collect();
        words.join(" ")
    }
}

struct Talk {
    store: Store,
    room: RoomId,
    people: Vec<(MemberId, DeviceId)>,
    dice: Dice,
    texts: usize,
}

impl Talk {
    async fn in_folder(dir: &Path) -> anyhow::Result<Self> {
        let store = Store::open_server(dir, &Name::parse("Lobby")?).await?;
        let room = store.lobby();
        let mut talk = Talk {
            store,
            room,
            people: Vec::new(),
            dice: Dice(1),
            texts: 0,
        };
        for n in 0..AUTHORS {
            let mut key = [0; 32];
            key[0] = u8::try_from(n)?;
            talk.people.push((MemberId::of_key(&key), DeviceId::fresh()));
        }
        let name = Name::parse("Somebody")?;
        let joins = (0..AUTHORS).map(|n| talk.draft(n, Body::Joined { name: name.clone() }));
        let joins: Vec<Draft> = joins.collect();
        talk.store.commit(joins).await?;
        Ok(talk)
    }

    fn draft(&self, who: usize, body: Body) -> Draft {
        let (author, device) = self.people[who].clone();
        Draft {
            room: self.room,
            id: EntryId::fresh(),
            author,
            device,
            at: 1_700_000_000_000,
            body,
        }
    }

    fn batch(&mut self, size: usize) -> Vec<Draft> {
        (0..size)
            .map(|_| {
                let who = self.dice.roll(AUTHORS);
                let text = self.dice.message();
                self.texts += text.len();
                self.draft(who, Body::Message { text, reply_to: None })
            })
            .collect()
    }

    async fn commit(&self, batch: Vec<Draft>) -> anyhow::Result<usize> {
        let outcomes = self.store.commit(batch).await?;
        anyhow::ensure!(
            outcomes.iter().all(|o| matches!(o, Outcome::Committed(_))),
            "a draft was refused"
        );
        Ok(outcomes.len())
    }
}

#[allow(clippy::print_stdout, reason = "the figures are what it is for")]
fn print(line: &serde_json::Value) {
    println!("{line}");
}

async fn batches(size: usize) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let mut talk = Talk::in_folder(dir.path()).await?;
    let (mut entries, mut commits, mut busy) = (0, 0_u32, Duration::ZERO);
    while busy < EACH {
        // Making the drafts is not what is measured.
        let batch = talk.batch(size);
        let start = Instant::now();
        entries += talk.commit(batch).await?;
        busy += start.elapsed();
        commits += 1;
    }
    #[allow(clippy::cast_precision_loss, reason = "figures for people")]
    let rate = entries as f64 / busy.as_secs_f64();
    print(&json!({
        "bench": "commit", "batch": size, "entries": entries, "entries_per_second": rate.round(),
        "ms_per_commit": busy.as_secs_f64() * 1_000.0 / f64::from(commits),
    }));
    talk.store.close().await;
    Ok(())
}

async fn large(messages: usize) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let mut talk = Talk::in_folder(dir.path()).await?;
    let mut busy = Duration::ZERO;
    let mut left = messages;
    while left > 0 {
        let batch = talk.batch(left.min(1_000));
        left -= batch.len();
        let start = Instant::now();
        talk.commit(batch).await?;
        busy += start.elapsed();
    }
    talk.store.close().await;
    let mut size = 0;
    for file in std::fs::read_dir(dir.path())? {
        size += file?.metadata()?.len();
    }
    let ms = |since: Instant| since.elapsed().as_secs_f64() * 1_000.0;
    let start = Instant::now();
    let store = Store::open(dir.path()).await?;
    let opened = ms(start);
    let me = &talk.people[0].0;
    let start = Instant::now();
    let newest = store.page(talk.room, None, None, 200).await?;
    let summary = store.room(talk.room, me).await?;
    let room_opened = ms(start);
    anyhow::ensure!(
        newest.is_some_and(|page| page.entries.len() == 200.min(messages)),
        "a page is missing"
    );
    let start = Instant::now();
    store.set_read(talk.room, me, Seq(messages as u64 / 2)).await?;
    let half = store.room(talk.room, me).await?;
    let unread = ms(start);
    let start = Instant::now();
    let search = Search {
        text: "printer bro".into(),
        limit: 50,
        ..Search::default()
    };
    let hits = store.search(search).await?.len();
    let searched = ms(start);
    #[allow(clippy::cast_precision_loss, reason = "figures for people")]
    print(&json!({
        "bench": "large", "messages": messages, "entries_per_second": (messages as f64 / busy.as_secs_f64()).round(),
        "text_bytes": talk.texts, "folder_bytes": size, "folder_to_text": size as f64 / talk.texts as f64,
        "open_folder_ms": opened, "open_room_ms": room_opened, "mark_and_count_ms": unread, "search_ms": searched,
        "hits": hits, "unread": summary.map(|room| room.unread), "unread_of_half": half.map(|room| room.unread),
    }));
    store.close().await;
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Cargo passes `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.as_slice() {
        [large_word, messages] if large_word == "large" => large(messages.parse()?).await,
        _ => {
            for size in [1, 10, 100, 1_000] {
                batches(size).await?;
            }
            Ok(())
        }
    }
}
