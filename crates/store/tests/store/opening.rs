//! Opening a data folder, and errors of the disk.
//!
//! - a new folder is for its user only
//! - a folder that is in use, can't be created or can't be written to
//! - a damaged file, the database of another program, one of a later version
//! - a file of an earlier format, with its history and what the server said
//! - a full disk: reading goes on, and writing recovers
//! - a closed store, an empty batch

use std::fs;
use std::path::Path;

use ichat_protocol::{EntryId, Seq};
use ichat_store::{OpenError, OutboxRow, Outcome, ReplicaChange, Store, StoreError};

use crate::client::{Client, post, room_of_three};
use crate::fixture::{Fixture, Person, message};

async fn open_error(dir: &Path) -> OpenError {
    match Store::open(dir).await {
        Err(error) => error,
        Ok(_) => panic!("the folder was opened"),
    }
}

/// Asserts that an error is one sentence and names the place.
#[track_caller]
fn assert_is_a_sentence(error: &OpenError, place: &Path) {
    let text = error.to_string();
    assert!(text.contains(&place.display().to_string()), "{text}");
    assert!(text.ends_with('.') && !text.contains('\n'), "{text}");
}

#[tokio::test]
async fn a_folder_in_use_can_not_be_opened() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let error = open_error(fixture.dir.path()).await;
    assert!(matches!(error, OpenError::InUse { .. }), "{error:?}");
    assert_is_a_sentence(&error, fixture.dir.path());
    fixture.says(&alice, "still at work").await;
    fixture.store.close().await;
    Store::open(fixture.dir.path()).await.unwrap().close().await;
}

#[tokio::test]
async fn a_dropped_store_unlocks_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path()).await.unwrap());
    let unlocked = async {
        while matches!(Store::open(dir.path()).await, Err(OpenError::InUse { .. })) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), unlocked)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_folder_is_created_with_those_above_it() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("a/b/c");
    Store::open(&deep).await.unwrap().close().await;
    assert!(deep.join("ichat.db").exists());
    // A closed folder has one file to copy.
    assert!(!deep.join("ichat.db-wal").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_folder_is_for_its_user_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("a/b");
    Store::open(&deep).await.unwrap().close().await;
    for folder in [&deep, &dir.path().join("a")] {
        let mode = fs::metadata(folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", folder.display());
    }
}

#[tokio::test]
async fn a_folder_that_can_not_be_written_to_is_an_error() {
    // Tests may run as root, who may write anywhere. A file in the folder's place stops root as well.
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "x").unwrap();
    for place in [file.clone(), file.join("below")] {
        let error = open_error(&place).await;
        assert!(matches!(error, OpenError::ReadOnly { .. }), "{error:?}");
        assert_is_a_sentence(&error, &place);
    }
}

/// `/proc` refuses new folders to root as well.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_system_without_new_folders_is_an_error() {
    let place = Path::new("/proc/ichat");
    let error = open_error(place).await;
    assert!(
        matches!(error, OpenError::ReadOnly { .. } | OpenError::Io { .. }),
        "{error:?}"
    );
    assert_is_a_sentence(&error, place);
}

#[tokio::test]
async fn a_damaged_file_is_refused_and_not_changed() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let batch = (0..500)
        .map(|n| alice.says(fixture.room, &format!("message {n}")))
        .collect();
    fixture.store.commit(batch).await.unwrap();
    fixture.store.close().await;
    let file = fixture.dir.path().join("ichat.db");
    let sound = fs::read(&file).unwrap();

    let mut scribbled = sound.clone();
    for page in 4..12 {
        scribbled[page * 4096..page * 4096 + 512].fill(0xAB);
    }
    let mut beheaded = sound.clone();
    beheaded[..16].copy_from_slice(b"not a database!!");
    let half = sound[..sound.len() / 2 / 4096 * 4096].to_vec();
    let cut = sound[..7].to_vec();
    for (damage, bytes) in [
        ("scribbled", scribbled),
        ("beheaded", beheaded),
        ("half", half),
        ("cut", cut),
    ] {
        fs::write(&file, &bytes).unwrap();
        let error = open_error(fixture.dir.path()).await;
        assert!(matches!(error, OpenError::Damaged { .. }), "{damage}: {error:?}");
        assert_is_a_sentence(&error, &file);
        assert!(fs::read(&file).unwrap() == bytes, "{damage}: the file was changed");
    }
    fs::write(&file, sound).unwrap();
    let store = Store::open(fixture.dir.path()).await.unwrap();
    assert_eq!(store.head(fixture.room).await.unwrap().unwrap().seq, Seq(502));
    store.close().await;
}

#[tokio::test]
async fn the_database_of_another_program_is_refused_and_not_changed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ichat.db");
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    other.close().unwrap();
    let before = fs::read(&file).unwrap();
    let error = open_error(dir.path()).await;
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    assert_is_a_sentence(&error, &file);
    assert!(fs::read(&file).unwrap() == before);
}

