//! Random actions against a naive model in memory, and a replica that is built from random pages.
//!
//! - the log, the search, members, unread counts and pages agree with the model
//! - a replica agrees with it, in whichever order it receives pages and the server's descriptions
//! - the projections of both are those of a rebuild

mod naive;

use std::collections::HashMap;

use ichat_protocol::{Body, Entry, Member, Page, RoomId, RoomSummary, Seq};
use ichat_store::{NewEntry, Outcome, ReplicaChange, Store};
use proptest::prelude::*;

use self::naive::{Model, is_message};
use crate::fixture::{Fixture, Person, found, message, renamed, sound, text_of, whole_log};

/// An action of a person. The numbers select among the people and the entries that there are.
#[derive(Clone, Debug)]
enum Action {
    Says(usize, String),
    Edits(usize, usize, String),
    Deletes(usize, usize),
    Reacts(usize, usize, bool),
    Joins(usize),
    Leaves(usize),
    TakesName(usize, String),
    Repeats(usize),
    Reads(usize, u64),
}

const PEOPLE: usize = 3;

fn action() -> impl Strategy<Value = Action> {
    let who = || 0..PEOPLE;
    let word = || "(red|green|blue|grey) (car|boat|bike)";
    prop_oneof![
        6 => (who(), word()).prop_map(|(who, text)| Action::Says(who, text)),
        3 => (who(), any::<usize>(), word()).prop_map(|(who, of, text)| Action::Edits(who, of, text)),
        2 => (who(), any::<usize>()).prop_map(|(who, of)| Action::Deletes(who, of)),
        2 => (who(), any::<usize>(), any::<bool>()).prop_map(|(who, to, on)| Action::Reacts(who, to, on)),
        2 => who().prop_map(Action::Joins),
        1 => who().prop_map(Action::Leaves),
        1 => (who(), "[a-c]").prop_map(|(who, text)| Action::TakesName(who, text)),
        1 => any::<usize>().prop_map(Action::Repeats),
        1 => (who(), 0..60_u64).prop_map(|(who, seq)| Action::Reads(who, seq)),
    ]
}

fn word_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Committed(_) => "committed",
        Outcome::Duplicate(_) => "duplicate",
        Outcome::Conflict => "conflict",
        Outcome::UnknownRoom => "unknown room",
        Outcome::NotJoined => "not joined",
        Outcome::UnknownEntry => "unknown entry",
        Outcome::NotYours => "not yours",
        Outcome::LimitReached => "limit reached",
        Outcome::TooManyReactions | Outcome::TooManyGuestReactions | Outcome::TooManyOwnReactions => {
            "too many reactions"
        }
        Outcome::Damaged(_) => "damaged",
    }
}

/// Turns an action into an entry. Some refer to what is not there, or is not their author's.
fn entry_of(action: &Action, people: &[Person], room: RoomId, posted: &[NewEntry]) -> Option<NewEntry> {
    let target = |n: usize| (!posted.is_empty()).then(|| posted[n % posted.len()].id);
    Some(match action {
        Action::Says(who, text) => people[*who].posts(room, message(text)),
        Action::Edits(who, of, text) => people[*who].posts(
            room,
            Body::Edit {
                of: target(*of)?,
                text: text.clone(),
                mentions: Vec::new(),
            },
        ),
        Action::Deletes(who, of) => people[*who].posts(room, Body::Delete { of: target(*of)? }),
        Action::Reacts(who, to, on) => people[*who].posts(
            room,
            Body::React {
                to: target(*to)?,
                emoji: "👍".into(),
                on: *on,
            },
        ),
        Action::Joins(who) => people[*who].joins(room),
        Action::Leaves(who) => people[*who].posts(room, Body::Left),
        Action::TakesName(who, called) => people[*who].posts(room, renamed(called)),
        Action::Repeats(n) => posted.get(n % posted.len().max(1))?.clone(),
        Action::Reads(..) => return None,
    })
}

/// Returns the messages' texts as a page shows them: the last edit in the page or beyond it counts.
fn shown(page: &Page) -> Vec<String> {
    let mut edited = HashMap::new();
    for entry in page.entries.iter().chain(&page.later) {
        if let Body::Edit { of, text, .. } = &entry.body {
            edited.insert(*of, text.clone());
        }
    }
    let messages = page.entries.iter().filter(|entry| is_message(entry));
    messages
        .map(|message| edited.remove(&message.id).unwrap_or_else(|| text_of(message)))
        .collect()
}

async fn agrees(fixture: &Fixture, model: &Model, people: &[Person]) {
    assert_eq!(whole_log(&fixture.store, fixture.room).await, model.log);
    for word in ["red", "green", "blue", "grey", "car", "boat", "bike"] {
        assert_eq!(
            fixture.finds(&format!("{word} ")).await,
            model.current_texts(word),
            "{word}"
        );
    }
    let members = fixture.store.members(fixture.room).await.unwrap();
    let mut joined = 0;
    for person in people {
        let called = model.member_name(&person.id);
        joined += u32::from(called.is_some());
        let member = members.iter().find(|m| m.id == person.id);
        let shown = member.filter(|m| !m.left).map(|m| m.name.to_string());
        assert_eq!(shown, called);
        let summary = fixture.sees(person).await;
        assert_eq!(summary.joined, called.is_some());
        assert_eq!((summary.read.0, summary.unread), model.unread(&person.id));
    }
    assert_eq!(fixture.sees(&people[0]).await.members, joined);
}

/// The server's description of the room at some time.
type Snapshot = (RoomSummary, Vec<Member>);

async fn snapshot(fixture: &Fixture, person: &Person) -> Snapshot {
    let members = fixture.store.members(fixture.room).await.unwrap();
    (fixture.sees(person).await, members)
}

