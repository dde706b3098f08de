//! Checking a folder or a backup.
//!
//! - a check finds every row that does not agree with the log
//! - it changes nothing
//! - a client's folder can be checked, but is no backup of a server

use std::fs;

use ichat_store::{ReplicaChange, Store, restore};

use crate::fixture::{Fixture, Person, as_killed, long_room, problems_of, refused, sound, tamper};

#[tokio::test]
async fn a_check_finds_every_row_that_does_not_agree_with_the_log() {
    for (sql, problem) in [
        (
            "UPDATE entry SET body = replace(body, 'message 7', 'forged') WHERE body LIKE '%message 7\"%'",
            "is not what was written",
        ),
        ("DELETE FROM entry WHERE body LIKE '%message 7\"%'", "are missing"),
        (
            "DELETE FROM entry WHERE body LIKE '%message 299%'",
            "should have the entries",
        ),
        (
            "DELETE FROM entry WHERE key = (2 << 40) + 1; UPDATE room SET first_seq = 2 WHERE key = 2",
            "the entries 1 to 1 are missing",
        ),
        ("UPDATE room SET last_at = last_at + 1", "its time does not agree"),
        (
            "UPDATE room_state SET topic = 'other'",
            "the topic or the number of members",
        ),
        ("UPDATE room_state SET name = 'other'", "the name, the topic"),
        ("UPDATE room_state SET members = members + 1", "the number of members"),
        ("DELETE FROM room_state", "the name, the topic"),
        ("UPDATE member SET joined = NOT joined", "the list of members"),
        ("UPDATE member SET named_by = named_by + 1", "the list of members"),
        (
            "INSERT INTO member (room, user, name, joined, search_name) SELECT 2, key, 'Eve', 1, 'eve' FROM user WHERE key NOT IN (SELECT user FROM member)",
            "the list of members",
        ),
        (
            "UPDATE message_count SET messages = messages + 1",
            "the number of messages",
        ),
        (
            "INSERT INTO search_index (search_index, rowid, text)
             SELECT 'delete', key, body ->> 'text' || ' ' || char(0xE000) || author FROM entry
             WHERE body LIKE '%message 7\"%'",
            "the search index lacks a word of message",
        ),
        (
            "INSERT INTO search_index (rowid, text) SELECT key, 'gossip' FROM entry WHERE body LIKE '%message 7\"%'",
            "the search index has a word that is not in message",
        ),
        (
            "UPDATE search_progress SET indexed_to = indexed_to + 1",
            "goes beyond the log",
        ),
        (
            "UPDATE identity SET lobby = zeroblob(16)",
            "the server's identity can't be read",
        ),
    ] {
        let (fixture, _) = long_room().await;
        fixture.store.close().await;
        sound(fixture.dir.path());
        tamper(fixture.dir.path(), sql);
        let found = problems_of(fixture.dir.path());
        assert!(found.contains(problem), "{sql}: {found}");
    }
}

#[tokio::test]
async fn a_check_changes_nothing() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    fixture.says(&alice, "hi").await;
    let dir = as_killed(&fixture);
    let read = |file: &str| fs::read(dir.path().join(file)).unwrap();
    let before = (read("ichat.db"), read("ichat.db-wal"), read("commit-watermark"));
    sound(dir.path());
    assert!(!dir.path().join("lock").exists());
    assert!(before == (read("ichat.db"), read("ichat.db-wal"), read("commit-watermark")));
}

#[tokio::test]
async fn a_clients_folder_can_be_checked_and_is_no_backup_of_a_server() {
    let (fixture, _) = long_room().await;
    let dir = tempfile::tempdir().unwrap();
    let client = Store::open(dir.path()).await.unwrap();
    let page = fixture.page(None, None, 200).await;
    let (epoch, entries) = (page.head.epoch, page.entries);
    let room = fixture.room;
    client
        .save(vec![ReplicaChange::AddEntries { room, epoch, entries }])
        .await
        .unwrap();
    client.close().await;
    assert!(sound(dir.path()).is_replica);
    let error = refused(restore(
        &dir.path().join("ichat.db"),
        fixture.dir.path().join("x").as_path(),
        &mut |_| {},
    ));
    assert!(error.contains("what an app keeps"), "{error}");
}
