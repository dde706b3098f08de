//! The projections follow from the log, and an administrator can read the tables.
//!
//! - a folder with projections of another version is opened, and has the same tables afterwards
//! - so has a replica, in which the server's description replaces a part of the log
//! - a newer description replaces the effect of the entries before it
//! - read markers survive the rebuild
//! - the log can be read with SQL

use std::path::Path;

use ichat_protocol::{Body, Seq};
use ichat_store::{ReplicaChange, Store};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::fixture::{Fixture, Person, busy_room, found, sound, tamper, whole_log};

/// The tables that are rebuilt, but for the search index.
const TABLES: [&str; 3] = ["room_state", "member", "message_count"];

fn rows(dir: &Path, sql: &str) -> Vec<Vec<Value>> {
    let file = Connection::open(dir.join("ichat.db")).unwrap();
    let mut statement = file.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect());
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

fn tables(dir: &Path) -> Vec<Vec<Vec<Value>>> {
    TABLES
        .map(|table| rows(dir, &format!("SELECT * FROM {table}")))
        .to_vec()
}

/// Makes the projections those of another version, with other rows and another set of columns.
fn outdate(dir: &Path) {
    tamper(
        dir,
        "UPDATE projection_version SET version = version + 1;
         DELETE FROM message_count;
         UPDATE room_state SET topic = 'nonsense';
         ALTER TABLE member ADD COLUMN mood TEXT",
    );
}

#[tokio::test]
async fn projections_of_another_version_are_rebuilt_to_equal_tables() {
    let (fixture, alice) = busy_room().await;
    fixture.store.set_read(fixture.room, &alice.id, Seq(2)).await.unwrap();
    let (log, seen) = (fixture.log().await, fixture.sees(&alice).await);
    fixture.store.close().await;
    let before = tables(fixture.dir.path());
    assert!(before.iter().all(|rows| !rows.is_empty()));
    outdate(fixture.dir.path());
    assert_ne!(tables(fixture.dir.path()), before);

    let fixture = fixture.reopened().await;
    assert_eq!((fixture.log().await, fixture.sees(&alice).await), (log, seen));
    assert_eq!(fixture.finds("very").await, ["the very first thing"]);
    assert!(fixture.finds("haste").await.is_empty());
    fixture.store.close().await;
    assert_eq!(tables(fixture.dir.path()), before);
    sound(fixture.dir.path());
}

#[tokio::test]
async fn a_replica_is_rebuilt_from_its_part_of_the_log_and_the_servers_description() {
    let (fixture, alice) = busy_room().await;
    let room = fixture.room;
    let summary = fixture.sees(&alice).await;
    let members = fixture.store.members(room).await.unwrap();
    let carol = Person::called("carol");
    fixture.commit(carol.joins(room)).await;
    let topic = Body::Topic {
        text: "newer things".into(),
    };
    fixture.commit(alice.posts(room, topic)).await;
    let page = fixture.page(None, Some(4), 200).await;
    let dir = tempfile::tempdir().unwrap();
    let replica = Store::open(dir.path()).await.unwrap();
    let changes = vec![
        ReplicaChange::SetRoom(summary),
        ReplicaChange::SetMembers {
            room,
            members,
            complete: true,
        },
        ReplicaChange::AddEntries {
            room,
            epoch: page.head.epoch,
            entries: page.entries,
        },
    ];
    replica.save(changes).await.unwrap();
    let state = replica.persisted_state().await.unwrap();
    assert_eq!(
        (state.rooms[0].room.topic.as_str(), state.rooms[0].room.members),
        ("newer things", 2)
    );
    let listed = replica.members(room).await.unwrap();
    assert_eq!(listed.len(), 3);
    let log = whole_log(&replica, room).await;
    replica.close().await;
    sound(dir.path());
    let before = tables(dir.path());
    outdate(dir.path());

    let replica = Store::open(dir.path()).await.unwrap();
    assert_eq!(replica.persisted_state().await.unwrap(), state);
    assert_eq!(replica.members(room).await.unwrap(), listed);
    assert_eq!(whole_log(&replica, room).await, log);
    assert_eq!(
        found(&replica, "thing").await.len(),
        0,
        "the message is below the range"
    );
    replica.close().await;
    assert_eq!(tables(dir.path()), before);
    sound(dir.path());
}

#[tokio::test]
async fn a_newer_description_of_a_replicas_room_replaces_the_effect_of_its_entries() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let fixture = Fixture::with(&[&alice]).await;
    let dir = tempfile::tempdir().unwrap();
    let replica = Store::open(dir.path()).await.unwrap();
    let room = ReplicaChange::SetRoom(fixture.sees(&alice).await);
    replica.save(vec![room]).await.unwrap();
    fixture.commit(bob.joins(fixture.room)).await;
    let page = fixture.page(None, Some(2), 200).await;
    let entries = ReplicaChange::AddEntries {
        room: fixture.room,
        epoch: page.head.epoch,
        entries: page.entries,
    };
    replica.save(vec![entries]).await.unwrap();
    let room = ReplicaChange::SetRoom(fixture.sees(&alice).await);
    replica.save(vec![room]).await.unwrap();
    replica.close().await;
    sound(dir.path());
}

#[tokio::test]
async fn the_log_can_be_read_with_sql() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let mut posted = alice.says(fixture.room, "ten to two");
    posted.at = 1_790_000_000_123;
    fixture.commit(posted).await;
    fixture.store.close().await;
    let text = |text: &str| Value::Text(text.into());
    assert_eq!(
        rows(fixture.dir.path(), "SELECT * FROM log WHERE kind = 'message'"),
        [[
            text("Office"),
            Value::Integer(3),
            text("2026-09-21 14:13:20.123"),
            text("alice"),
            text("message"),
            text("{\"text\":\"ten to two\"}")
        ]]
    );
    let columns = "SELECT at, kind, body ->> 'text' FROM entry ORDER BY key DESC LIMIT 1";
    assert_eq!(
        rows(fixture.dir.path(), columns),
        [[Value::Integer(1_790_000_000_123), text("message"), text("ten to two")]]
    );
}
