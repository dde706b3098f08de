//! Backup and restore.
//!
//! - a backup under load is one sound file with the beginning of the log
//! - a restored server has the same id and other epochs; the previous history is kept and can be restored
//! - the rest of a history without its end can be restored
//! - restoring into an empty folder, or into that of another server
//! - a folder in use can be backed up and checked, but not restored into
//! - nothing is overwritten, and nothing half done is left; also when a restore fails half way
//! - a damaged history gives no backup; a file that is no backup is refused with a reason

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use ichat_store::{RestoreReport, Store, backup, restore};
use tempfile::TempDir;

use crate::fixture::{
    Fixture, Person, as_killed, busy_room, long_room, name, problems_of, refused, sound, tamper, whole_log,
};

fn backed_up(fixture: &Fixture, dir: &TempDir) -> PathBuf {
    let dest = dir.path().join("backup.db");
    backup(fixture.dir.path(), &dest, &mut |_| {}).unwrap();
    dest
}

fn names_in(dir: &Path) -> HashSet<String> {
    let names = fs::read_dir(dir).unwrap();
    names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[tokio::test]
async fn a_backup_under_load_is_one_sound_file_with_the_beginning_of_the_log() {
    let (fixture, alice) = long_room().await;
    let store = fixture.store.clone();
    let room = fixture.room;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let talk = tokio::spawn(async move {
        let mut stopped = stopped;
        let mut posts = 0_u64;
        while stopped.try_recv().is_err() {
            store.commit(vec![alice.says(room, "meanwhile")]).await.unwrap();
            posts += 1;
        }
        posts
    });
    let dir = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let before = fixture.store.head(room).await.unwrap().unwrap().seq;
        let dest = dir.path().join(format!("{round}.db"));
        let (from, to) = (fixture.dir.path().to_owned(), dest.clone());
        let backed_up = tokio::task::spawn_blocking(move || backup(&from, &to, &mut |_| {}).unwrap())
            .await
            .unwrap();
        let report = sound(&dest);
        assert_eq!((backed_up.rooms, backed_up.entries), (report.rooms, report.entries));
        let target = tempfile::tempdir().unwrap();
        restore(&dest, target.path(), &mut |_| {}).unwrap();
        let copy = Store::open(target.path()).await.unwrap();
        let log = whole_log(&copy, room).await;
        assert!(
            log.len() as u64 >= before.0,
            "an entry that was acknowledged before the backup is missing"
        );
        let now = whole_log(&fixture.store, room).await;
        assert_eq!(log, now[..log.len()]);
        copy.close().await;
    }
    assert_eq!(names_in(dir.path()).len(), 3, "a temporary file was left");
    stop.send(()).unwrap();
    assert!(talk.await.unwrap() > 0, "the writer was kept waiting");
    fixture.store.close().await;
    sound(fixture.dir.path());
}

#[tokio::test]
async fn a_restored_server_has_other_epochs_and_keeps_the_previous_history() {
    let (fixture, alice) = long_room().await;
    let dir = tempfile::tempdir().unwrap();
    let file = backed_up(&fixture, &dir);
    let bytes = fs::read(&file).unwrap();
    let (log, head) = (
        fixture.log().await,
        fixture.store.head(fixture.room).await.unwrap().unwrap(),
    );
    let server = fixture.store.server_id();
    fixture.says(&alice, "after the backup").await;
    let later = fixture.log().await;
    fixture.store.close().await;

    let restored = restore(&file, fixture.dir.path(), &mut |_| {}).unwrap();
    assert_eq!((restored.server, restored.replaced), (server, None));
    assert!(fs::read(&file).unwrap() == bytes, "the backup was changed");
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.log().await, log);
    assert_eq!(fixture.store.server_id(), server);
    for room in [fixture.room, fixture.store.lobby()] {
        let now = fixture.store.head(room).await.unwrap().unwrap();
        assert_ne!(now.epoch, head.epoch);
    }
    assert_eq!(fixture.store.head(fixture.room).await.unwrap().unwrap().seq, head.seq);
    fixture.says(&alice, "on we go").await;
    fixture.store.close().await;
    sound(fixture.dir.path());

    let previous = restored.previous.unwrap();
    restore(&previous.join("ichat.db"), fixture.dir.path(), &mut |_| {}).unwrap();
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.log().await, later);
    fixture.store.close().await;
}