#[tokio::test]
async fn the_file_of_a_later_version_is_refused_and_not_changed() {
    let fixture = Fixture::with(&[]).await;
    fixture.store.close().await;
    let file = fixture.dir.path().join("ichat.db");
    let later = rusqlite::Connection::open(&file).unwrap();
    later.pragma_update(None, "user_version", 99).unwrap();
    later.close().unwrap();
    let before = fs::read(&file).unwrap();
    let error = open_error(fixture.dir.path()).await;
    assert!(matches!(error, OpenError::TooNew { found: 99, .. }), "{error:?}");
    assert_is_a_sentence(&error, &file);
    assert!(fs::read(&file).unwrap() == before);
}

#[tokio::test]
async fn the_file_of_an_earlier_format_is_opened_with_what_it_has() {
    let (fixture, _, bob) = room_of_three().await;
    // `read_pending` came before the format was raised, so there are files of format 1 with and without it.
    for (statements, had_sent) in [
        (
            "PRAGMA user_version = 1; ALTER TABLE outbox DROP COLUMN sent; ALTER TABLE server_room DROP COLUMN read_pending",
            false,
        ),
        ("PRAGMA user_version = 1; ALTER TABLE outbox DROP COLUMN sent", false),
        ("PRAGMA user_version = 2; ALTER TABLE outbox DROP COLUMN sent", false),
        ("PRAGMA user_version = 3", true),
    ] {
        let statements = format!(
            "{statements}; ALTER TABLE server_member DROP COLUMN since;
             ALTER TABLE server_room DROP COLUMN members_complete;
             DROP TABLE guest_key"
        );
        let client = Client::of(&fixture).await;
        let summary = fixture.sees(&bob).await;
        client
            .store
            .save(vec![
                ReplicaChange::SetRoom(summary.clone()),
                ReplicaChange::AddPost(post(&fixture, "waits")),
            ])
            .await
            .unwrap();
        client.store.close().await;
        let file = rusqlite::Connection::open(client.dir.path().join("ichat.db")).unwrap();
        file.execute_batch(&statements).unwrap();
        file.close().unwrap();
        let store = Store::open(client.dir.path()).await.unwrap();
        assert_eq!(store.rooms(&bob.id).await.unwrap(), [summary], "{statements}");
        let read = ReplicaChange::SetReadMarker {
            room: fixture.room,
            seq: Seq(2),
            pending: true,
        };
        store.save(vec![read]).await.unwrap();
        store.close().await;
        let store = Store::open(client.dir.path()).await.unwrap();
        let state = store.persisted_state().await.unwrap();
        assert!(state.rooms[0].read_pending, "{statements}");
        // Formats 1 and 2 did not say whether a post was sent.
        assert_eq!(state.outbox[0].sent, !had_sent, "{statements}");
        store.close().await;
    }
}

#[tokio::test]
async fn on_a_full_disk_reading_goes_on_and_writing_recovers() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let posted = fixture.says(&alice, "there is room").await;
    fixture.store.limit_pages(Some(1)).await.unwrap();
    let large = "much to say ".repeat(1_000);
    let entries: Vec<_> = (0..20).map(|_| alice.says(fixture.room, &large)).collect();
    let error = fixture.store.commit(entries.clone()).await.unwrap_err();
    assert!(matches!(error, StoreError::Full), "{error:?}");
    let change = ReplicaChange::AddPost(OutboxRow {
        id: EntryId::fresh(),
        room: fixture.room,
        body: message(&large.repeat(20)),
        written_at: 1,
        error: None,
        sent: false,
    });
    let error = fixture.store.save(vec![change]).await.unwrap_err();
    assert!(matches!(error, StoreError::Full), "{error:?}");

    assert_eq!(
        fixture.log().await.last(),
        Some(&posted),
        "a part of the batch was written"
    );
    assert_eq!(fixture.finds("room").await, ["there is room"]);
    assert_eq!(fixture.finds("much").await.len(), 0);

    fixture.store.limit_pages(None).await.unwrap();
    let outcomes = fixture.store.commit(entries).await.unwrap();
    let positions: Vec<u64> = outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Outcome::Committed(entry) => entry.seq.0,
            other => panic!("{other:?}"),
        })
        .collect();
    let next = posted.seq.0 + 1;
    assert_eq!(positions, (next..next + 20).collect::<Vec<_>>());
    assert_eq!(fixture.finds("much").await.len(), 20);
    fixture.store.close().await;
}

#[tokio::test]
async fn a_closed_store_refuses_reads_and_writes() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let clone = fixture.store.clone();
    fixture.store.close().await;
    let write = clone.commit(vec![alice.says(fixture.room, "hi")]).await;
    assert!(matches!(write, Err(StoreError::Closed)), "{write:?}");
    let read = clone.head(fixture.room).await;
    assert!(matches!(read, Err(StoreError::Closed)), "{read:?}");
    // Closing again does nothing.
    clone.close().await;
}

#[tokio::test]
async fn an_empty_batch_is_no_error() {
    let fixture = Fixture::with(&[]).await;
    assert_eq!(fixture.store.commit(Vec::new()).await.unwrap(), []);
    fixture.store.save(Vec::new()).await.unwrap();
}
