//! Very many rooms and members, written directly into a store.

#![allow(clippy::unwrap_used, reason = "a test that can't continue fails where it is")]

use ichat_protocol::limits::MAX_TOPIC_CHARS;
use ichat_protocol::{Body, DeviceId, EntryId, MemberId, RoomId};
use ichat_store::{NewEntry, Outcome, Store};
use uuid::Uuid;

use crate::identity::name;

/// The entries of one transaction.
const BATCH: usize = 10_000;

/// Creates rooms called `Room 0`, `Room 1` …, with the longest topics, whose only member is this one.
pub async fn create_rooms(store: &Store, count: usize, member: &MemberId) {
    let topic = "🌊".repeat(MAX_TOPIC_CHARS);
    let entries = (0..count).flat_map(|number| {
        let room = RoomId::fresh();
        let called = name(&format!("Room {number}"));
        let joined = Body::Joined { name: name("Owner") };
        let topic = Body::Topic { text: topic.clone() };
        [Body::Created { name: called }, joined, topic].map(|body| entry(room, member, body))
    });
    commit(store, entries).await;
}

/// Adds guests called `Guest 0`, `Guest 1` … to the lobby. Returns their ids.
pub async fn add_guests(store: &Store, count: usize) -> Vec<MemberId> {
    let ids: Vec<_> = (0..count).map(|_| MemberId::guest(Uuid::now_v7())).collect();
    add_members(store, &ids, "Guest").await;
    ids
}

/// Adds people with a key, called `Person 0`, `Person 1` … to the lobby. Returns their ids.
pub async fn add_people(store: &Store, count: u8) -> Vec<MemberId> {
    let ids: Vec<_> = (0..count).map(|number| MemberId::of_key(&[number; 32])).collect();
    add_members(store, &ids, "Person").await;
    ids
}

async fn add_members(store: &Store, ids: &[MemberId], called: &str) {
    let entries = ids.iter().enumerate().map(|(number, id)| {
        let name = name(&format!("{called} {number}"));
        entry(store.lobby(), id, Body::Joined { name })
    });
    commit(store, entries).await;
}

/// Writes a message of a member of the lobby.
pub async fn add_message(store: &Store, author: &MemberId, text: &str) {
    let body = Body::Message {
        text: text.to_owned(),
        reply_to: None,
        mentions: Vec::new(),
    };
    commit(store, [entry(store.lobby(), author, body)]).await;
}

/// Returns an entry for a store.
pub fn entry(room: RoomId, author: &MemberId, body: Body) -> NewEntry {
    NewEntry {
        room,
        id: EntryId::fresh(),
        author: author.clone(),
        device: DeviceId(Uuid::nil()),
        at: 1_700_000_000_000,
        body,
    }
}

async fn commit(store: &Store, entries: impl IntoIterator<Item = NewEntry>) {
    let mut entries = entries.into_iter().peekable();
    while entries.peek().is_some() {
        let batch = entries.by_ref().take(BATCH).collect();
        let outcomes = store.commit(batch).await.unwrap();
        let all_committed = outcomes.iter().all(|outcome| matches!(outcome, Outcome::Committed(_)));
        assert!(all_committed, "an entry was refused");
    }
}
