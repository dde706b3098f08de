//! Talk like people's: a few words often, many seldom, 74 bytes a message.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use ichat_protocol::{Body, DeviceId, EntryId, MemberId, Name, RoomId};
use ichat_store::{NewEntry, Outcome, Store};

pub(crate) const AUTHORS: usize = 20;

/// How many different words there are, numbers aside.
const VOCABULARY: usize = 30_000;
const COMMON: [&str; 40] = [
    "the", "to", "and", "a", "is", "it", "that", "for", "you", "on", "we", "at", "this", "with", "be", "meeting",
    "tomorrow", "printer", "again", "lunch", "report", "please", "thanks", "build", "broken", "release", "customer",
    "invoice", "question", "answer", "network", "morning", "server", "monday", "review", "window", "coffee", "budget",
    "schedule", "document",
];
/// Letters about as often as in English, so that texts can be made shorter by no more than real ones can.
const VOWELS: &[u8] = b"eeeaaaoooiiiuy";
const CONSONANTS: &[u8] = b"tttnnnsssrrrhhlldddccmmwfgpbvk";

/// Numbers that look random and are the same in every run (`SplitMix64`).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % sides as u64).unwrap_or(0)
    }
}

/// Words by how often they come: the `n`th about `1 / (n + 2.7)` as often as the first (Zipf and Mandelbrot).
pub(crate) struct Words {
    words: Vec<String>,
    /// The sums of the weights up to each word.
    sums: Vec<usize>,
}

impl Words {
    pub(crate) fn new() -> Self {
        let mut dice = Dice(7);
        let mut words: Vec<String> = COMMON.map(str::to_owned).to_vec();
        while words.len() < VOCABULARY {
            words.push(word(&mut dice, words.len()));
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

    /// The word that is so often; 0 is the most frequent.
    pub(crate) fn ranked(&self, rank: usize) -> &str {
        &self.words[rank]
    }

    fn any(&self, dice: &mut Dice) -> &str {
        let at = dice.roll(self.sums[VOCABULARY - 1]);
        &self.words[self.sums.partition_point(|sum| *sum <= at)]
    }

    /// A message of 4 to 23 words; one word in fifty is a number that hardly any other message has.
    pub(crate) fn message(&self, dice: &mut Dice) -> String {
        let words: Vec<String> = (0..4 + dice.roll(20))
            .map(|_| {
                if dice.roll(50) == 0 {
                    dice.roll(1_000_000).to_string()
                } else {
                    self.any(dice).to_owned()
                }
            })
            .collect();
        words.join(" ")
    }
}

/// Rarer words are longer.
fn word(dice: &mut Dice, rank: usize) -> String {
    let more = |dice: &mut Dice, from: usize, letters: usize| if rank > from { dice.roll(letters) } else { 0 };
    let length = 2 + dice.roll(4) + more(dice, 300, 4) + more(dice, 3_000, 3);
    let first = dice.roll(2);
    let mut word = String::new();
    while word.len() < length {
        let letters = if (word.len() + first).is_multiple_of(2) {
            VOWELS
        } else {
            CONSONANTS
        };
        word.push(char::from(letters[dice.roll(letters.len())]));
        if word.len() < length && dice.roll(4) == 0 {
            word.push(char::from(CONSONANTS[dice.roll(CONSONANTS.len())]));
        }
    }
    word
}

/// A folder in which some people talk.
pub(crate) struct Talk {
    pub(crate) store: Store,
    pub(crate) room: RoomId,
    pub(crate) people: Vec<(MemberId, DeviceId)>,
    pub(crate) words: Words,
    pub(crate) dice: Dice,
    /// The bytes of all messages.
    pub(crate) texts: usize,
}

impl Talk {
    pub(crate) async fn in_folder(dir: &Path) -> anyhow::Result<Self> {
        let store = Store::open_server(dir, &Name::parse("Lobby")?).await?;
        let room = store.lobby();
        let mut talk = Talk {
            store,
            room,
            people: Vec::new(),
            words: Words::new(),
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
        let joins: Vec<NewEntry> = joins.collect();
        talk.commit(joins).await?;
        Ok(talk)
    }

    fn draft(&self, who: usize, body: Body) -> NewEntry {
        let (author, device) = self.people[who].clone();
        NewEntry {
            room: self.room,
            id: EntryId::fresh(),
            author,
            device,
            at: now(),
            body,
        }
    }

    pub(crate) fn batch(&mut self, size: usize) -> Vec<NewEntry> {
        (0..size)
            .map(|_| {
                let who = self.dice.roll(AUTHORS);
                let text = self.words.message(&mut self.dice);
                self.texts += text.len();
                self.draft(who, Body::Message { text, reply_to: None })
            })
            .collect()
    }

    pub(crate) async fn commit(&self, batch: Vec<NewEntry>) -> anyhow::Result<usize> {
        let outcomes = self.store.commit(batch).await?;
        anyhow::ensure!(
            outcomes.iter().all(|o| matches!(o, Outcome::Committed(_))),
            "a draft was refused"
        );
        Ok(outcomes.len())
    }
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
