//! Damaged files: what is lost or altered is an error, and never read as if it had been written.
//!
//! - a flipped bit in a text, or any altered column of an entry
//! - a search leaves out a damaged edit, and finds the other messages
//! - a damaged message refuses what depends on it, and nothing else of the batch; so does a damaged name of a room
//! - a room whose log does not end where it should
//! - a folder after a crash has all that was acknowledged
//! - a damaged or cut write-ahead log, and an older copy of the file, are refused

use std::fs;
use std::path::Path;

use ichat_protocol::Body;
use ichat_store::{OpenError, Outcome, Store, StoreError};

use crate::fixture::{Fixture, Person, as_killed, committed, name, tamper, texts, whole_log};

const HI: &str = "body = '{\"text\":\"hi\"}'";
const HA: &str = "body = '{\"text\":\"ha\"}'";

async fn opened(dir: &Path) -> Result<Store, OpenError> {
    Store::open_server(dir, &name("Lobby")).await
}

#[tokio::test]
async fn a_flipped_bit_in_a_text_is_an_error_and_the_rest_can_be_read() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let before = fixture.says(&alice, "all is well").await;
    let damaged = fixture.says(&alice, "pay him 100 euros").await;
    fixture.store.close().await;
    let file = fixture.dir.path().join("ichat.db");
    let mut bytes = fs::read(&file).unwrap();
    let position = bytes.windows(9).position(|w| w == b"100 euros").unwrap();
    bytes[position] ^= 0x08;
    fs::write(&file, bytes).unwrap();
    let fixture = fixture.reopened().await;
    let page = fixture.store.page(fixture.room, None, None, 1).await;
    let Err(StoreError::Damaged(cause)) = page else {
        panic!("{page:?}")
    };
    assert!(cause.contains(&format!("entry {}", damaged.seq)), "{cause}");
    let sound = fixture.page(Some(damaged.seq.0), None, 1).await;
    assert_eq!(texts(&sound.entries), ["all is well"]);
    assert_eq!(sound.entries, [before]);
    fixture.store.close().await;
}

#[tokio::test]
async fn any_altered_column_of_an_entry_is_an_error() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    for change in [
        format!("UPDATE entry SET at = at + 1 WHERE {HI}"),
        format!("UPDATE entry SET body = '{{\"text\":\"ho\"}}' WHERE {HI}"),
        format!("UPDATE entry SET author = author + 1 WHERE {HI}"),
        format!("UPDATE entry SET device = (SELECT device FROM entry WHERE {HA}) WHERE {HI}"),
        format!("UPDATE entry SET id = zeroblob(16) WHERE {HI}"),
        format!("UPDATE entry SET kind = 'topic' WHERE {HI}"),
        format!("UPDATE entry SET target = id WHERE {HI}"),
        format!("UPDATE entry SET wiped_hash = zeroblob(32) WHERE {HI}"),
        format!("UPDATE entry SET checksum = 0 WHERE {HI}"),
        format!("UPDATE user SET id = 'somebody-else' WHERE key = (SELECT author FROM entry WHERE {HI})"),
        format!("DELETE FROM entry WHERE {HI}"),
        format!("DELETE FROM device WHERE key = (SELECT device FROM entry WHERE {HI})"),
        format!(
            "UPDATE entry SET key = 0 WHERE {HA}; UPDATE entry SET key = key + 1 WHERE {HI};
             UPDATE entry SET key = (SELECT key - 1 FROM entry WHERE {HI}) WHERE {HA}"
        ),
    ] {
        let fixture = Fixture::with(&[&alice, &bob]).await;
        fixture.says(&alice, "hi").await;
        fixture.says(&bob, "ha").await;
        fixture.store.close().await;
        tamper(fixture.dir.path(), &change);
        let fixture = fixture.reopened().await;
        let page = fixture.store.page(fixture.room, None, None, 200).await;
        assert!(matches!(page, Err(StoreError::Damaged(_))), "{change}: {page:?}");
        fixture.store.close().await;
    }
}

#[tokio::test]
async fn a_search_leaves_out_a_damaged_edit_and_finds_the_rest() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let posted = fixture.says(&alice, "pay him 10 euros").await;
    fixture.edits(&alice, &posted, "pay him 100 euros").await;
    fixture.says(&alice, "pay her nothing").await;
    assert_eq!(fixture.finds("pay").await, ["pay her nothing", "pay him 100 euros"]);
    fixture.store.close().await;
    tamper(
        fixture.dir.path(),
        "UPDATE entry SET body = replace(body, '100 euros', '900 euros')",
    );
    let fixture = fixture.reopened().await;
    for query in ["pay", "pa", "\"pay her\""] {
        assert_eq!(fixture.finds(query).await, ["pay her nothing"], "{query}");
    }
    fixture.store.close().await;
}