/// Builds a client's replica from pages of this size, upwards and downwards from the middle by turns. At some turns the
/// server's description of some time arrives as well.
async fn replica_agrees(fixture: &Fixture, model: &Model, size: u64, turns: &[(bool, usize)], snapshots: &[Snapshot]) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let top = model.log.len() as u64;
    let (mut low, mut high) = (top / 2 + 1, top / 2);
    let mut turns = turns.iter().copied().cycle();
    while low > 1 || high < top {
        let (up, description) = turns.next().unwrap();
        let (from, to) = if (up && high < top) || low == 1 {
            // One entry arrives twice, as may happen.
            (high.max(1), (high + size).min(top))
        } else {
            (low.saturating_sub(size).max(1), (low).min(top))
        };
        let page = fixture.page(Some(to + 1), Some(from - 1), 200).await;
        (low, high) = (low.min(from), high.max(to));
        let mut changes = vec![ReplicaChange::AddEntries {
            room: fixture.room,
            epoch: page.head.epoch,
            entries: page.entries,
        }];
        if let Some((summary, members)) = snapshots.get(description) {
            changes.push(ReplicaChange::SetRoom(summary.clone()));
            if description % 3 == 0 {
                changes.push(ReplicaChange::SetMembers {
                    room: fixture.room,
                    members: members.clone(),
                    complete: true,
                });
            }
        }
        store.save(changes).await.unwrap();
    }
    assert_eq!(whole_log(&store, fixture.room).await, model.log);
    for word in ["red", "green", "blue", "grey"] {
        assert_eq!(
            found(&store, &format!("{word} ")).await,
            model.current_texts(word),
            "{word}"
        );
    }
    for before in 1..=top + 1 {
        let here = store.page(fixture.room, Some(Seq(before)), None, 7).await;
        let there = fixture.page(Some(before), None, 7).await;
        assert_eq!(here.unwrap().unwrap().entries, there.entries);
    }
    store.close().await;
    sound(dir.path());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_store_agrees_with_a_naive_model(
        actions in prop::collection::vec(action(), 1..60),
        batch in 1..8_usize,
        size in 1..20_u64,
        turns in prop::collection::vec((any::<bool>(), 0..20_usize), 1..6),
        pages in prop::collection::vec((prop::option::of(0..70_u64), prop::option::of(0..70_u64), 0..12_u32), 6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let people: Vec<Person> = (0..PEOPLE).map(|n| Person::called(&format!("person {n}"))).collect();
            let fixture = Fixture::with(&[]).await;
            let mut model = Model::default();
            for entry in whole_log(&fixture.store, fixture.room).await {
                model.start_with(entry);
            }
            let mut posted: Vec<NewEntry> = Vec::new();
            let mut snapshots = Vec::new();
            let mut waiting = people[..2].iter().map(|who| who.joins(fixture.room)).collect::<Vec<_>>();
            for action in &actions {
                if let Action::Reads(who, seq) = action {
                    commit(&fixture, &mut model, &mut waiting).await;
                    let who = &people[*who];
                    fixture.store.set_read(fixture.room, &who.id, Seq(*seq)).await.unwrap();
                    if model.member_name(&who.id).is_some() {
                        model.read.insert(who.id.clone(), (*seq).min(model.log.len() as u64));
                    }
                }
                if let Some(new) = entry_of(action, &people, fixture.room, &posted) {
                    posted.push(new.clone());
                    waiting.push(new);
                }
                if waiting.len() >= batch {
                    commit(&fixture, &mut model, &mut waiting).await;
                    snapshots.push(snapshot(&fixture, &people[0]).await);
                }
            }
            commit(&fixture, &mut model, &mut waiting).await;
            let fixture = fixture.reopened().await;
            agrees(&fixture, &model, &people).await;
            for (before, after, limit) in pages {
                page_agrees(&fixture, &model, before, after, limit).await;
            }
            replica_agrees(&fixture, &model, size, &turns, &snapshots).await;
            fixture.store.close().await;
            sound(fixture.dir.path());
        });
    }
}

async fn commit(fixture: &Fixture, model: &mut Model, waiting: &mut Vec<NewEntry>) {
    let entries = std::mem::take(waiting);
    let outcomes = fixture.store.commit(entries.clone()).await.unwrap();
    assert_eq!(outcomes.len(), entries.len());
    for (new, outcome) in entries.iter().zip(&outcomes) {
        assert_eq!(word_of(outcome), model.append(new), "{new:?}");
    }
}

async fn page_agrees(fixture: &Fixture, model: &Model, before: Option<u64>, after: Option<u64>, limit: u32) {
    let page = fixture.page(before, after, limit).await;
    let limit = limit.max(1) as usize;
    let within = |e: &&Entry| before.is_none_or(|b| e.seq.0 < b) && after.is_none_or(|a| e.seq.0 > a);
    let range: Vec<Entry> = model.log.iter().filter(within).cloned().collect();
    let expected = match after {
        Some(_) => range.into_iter().take(limit).collect(),
        None => range[range.len().saturating_sub(limit)..].to_vec(),
    };
    assert_eq!(
        page.entries, expected,
        "before {before:?} after {after:?} limit {limit}"
    );
    let messages = expected.iter().filter(|e| is_message(e));
    let current: Vec<String> = messages.map(|message| model.current_text(message)).collect();
    assert_eq!(shown(&page), current);
    assert!(page.later.is_sorted_by_key(|e| e.seq));
    let last = expected.last().map_or(u64::MAX, |e| e.seq.0);
    assert!(page.later.iter().all(|e| e.seq.0 > last));
}
