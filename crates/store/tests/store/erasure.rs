//! A deleted message leaves nothing behind.
//!
//! - its text, short or long, and that of its edits leave every file, also while the store is open
//! - after a crash it leaves the write-ahead log when the folder is opened
//! - its words leave the search index, also the segments that were merged since
//! - rebuilding the projections leaves no words behind that a later deletion does not reach

use std::time::Duration;

use ichat_store::Store;

use crate::fixture::{Fixture, Person, as_killed, name, tamper};

/// Posts and indexes messages with many different words, so that the index merges its segments again and again.
async fn talk(fixture: &Fixture, who: &Person, batches: usize) {
    for batch in 0..batches {
        let entries = (0..200).map(|n| who.says(fixture.room, &format!("talk{batch} number{n} of {}", batch * 7 + n)));
        fixture.store.commit(entries.collect()).await.unwrap();
        // A search indexes the batch.
        fixture.finds("talk0").await;
    }
}

#[tokio::test]
async fn deleted_text_leaves_all_files() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    // One fits a page of the database, the other fills several of its own.
    let short = fixture.says(&alice, "Quite-Secret-Phrase here").await;
    let long = fixture.says(&alice, &"Lengthy-Secret-Phrase ".repeat(600)).await;
    fixture.edits(&alice, &short, "Edited-Secret-Phrase there").await;
    let secrets = ["Quite-Secret-Phrase", "Lengthy-Secret-Phrase", "Edited-Secret-Phrase"];
    let fixture = fixture.reopened().await;
    for secret in secrets {
        assert!(fixture.has_on_disk(secret), "{secret} was never on the disk");
    }
    fixture.deletes(&alice, &short).await;
    fixture.deletes(&alice, &long).await;
    let fixture = fixture.reopened().await;
    for secret in secrets {
        assert!(!fixture.has_on_disk(secret), "{secret}");
    }
}

#[tokio::test]
async fn deleted_text_leaves_the_write_ahead_log_while_the_store_is_open() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let posted = fixture.says(&alice, "Quite-Secret-Phrase here").await;
    assert!(fixture.has_on_disk("Quite-Secret-Phrase"));
    fixture.deletes(&alice, &posted).await;
    let gone = async {
        while fixture.has_on_disk("Quite-Secret-Phrase") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.unwrap();
    fixture.store.close().await;
}

#[tokio::test]
async fn deleted_text_leaves_the_log_of_a_crash_at_the_next_opening() {
    let alice = Person::called("alice");
    let mut fixture = Fixture::with(&[&alice]).await;
    let posted = fixture.says(&alice, "Quite-Secret-Phrase here").await;
    fixture.deletes(&alice, &posted).await;
    let killed = as_killed(&fixture);
    fixture.store.close().await;
    fixture.dir = killed;
    assert!(fixture.has_on_disk("Quite-Secret-Phrase"));
    fixture.store = Store::open_server(fixture.dir.path(), &name("Lobby")).await.unwrap();
    assert!(!fixture.has_on_disk("Quite-Secret-Phrase"));
    fixture.store.close().await;
}

#[tokio::test]
async fn deleted_words_leave_every_segment_of_the_search_index() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    talk(&fixture, &alice, 2).await;
    let posted = fixture.says(&alice, "the printer is called Xyzzyplugh").await;
    talk(&fixture, &alice, 1).await;
    fixture.edits(&alice, &posted, "the printer is called Frobnitzer").await;
    // The index folds its words, and leaves out the beginning that a word shares with the one before it.
    let (edited, deleted) = ("yzzyplugh", "obnitzer");
    talk(&fixture, &alice, 20).await;
    assert!(fixture.has_on_disk(deleted), "the word was never indexed");
    fixture.deletes(&alice, &posted).await;
    talk(&fixture, &alice, 1).await;
    let fixture = fixture.reopened().await;
    assert!(!fixture.has_on_disk(edited), "a word of the text before the edit");
    assert!(!fixture.has_on_disk(deleted), "a word of the deleted text");
    assert_eq!(fixture.finds("talk0").await.len(), 50);
    fixture.store.close().await;
}

#[tokio::test]
async fn a_rebuild_leaves_no_words_in_free_pages() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    talk(&fixture, &alice, 3).await;
    let posted = fixture.says(&alice, "the printer is called Xyzzyplugh").await;
    talk(&fixture, &alice, 3).await;
    fixture.store.close().await;
    tamper(fixture.dir.path(), "UPDATE projection_version SET version = 0");
    let fixture = fixture.reopened().await;
    fixture.deletes(&alice, &posted).await;
    let fixture = fixture.reopened().await;
    assert!(!fixture.has_on_disk("yzzyplugh"));
    fixture.store.close().await;
}