#[tokio::test]
async fn the_rest_of_a_history_without_its_end_can_be_restored() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let fixture = fixture.reopened().await;
    for number in 0..10 {
        fixture.says(&alice, &number.to_string()).await;
    }
    let log = fixture.log().await;
    let dir = as_killed(&fixture);
    let wal = dir.path().join("ichat.db-wal");
    let whole = fs::read(&wal).unwrap();
    fs::write(&wal, &whole[..whole.len() / 2]).unwrap();
    assert!(problems_of(dir.path()).contains("were confirmed and are not there"));
    let file = dir.path().join("ichat.db");
    let restored = restore(&file, dir.path(), &mut |_| {}).unwrap();
    let previous = restored.previous.unwrap();
    assert!(previous.join("ichat.db-wal").exists() && previous.join("commit-watermark").exists());
    let store = Store::open_server(dir.path(), &name("Lobby")).await.unwrap();
    let rest = whole_log(&store, fixture.room).await;
    assert!(rest.len() < log.len());
    assert_eq!(rest, log[..rest.len()]);
    store.close().await;
    sound(dir.path());
}

#[tokio::test]
async fn restoring_into_an_empty_folder_makes_it_that_server() {
    let (fixture, _) = long_room().await;
    let dir = tempfile::tempdir().unwrap();
    let file = backed_up(&fixture, &dir);
    let target = dir.path().join("new/folder");
    let restored = restore(&file, &target, &mut |_| {}).unwrap();
    assert_eq!(restored.previous, None);
    assert_eq!(restored.server, fixture.store.server_id());
    // The report names the server whose history was replaced.
    let other = Fixture::with(&[]).await;
    let was = other.store.server_id();
    other.store.close().await;
    let restored: RestoreReport = restore(&file, other.dir.path(), &mut |_| {}).unwrap();
    assert_eq!(restored.replaced, Some(was));
}

#[tokio::test]
async fn a_folder_in_use_is_backed_up_and_checked_but_not_restored_into() {
    let (fixture, _) = long_room().await;
    let dir = tempfile::tempdir().unwrap();
    let file = backed_up(&fixture, &dir);
    sound(fixture.dir.path());
    let error = refused(restore(&file, fixture.dir.path(), &mut |_| {}));
    assert!(error.contains("in use"), "{error}");
    // The file of a running server is not a backup.
    let live = fixture.dir.path().join("ichat.db");
    let error = refused(restore(&live, &dir.path().join("target"), &mut |_| {}));
    assert!(error.contains("ichat-server backup"), "{error}");
    fixture.store.close().await;
    restore(&live, &dir.path().join("target"), &mut |_| {}).unwrap();
}

#[tokio::test]
async fn nothing_is_overwritten_and_nothing_half_done_is_left() {
    let (fixture, _) = long_room().await;
    let dir = tempfile::tempdir().unwrap();
    let there = dir.path().join("there");
    fs::write(&there, "precious").unwrap();
    let error = refused(backup(fixture.dir.path(), &there, &mut |_| {}));
    assert!(error.contains("is there already"), "{error}");
    assert_eq!(fs::read(&there).unwrap(), b"precious");
    let error = refused(backup(fixture.dir.path(), dir.path(), &mut |_| {}));
    assert!(error.contains("is there already"), "{error}");
    let error = refused(backup(
        fixture.dir.path(),
        &dir.path().join("no/folder/here"),
        &mut |_| {},
    ));
    assert!(error.contains("Choose a folder that is there"), "{error}");
    let error = refused(backup(dir.path(), &dir.path().join("new"), &mut |_| {}));
    assert!(error.contains("There is no history in"), "{error}");
    assert_eq!(names_in(dir.path()), HashSet::from(["there".to_owned()]));
}

