//! Messages like people's: a few words often, many seldom, 74 bytes on average.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use ichat_protocol::{Body, DeviceId, EntryId, MemberId, Name, RoomId};
use ichat_store::{NewEntry, Outcome, Store};

/// The members of the room.
pub(crate) const AUTHORS: usize = 20;

/// The number of different words, without numbers.
const VOCABULARY: usize = 30_000;
const COMMON: [&str; 40] = [
    "the", "to", "and", "a", "is", "it", "that", "for", "you", "on", "we", "at", "this", "with", "be", "meeting",
    "tomorrow", "printer", "again", "lunch", "report", "please", "thanks", "build", "broken", "release", "customer",
    "invoice", "question", "answer", "network", "morning", "server", "monday", "review", "window", "coffee", "budget",
    "schedule", "document",
];
/// Letters about as often as in English.
const VOWELS: &[u8] = b"eeeaaaoooiiiuy";
const CONSONANTS: &[u8] = b"tttnnnsssrrrhhlldddccmmwfgpbvk";

/// A random number generator with the same numbers in every run (`SplitMix64`).
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    /// Returns a number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap_or(0)
    }
}

/// Words by their frequency: the `n`th is about `1 / (n + 2.7)` as frequent as the first (Zipf and Mandelbrot).
pub(crate) struct Words {
    words: Vec<String>,
    /// The sum of the weights up to each word.
    sums: Vec<usize>,
}

impl Words {
    pub(crate) fn new() -> Self {
        let mut rng = Rng(7);
        let mut words: Vec<String> = COMMON.map(str::to_owned).to_vec();
        while words.len() < VOCABULARY {
            words.push(word(&mut rng, words.len()));
        }
        let mut sum = 0;
        let sums = (0..VOCABULARY).map(|rank| {
            sum += 1_000_000_000 / (10 * rank + 27);
            sum
        });
        Self {
            sums: sums.collect(),
            words,
        }
    }

    /// Returns the word with this rank; 0 is the most frequent.
    pub(crate) fn ranked(&self, rank: usize) -> &str {
        &self.words[rank]
    }

    fn random(&self, rng: &mut Rng) -> &str {
        let at = rng.below(self.sums[VOCABULARY - 1]);
        &self.words[self.sums.partition_point(|sum| *sum <= at)]
    }

    /// Returns a message of 4 to 23 words. One word in fifty is a number that hardly any other message has.
    pub(crate) fn message(&self, rng: &mut Rng) -> String {
        let words: Vec<String> = (0..4 + rng.below(20))
            .map(|_| {
                if rng.below(50) == 0 {
                    rng.below(1_000_000).to_string()
                } else {
                    self.random(rng).to_owned()
                }
            })
            .collect();
        words.join(" ")
    }
}

/// Makes up a word; rarer words are longer.
fn word(rng: &mut Rng, rank: usize) -> String {
    let more = |rng: &mut Rng, from: usize, letters: usize| if rank > from { rng.below(letters) } else { 0 };
    let length = 2 + rng.below(4) + more(rng, 300, 4) + more(rng, 3_000, 3);
    let first = rng.below(2);
    let mut word = String::new();
    while word.len() < length {
        let letters = if (word.len() + first).is_multiple_of(2) {
            VOWELS
        } else {
            CONSONANTS
        };
        word.push(char::from(letters[rng.below(letters.len())]));
        if word.len() < length && rng.below(4) == 0 {
            word.push(char::from(CONSONANTS[rng.below(CONSONANTS.len())]));
        }
    }
    word
}

/// A data folder with a room, and the people who write to it.
pub(crate) struct Workload {
    pub(crate) store: Store,
    pub(crate) room: RoomId,
    pub(crate) people: Vec<(MemberId, DeviceId)>,
    pub(crate) words: Words,
    pub(crate) rng: Rng,
    /// The bytes of all messages' texts.
    pub(crate) text_bytes: usize,
}

impl Workload {
    /// Creates the folder and the members.
    pub(crate) async fn start(dir: &Path) -> anyhow::Result<Self> {
        let store = Store::open_server(dir, &Name::parse("Lobby")?).await?;
        let room = store.lobby();
        let mut workload = Workload {
            store,
            room,
            people: Vec::new(),
            words: Words::new(),
            rng: Rng(1),
            text_bytes: 0,
        };
        for n in 0..AUTHORS {
            let mut key = [0; 32];
            key[0] = u8::try_from(n)?;
            workload.people.push((MemberId::of_key(&key), DeviceId::fresh()));
        }
        let name = Name::parse("Member")?;
        let joins = (0..AUTHORS).map(|n| workload.new_entry(n, Body::Joined { name: name.clone() }));
        let joins: Vec<NewEntry> = joins.collect();
        workload.commit(joins).await?;
        Ok(workload)
    }

    fn new_entry(&self, author: usize, body: Body) -> NewEntry {
        let (author, device) = self.people[author].clone();
        NewEntry {
            room: self.room,
            id: EntryId::fresh(),
            author,
            device,
            at: now(),
            body,
        }
    }

    /// Generates messages.
    pub(crate) fn batch(&mut self, size: usize) -> Vec<NewEntry> {
        (0..size)
            .map(|_| {
                let author = self.rng.below(AUTHORS);
                let text = self.words.message(&mut self.rng);
                self.text_bytes += text.len();
                self.new_entry(
                    author,
                    Body::Message {
                        text,
                        reply_to: None,
                        mentions: Vec::new(),
                    },
                )
            })
            .collect()
    }

    /// Commits entries, and returns their number.
    pub(crate) async fn commit(&self, batch: Vec<NewEntry>) -> anyhow::Result<usize> {
        let outcomes = self.store.commit(batch).await?;
        anyhow::ensure!(
            outcomes.iter().all(|o| matches!(o, Outcome::Committed(_))),
            "an entry was refused"
        );
        Ok(outcomes.len())
    }
}

/// Returns the time in milliseconds since the Unix epoch.
pub(crate) fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
