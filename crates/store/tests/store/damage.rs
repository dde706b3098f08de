//! Files that are not what was written: what is lost or altered is said.

use std::fs;
use std::path::Path;

use ichat_store::{OpenError, Store, StoreError};
use tempfile::TempDir;

use crate::office::{Office, Person, name, texts};

/// The folder as a killed process would leave it: the newest entries are in the write-ahead log only.
pub(crate) fn as_killed(office: &Office) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in ["ichat.db", "ichat.db-wal", "confirmed"] {
        fs::copy(office.dir.path().join(file), dir.path().join(file)).unwrap();
    }
    dir
}

async fn opened(dir: &Path) -> Result<Store, OpenError> {
    Store::open_server(dir, &name("Lobby")).await
}

/// Changes the tables of a folder that is closed, as no part of the product would.
pub(crate) fn tamper(dir: &Path, sql: &str) {
    let file = rusqlite::Connection::open(dir.join("ichat.db")).unwrap();
    file.execute_batch(sql).unwrap();
    file.close().unwrap();
}

#[tokio::test]
async fn a_flipped_bit_in_a_text_is_noticed_on_reading_and_the_rest_is_read() {
    let alice = Person::called("alice");
    let office = Office::with(&[&alice]).await;
    let before = office.says(&alice, "all is well").await;
    let hurt = office.says(&alice, "pay him 100 euros").await;
    office.store.close().await;
    let file = office.dir.path().join("ichat.db");
    let mut bytes = fs::read(&file).unwrap();
    let place = bytes.windows(9).position(|w| w == b"100 euros").unwrap();
    bytes[place] ^= 0x08;
    fs::write(&file, bytes).unwrap();
    let office = office.reopened().await;
    let page = office.store.page(office.room, None, None, 1).await;
    let Err(StoreError::Damaged(cause)) = page else {
        panic!("{page:?}")
    };
    assert!(cause.contains(&format!("entry {}", hurt.seq)), "{cause}");
    let sound = office.page(Some(hurt.seq.0), None, 1).await;
    assert_eq!(texts(&sound.entries), ["all is well"]);
    assert_eq!(sound.entries, [before]);
    office.store.close().await;
}

#[tokio::test]
async fn whatever_is_altered_of_an_entry_is_noticed() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    for change in [
        "UPDATE entry SET lag = lag + 1 WHERE text = 'hi'",
        "UPDATE entry SET text = 'ho' WHERE text = 'hi'",
        "UPDATE entry SET author = author + 1 WHERE text = 'hi'",
        "UPDATE entry SET device = (SELECT device FROM entry WHERE text = 'ha') WHERE text = 'hi'",
        "UPDATE entry SET id = zeroblob(16) WHERE text = 'hi'",
        "UPDATE entry SET kind = 6 WHERE text = 'hi'",
        "UPDATE entry SET reply = id WHERE text = 'hi'",
        "UPDATE entry SET sum = NULL WHERE text = 'hi'",
        "UPDATE person SET id = 'somebody-else' WHERE key = (SELECT author FROM entry WHERE text = 'hi')",
        "DELETE FROM entry WHERE text = 'hi'",
        "DELETE FROM device WHERE key = (SELECT device FROM entry WHERE text = 'hi')",
        "UPDATE entry SET key = 0 WHERE text = 'ha'; UPDATE entry SET key = key + 1 WHERE text = 'hi';
         UPDATE entry SET key = (SELECT key - 1 FROM entry WHERE text = 'hi') WHERE text = 'ha'",
    ] {
        let office = Office::with(&[&alice, &bob]).await;
        office.says(&alice, "hi").await;
        office.says(&bob, "ha").await;
        office.store.close().await;
        tamper(office.dir.path(), change);
        let office = office.reopened().await;
        let page = office.store.page(office.room, None, None, 200).await;
        assert!(matches!(page, Err(StoreError::Damaged(_))), "{change}: {page:?}");
        office.store.close().await;
    }
}

#[tokio::test]
async fn a_room_that_does_not_end_where_it_should_is_not_opened() {
    let alice = Person::called("alice");
    for change in [
        "DELETE FROM entry WHERE text = 'hi'",
        "UPDATE room SET last = last - 1",
        "UPDATE room SET first = 2",
        "UPDATE meta SET server = zeroblob(16)",
    ] {
        let office = Office::with(&[&alice]).await;
        office.says(&alice, "hi").await;
        office.store.close().await;
        tamper(office.dir.path(), change);
        let error = opened(office.dir.path()).await.unwrap_err();
        assert!(matches!(error, OpenError::Damaged { .. }), "{change}: {error:?}");
    }
}

#[tokio::test]
async fn a_killed_folder_is_opened_with_all_that_was_confirmed() {
    let alice = Person::called("alice");
    let office = Office::with(&[&alice]).await;
    office.says(&alice, "hi").await;
    let dir = as_killed(&office);
    let store = opened(dir.path()).await.unwrap();
    assert_eq!(crate::office::whole_log(&store, office.room).await, office.log().await);
    store.close().await;
}

#[tokio::test]
async fn a_damaged_or_cut_log_of_changes_is_refused_and_left_as_it_is() {
    let alice = Person::called("alice");
    let office = Office::with(&[&alice]).await;
    for number in 0..10 {
        office.says(&alice, &number.to_string()).await;
    }
    let whole = fs::read(office.dir.path().join("ichat.db-wal")).unwrap();
    let mut flipped = whole.clone();
    let last = flipped.len() - 100;
    flipped[last] ^= 1;
    for damaged in [
        flipped,
        whole[..whole.len() - 1].to_vec(),
        whole[..whole.len() / 2].to_vec(),
    ] {
        let dir = as_killed(&office);
        let wal = dir.path().join("ichat.db-wal");
        fs::write(&wal, &damaged).unwrap();
        let error = opened(dir.path()).await.unwrap_err();
        assert!(matches!(error, OpenError::Behind { .. }), "{error:?}");
        assert!(error.to_string().contains("of its entries"), "{error}");
        assert!(fs::read(&wal).unwrap() == damaged, "it was changed");
    }
    // Without it the file is one without tables; and an empty file is no beginning either.
    let dir = as_killed(&office);
    fs::remove_file(dir.path().join("ichat.db-wal")).unwrap();
    for _ in 0..2 {
        let error = opened(dir.path()).await.unwrap_err();
        assert!(matches!(error, OpenError::Behind { .. }), "{error:?}");
        fs::write(dir.path().join("ichat.db"), "").unwrap();
    }
}

#[tokio::test]
async fn an_older_copy_in_its_place_is_refused() {
    let alice = Person::called("alice");
    let office = Office::with(&[&alice]).await;
    let office = office.reopened().await;
    office.store.close().await;
    let file = office.dir.path().join("ichat.db");
    let older = fs::read(&file).unwrap();
    let office = office.reopened().await;
    office.says(&alice, "since then").await;
    office.store.close().await;
    fs::write(&file, older).unwrap();
    let error = opened(office.dir.path()).await.unwrap_err();
    assert!(
        matches!(&error, OpenError::Behind { missing, .. } if missing == "the newest 1 of its entries"),
        "{error:?}"
    );
}
