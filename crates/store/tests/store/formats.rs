//! Files of older formats.

use std::fs;
use std::path::Path;

use ichat_protocol::{Body, Entry};
use ichat_store::{OpenError, Outcome, Store};
use rusqlite::Connection;

use crate::office::{Office, Person, message, name, text_of, texts};

/// Writes the closed office's folder anew as the first version of I-Chat would have written it.
fn as_first_format(dir: &Path, log: &[Entry]) {
    let (now, first) = (dir.join("ichat.db"), dir.join("first.db"));
    let old = Connection::open(&first).unwrap();
    old.pragma_update(None, "journal_mode", "wal").unwrap();
    old.execute_batch(include_str!("../../src/schema/1.sql")).unwrap();
    old.execute("ATTACH ?1 AS now", [now.to_str().unwrap()]).unwrap();
    old.execute_batch(
        "INSERT INTO main.meta SELECT server, lobby FROM now.meta;
         INSERT INTO main.person SELECT * FROM now.person;
         INSERT INTO main.device SELECT * FROM now.device;
         INSERT INTO main.room SELECT * FROM now.room;
         INSERT INTO main.member SELECT * FROM now.member;
         INSERT INTO main.tally SELECT * FROM now.tally;
         INSERT INTO main.entry SELECT key, id, author, device, 1000, kind, text, reply, amends, hash FROM now.entry;
         PRAGMA main.user_version = 1;",
    )
    .unwrap();
    for entry in log {
        let text = matches!(entry.body, Body::Message { .. } | Body::Edit { .. }).then(|| text_of(entry));
        old.execute(
            "UPDATE main.entry SET at = ?2, text = coalesce(?3, text) WHERE id = ?1",
            (entry.id.0, i64::try_from(entry.at).unwrap(), &text),
        )
        .unwrap();
        if matches!(entry.body, Body::Message { .. }) {
            let indexed = "INSERT INTO main.words (rowid, text) SELECT key, ?2 FROM main.entry WHERE id = ?1";
            old.execute(indexed, (entry.id.0, &text)).unwrap();
        }
    }
    old.execute_batch("DETACH now").unwrap();
    old.close().unwrap();
    fs::rename(first, now).unwrap();
}

/// An office with one of everything, and enough talk that it is worth a shorthand.
async fn busy_office(alice: &Person, bob: &Person) -> Office {
    let office = Office::with(&[alice, bob]).await;
    let talk = (0..3_000).map(|n| alice.says(office.room, &format!("the meeting tomorrow is number {n}")));
    office.store.commit(talk.collect()).await.unwrap();
    let said = office.says(bob, "lunch at noon").await;
    office.edits(bob, &said, "lunch at one").await;
    office.reacts(alice, &said, "👍", true).await;
    let reply_to = Some(said.id);
    let text = "fine, one".to_owned();
    office
        .commit(alice.drafts(office.room, Body::Message { text, reply_to }))
        .await;
    let regretted = office.says(bob, "a regretted word").await;
    office.deletes(bob, &regretted).await;
    let mut poll = serde_json::Map::new();
    poll.insert("kind".into(), "poll".into());
    office.commit(alice.drafts(office.room, Body::Unknown(poll))).await;
    office
}

#[tokio::test]
async fn a_file_of_the_first_format_is_brought_up_to_date() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let office = busy_office(&alice, &bob).await;
    let regretted = bob.says(office.room, "regretted again");
    let wiped = office.commit(regretted.clone()).await;
    office.deletes(&bob, &wiped).await;
    let (log, server, seen) = (office.log().await, office.store.server_id(), office.sees(&bob).await);
    office.store.close().await;
    let dir = office.dir.path();
    fs::remove_file(dir.join("confirmed")).unwrap();
    as_first_format(dir, &log);
    let before = fs::metadata(dir.join("ichat.db")).unwrap().len();

    let office = office.reopened().await;
    assert_eq!(office.log().await, log);
    assert_eq!((office.store.server_id(), office.sees(&bob).await), (server, seen));
    assert_eq!(
        office.finds("meeting 2999").await,
        ["the meeting tomorrow is number 2999"]
    );
    assert_eq!(office.finds("lunch").await, ["lunch at one"]);
    assert_eq!(
        office.finds("noon").await.len() + office.finds("regretted").await.len(),
        0
    );
    // What was posted then is still known.
    assert_eq!(
        office.try_commit(regretted).await,
        Outcome::Duplicate(log.iter().find(|e| e.id == wiped.id).unwrap().clone())
    );
    let said = log.iter().find(|entry| text_of(entry) == "fine, one").unwrap();
    office.edits(&alice, said, "fine, at one").await;
    assert_eq!(office.finds("fine").await, ["fine, at one"]);
    office.store.close().await;
    let after = fs::metadata(office.dir.path().join("ichat.db")).unwrap().len();
    assert!(after * 10 < before * 7, "{before} bytes became {after}");
    // And once is enough.
    let office = office.reopened().await;
    assert_eq!(office.log().await.len(), log.len() + 1);
    office.store.close().await;
}

#[tokio::test]
async fn a_history_that_can_not_be_brought_up_to_date_is_left_as_it_is() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let office = busy_office(&alice, &bob).await;
    let log = office.log().await;
    office.store.close().await;
    let dir = office.dir.path();
    fs::remove_file(dir.join("confirmed")).unwrap();
    as_first_format(dir, &log);
    let set = |text: &str| {
        let file = Connection::open(dir.join("ichat.db")).unwrap();
        let last = "UPDATE entry SET text = ?1 WHERE key = (SELECT max(key) FROM entry)";
        file.execute(last, [text]).unwrap();
        file.close().unwrap();
    };
    // It is met at the very end, when all the others have been copied.
    set("no JSON");
    let Err(error) = Store::open_server(dir, &name("Lobby")).await else {
        panic!("it was opened")
    };
    assert!(
        matches!(error, OpenError::Damaged { .. } | OpenError::Io { .. }),
        "{error:?}"
    );
    set("{\"kind\":\"poll\"}");
    let office = office.reopened().await;
    assert_eq!(office.log().await, log);
    office.store.close().await;
}

#[tokio::test]
async fn an_empty_file_of_the_first_format_is_one_too() {
    let office = Office::with(&[]).await;
    let log = office.log().await;
    office.store.close().await;
    fs::remove_file(office.dir.path().join("confirmed")).unwrap();
    as_first_format(office.dir.path(), &log);
    let office = office.reopened().await;
    let alice = Person::called("alice");
    office.commit(alice.joins(office.room)).await;
    office.commit(alice.drafts(office.room, message("hi"))).await;
    assert_eq!(texts(&office.log().await).last().unwrap(), "hi");
    office.store.close().await;
}
