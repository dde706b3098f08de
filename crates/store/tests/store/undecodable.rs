//! Messages whose text can't be decoded any more.
//!
//! - one is left out of the search index, and the others are found; also if it was indexed before
//! - in a replica it can be edited, deleted and reset

use ichat_protocol::Epoch;
use ichat_store::ReplicaChange;

use crate::client::{Client, room_of_three};
use crate::fixture::{Fixture, Person, found, problems_of, tamper};

#[tokio::test]
async fn a_message_that_can_not_be_decoded_is_left_out_of_the_search() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    for text in ["an old plum", "a bad plum", "a new plum"] {
        fixture.says(&alice, text).await;
    }
    fixture.store.close().await;
    // As after an update with other projections: nothing is indexed yet.
    tamper(
        fixture.dir.path(),
        "UPDATE projection_version SET version = version + 1;
         UPDATE entry SET body = '{' WHERE body LIKE '%bad%'",
    );
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.finds("plum").await, ["a new plum", "an old plum"]);
    fixture.store.close().await;
    let problems = problems_of(fixture.dir.path());
    assert!(!problems.contains("search index"), "{problems}");
    let file = rusqlite::Connection::open(fixture.dir.path().join("ichat.db")).unwrap();
    let pending = "SELECT count(*) FROM room LEFT JOIN search_progress ON room = key
                   WHERE last_seq > coalesce(indexed_to, 0) & 0xFFFFFFFFFF";
    let pending: u32 = file.query_row(pending, [], |row| row.get(0)).unwrap();
    assert_eq!(pending, 0, "the index waits for the damaged message");
}

#[tokio::test]
async fn an_indexed_message_that_can_not_be_decoded_any_more_is_left_out_of_the_search() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    for text in ["an old plum", "a bad plum", "a new plum"] {
        fixture.says(&alice, text).await;
    }
    assert_eq!(fixture.finds("plum").await, ["a new plum", "a bad plum", "an old plum"]);
    fixture.store.close().await;
    tamper(
        fixture.dir.path(),
        "UPDATE entry SET body = '{' WHERE body LIKE '%bad%'",
    );
    let fixture = fixture.reopened().await;
    for query in ["plum", "pl", "bad plum"] {
        let expected: &[&str] = if query == "bad plum" {
            &[]
        } else {
            &["a new plum", "an old plum"]
        };
        assert_eq!(fixture.finds(query).await, expected, "{query}");
    }
    fixture.store.close().await;
}

#[tokio::test]
async fn a_message_of_a_replica_that_can_not_be_decoded_can_be_edited_deleted_and_reset() {
    let (fixture, alice, _) = room_of_three().await;
    let log = fixture.log().await;
    let edit = fixture.edits(&alice, &log[9], "changed").await.seq.0;
    let delete = fixture.deletes(&alice, &log[10]).await.seq.0;
    for is_reset in [false, true] {
        let client = Client::of(&fixture).await;
        client.stores(&fixture, 5..=20).await.unwrap();
        assert_eq!(found(&client.store, "message 10").await, ["message 10"]);
        client.store.close().await;
        tamper(
            client.dir.path(),
            "UPDATE entry SET body = '{' WHERE body LIKE '%message 10\"%' OR body LIKE '%message 11\"%'",
        );
        let client = client.reopened().await;
        if is_reset {
            let (room, epoch) = (fixture.room, Epoch::fresh());
            let reset = ReplicaChange::ResetRoom { room, epoch };
            client.store.save(vec![reset]).await.unwrap();
            assert_eq!(found(&client.store, "message").await.len(), 0);
            let entries = log.clone();
            let again = ReplicaChange::AddEntries { room, epoch, entries };
            client.store.save(vec![again]).await.unwrap();
            assert_eq!(found(&client.store, "message 10").await, ["message 10"]);
        } else {
            client.stores(&fixture, edit..=edit).await.unwrap();
            client.stores(&fixture, delete..=delete).await.unwrap();
        }
        assert_eq!(found(&client.store, "message 9").await, ["message 9"]);
    }
}