#[tokio::test]
async fn a_restore_that_fails_half_way_leaves_nothing() {
    let (fixture, _) = busy_room().await;
    let dir = tempfile::tempdir().unwrap();
    let file = backed_up(&fixture, &dir);
    let log = fixture.log().await;
    fixture.store.close().await;
    // The previous history can't be kept: its watermark is no file.
    let watermark = fixture.dir.path().join("commit-watermark");
    fs::remove_file(&watermark).unwrap();
    fs::create_dir(&watermark).unwrap();
    refused(restore(&file, fixture.dir.path(), &mut |_| {}));
    let left = names_in(fixture.dir.path());
    assert!(left.iter().all(|name| !name.contains("restore")), "{left:?}");
    fs::remove_dir(&watermark).unwrap();
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.log().await, log);
    fixture.store.close().await;
}

#[tokio::test]
async fn a_damaged_history_gives_no_backup() {
    let (fixture, alice) = long_room().await;
    fixture.says(&alice, "altered").await;
    fixture.says(&alice, "the end").await;
    fixture.store.close().await;
    tamper(
        fixture.dir.path(),
        "UPDATE entry SET body = replace(body, 'altered', 'forged')",
    );
    let dir = tempfile::tempdir().unwrap();
    let error = refused(backup(fixture.dir.path(), &dir.path().join("new"), &mut |_| {}));
    assert!(error.contains("is not what was written"), "{error}");
    assert_eq!(names_in(dir.path()), HashSet::new());
}

#[tokio::test]
async fn a_file_that_is_no_backup_is_refused_with_a_reason_and_changes_nothing() {
    let (fixture, alice) = long_room().await;
    fixture.says(&alice, "altered").await;
    fixture.says(&alice, "the end").await;
    let dir = tempfile::tempdir().unwrap();
    let backup = backed_up(&fixture, &dir);
    fixture.store.close().await;
    let before = names_in(fixture.dir.path());
    let history = fs::read(fixture.dir.path().join("ichat.db")).unwrap();
    let whole = fs::read(&backup).unwrap();
    let file = |called: &str, bytes: &[u8]| {
        let file = dir.path().join(called);
        fs::write(&file, bytes).unwrap();
        file
    };
    let changed = |called: &str, sql: &str| {
        let file = file(called, &whole);
        let tables = rusqlite::Connection::open(&file).unwrap();
        tables.execute_batch(sql).unwrap();
        file
    };
    let mut flipped = whole.clone();
    let position = flipped.windows(7).rposition(|w| w == b"altered").unwrap();
    flipped[position] ^= 1;
    let foreign = dir.path().join("foreign");
    rusqlite::Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE note (x)")
        .unwrap();
    for (bad, why) in [
        (dir.path().join("missing"), "can't be read"),
        (dir.path().to_owned(), "it is a folder"),
        (file("empty", b""), "too short"),
        (
            file("text", b"Dear diary, today I made a backup."),
            "it is not a database",
        ),
        (foreign, "of another program"),
        (file("cut", &whole[..whole.len() / 2]), "is damaged"),
        (file("cut a little", &whole[..whole.len() - 4096]), "is damaged"),
        (file("flipped", &flipped), "is damaged"),
        (changed("newer", "PRAGMA user_version = 99"), "later version"),
        (
            changed(
                "no lobby",
                "UPDATE room SET id = randomblob(16) WHERE id = (SELECT lobby FROM identity)",
            ),
            "no history of an I-Chat server",
        ),
    ] {
        let error = refused(restore(&bad, fixture.dir.path(), &mut |_| {}));
        assert!(error.contains(why), "{}: {error}", bad.display());
        assert!(error.contains(&bad.display().to_string()), "{error}");
        assert_eq!(names_in(fixture.dir.path()), before, "{error}");
    }
    assert!(fs::read(fixture.dir.path().join("ichat.db")).unwrap() == history);
}