#[tokio::test]
async fn a_damaged_message_refuses_only_what_depends_on_it() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let posted = fixture.says(&alice, "hi").await;
    let edited = fixture.says(&alice, "ha").await;
    fixture.edits(&alice, &edited, "hu").await;
    fixture.store.close().await;
    tamper(
        fixture.dir.path(),
        "UPDATE entry SET checksum = checksum + 1 WHERE body LIKE '%\"hi\"%' OR body LIKE '%\"hu\"%'",
    );
    let fixture = fixture.reopened().await;
    let before = fixture.store.head(fixture.room).await.unwrap().unwrap().seq;
    let mut repeated = alice.says(fixture.room, "hi");
    repeated.id = posted.id;
    let outcomes = fixture
        .store
        .commit(vec![
            alice.posts(fixture.room, Body::Delete { of: posted.id }),
            alice.posts(fixture.room, Body::Delete { of: edited.id }),
            repeated,
            alice.says(fixture.room, "unrelated"),
        ])
        .await
        .unwrap();
    assert!(
        matches!(
            outcomes[..3],
            [Outcome::Damaged(_), Outcome::Damaged(_), Outcome::Damaged(_)]
        ),
        "{outcomes:?}"
    );
    let unrelated = committed(outcomes[3].clone());
    assert_eq!(unrelated.seq, before.next());
    let page = fixture.page(None, Some(before.0), 200).await;
    assert_eq!(page.entries, [unrelated]);
    fixture.store.close().await;
}

#[tokio::test]
async fn a_damaged_name_of_a_room_refuses_only_what_depends_on_it() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    fixture.store.close().await;
    tamper(
        fixture.dir.path(),
        "UPDATE room_state SET name = '' WHERE name = 'Office'",
    );
    let fixture = fixture.reopened().await;
    let topic = Body::Topic { text: "tea".into() };
    let batch = vec![alice.posts(fixture.room, topic), alice.says(fixture.room, "unrelated")];
    let outcomes = fixture.store.commit(batch).await.unwrap();
    assert!(matches!(outcomes[0], Outcome::Damaged(_)), "{outcomes:?}");
    committed(outcomes[1].clone());
    fixture.store.close().await;
}

#[tokio::test]
async fn a_room_that_does_not_end_where_it_should_is_not_opened() {
    let alice = Person::called("alice");
    for change in [
        "DELETE FROM entry WHERE body LIKE '%hi%'",
        "UPDATE room SET last_seq = last_seq - 1",
        "UPDATE room SET first_seq = 2",
        "UPDATE identity SET server = zeroblob(16)",
    ] {
        let fixture = Fixture::with(&[&alice]).await;
        fixture.says(&alice, "hi").await;
        fixture.store.close().await;
        tamper(fixture.dir.path(), change);
        let error = opened(fixture.dir.path()).await.unwrap_err();
        assert!(matches!(error, OpenError::Damaged { .. }), "{change}: {error:?}");
    }
}

#[tokio::test]
async fn a_folder_after_a_crash_has_all_that_was_acknowledged() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    fixture.says(&alice, "hi").await;
    let dir = as_killed(&fixture);
    let store = opened(dir.path()).await.unwrap();
    assert_eq!(whole_log(&store, fixture.room).await, fixture.log().await);
    store.close().await;
}

#[tokio::test]
async fn a_damaged_or_cut_write_ahead_log_is_refused_and_not_changed() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    for number in 0..10 {
        fixture.says(&alice, &number.to_string()).await;
    }
    let whole = fs::read(fixture.dir.path().join("ichat.db-wal")).unwrap();
    let mut flipped = whole.clone();
    let last = flipped.len() - 100;
    flipped[last] ^= 1;
    for damaged in [
        flipped,
        whole[..whole.len() - 1].to_vec(),
        whole[..whole.len() / 2].to_vec(),
    ] {
        let dir = as_killed(&fixture);
        let wal = dir.path().join("ichat.db-wal");
        fs::write(&wal, &damaged).unwrap();
        let error = opened(dir.path()).await.unwrap_err();
        assert!(matches!(error, OpenError::Behind { .. }), "{error:?}");
        assert!(error.to_string().contains("of its entries"), "{error}");
        assert!(fs::read(&wal).unwrap() == damaged, "the file was changed");
    }
    // Without it the database has no tables. That, or an empty file, is not taken for a new history.
    let dir = as_killed(&fixture);
    fs::remove_file(dir.path().join("ichat.db-wal")).unwrap();
    for _ in 0..2 {
        let error = opened(dir.path()).await.unwrap_err();
        assert!(matches!(error, OpenError::Behind { .. }), "{error:?}");
        fs::write(dir.path().join("ichat.db"), "").unwrap();
    }
}

#[tokio::test]
async fn an_older_copy_of_the_file_is_refused() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let fixture = fixture.reopened().await;
    fixture.store.close().await;
    let file = fixture.dir.path().join("ichat.db");
    let older = fs::read(&file).unwrap();
    let fixture = fixture.reopened().await;
    fixture.says(&alice, "since then").await;
    fixture.store.close().await;
    fs::write(&file, older).unwrap();
    let error = opened(fixture.dir.path()).await.unwrap_err();
    assert!(
        matches!(&error, OpenError::Behind { missing, .. } if missing == "the newest 1 of its entries"),
        "{error:?}"
    );
}
