//! BackupReport, restore and check.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use ichat_protocol::Body;
use ichat_store::{CheckReport, MaintenanceError, ReplicaChange, RestoreReport, Store, backup, check, restore};
use tempfile::TempDir;

use crate::damage::tamper;
use crate::office::{Office, Person, name, whole_log};

fn sound(path: &Path) -> CheckReport {
    let checked = check(path, &mut |_| {}).unwrap();
    assert_eq!(checked.problems, [] as [&str; 0]);
    checked
}

fn problems_of(path: &Path) -> String {
    let checked = check(path, &mut |_| {}).unwrap();
    assert_ne!(checked.problems.len(), 0);
    checked.problems.join("\n")
}

fn backed_up(office: &Office, dir: &TempDir) -> PathBuf {
    let dest = dir.path().join("backup.db");
    backup(office.dir.path(), &dest, &mut |_| {}).unwrap();
    dest
}

/// What is refused, as one sentence that a person can act on.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, MaintenanceError>) -> String {
    let said = result.unwrap_err().to_string();
    assert!(said.ends_with('.') && !said.contains('\n'), "{said}");
    said
}

fn names_in(dir: &Path) -> HashSet<String> {
    let names = fs::read_dir(dir).unwrap();
    names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// An office that has done a little of everything.
async fn busy_office() -> (Office, Person) {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let office = Office::with(&[&alice, &bob]).await;
    let first = office.says(&alice, "the first thing").await;
    let second = office.says(&bob, "said in haste").await;
    office.edits(&alice, &first, "the very first thing").await;
    office.edits(&bob, &second, "said in great haste").await;
    office.reacts(&alice, &second, "👍", true).await;
    office.deletes(&bob, &second).await;
    office.commit(bob.drafts(office.room, Body::Left)).await;
    let topic = Body::Topic { text: "things".into() };
    office.commit(alice.drafts(office.room, topic)).await;
    let batch = (0..300).map(|n| alice.says(office.room, &format!("message {n}")));
    office.store.commit(batch.collect()).await.unwrap();
    (office, alice)
}

#[tokio::test]
async fn a_backup_under_load_is_one_sound_file_and_a_prefix_of_the_log() {
    let (office, alice) = busy_office().await;
    let store = office.store.clone();
    let room = office.room;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let talk = tokio::spawn(async move {
        let mut stopped = stopped;
        let mut said = 0_u64;
        while stopped.try_recv().is_err() {
            store.commit(vec![alice.says(room, "meanwhile")]).await.unwrap();
            said += 1;
        }
        said
    });
    let dir = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let before = office.store.head(room).await.unwrap().unwrap().seq;
        let dest = dir.path().join(format!("{round}.db"));
        let (from, to) = (office.dir.path().to_owned(), dest.clone());
        let made = tokio::task::spawn_blocking(move || backup(&from, &to, &mut |_| {}).unwrap())
            .await
            .unwrap();
        let checked = sound(&dest);
        assert_eq!((made.rooms, made.entries), (checked.rooms, checked.entries));
        let place = tempfile::tempdir().unwrap();
        restore(&dest, place.path(), &mut |_| {}).unwrap();
        let copy = Store::open(place.path()).await.unwrap();
        let log = whole_log(&copy, room).await;
        assert!(log.len() as u64 >= before.0, "what was confirmed before is in it");
        let now = whole_log(&office.store, room).await;
        assert_eq!(log, now[..log.len()]);
        copy.close().await;
    }
    assert_eq!(names_in(dir.path()).len(), 3, "nothing is left beside the files");
    stop.send(()).unwrap();
    assert!(talk.await.unwrap() > 0, "the writer was kept waiting");
    office.store.close().await;
    sound(office.dir.path());
}

#[tokio::test]
async fn a_restored_server_is_the_same_with_other_epochs_and_keeps_what_was_there() {
    let (office, alice) = busy_office().await;
    let dir = tempfile::tempdir().unwrap();
    let file = backed_up(&office, &dir);
    let bytes = fs::read(&file).unwrap();
    let (log, head) = (
        office.log().await,
        office.store.head(office.room).await.unwrap().unwrap(),
    );
    let server = office.store.server_id();
    office.says(&alice, "after the backup").await;
    let later = office.log().await;
    office.store.close().await;

    let restored = restore(&file, office.dir.path(), &mut |_| {}).unwrap();
    assert_eq!((restored.server, restored.replaced), (server, None));
    assert!(fs::read(&file).unwrap() == bytes, "the backup was changed");
    let office = office.reopened().await;
    assert_eq!(office.log().await, log);
    assert_eq!(office.store.server_id(), server);
    for room in [office.room, office.store.lobby()] {
        let now = office.store.head(room).await.unwrap().unwrap();
        assert_ne!(now.epoch, head.epoch);
    }
    assert_eq!(office.store.head(office.room).await.unwrap().unwrap().seq, head.seq);
    office.says(&alice, "on we go").await;
    office.store.close().await;
    sound(office.dir.path());

    // What was there can be had back.
    let aside = restored.previous.unwrap();
    restore(&aside.join("ichat.db"), office.dir.path(), &mut |_| {}).unwrap();
    let office = office.reopened().await;
    assert_eq!(office.log().await, later);
    office.store.close().await;
}

#[tokio::test]
async fn what_is_left_of_a_history_without_its_end_can_be_gone_on_with() {
    let alice = Person::called("alice");
    let office = Office::with(&[&alice]).await;
    let office = office.reopened().await;
    for number in 0..10 {
        office.says(&alice, &number.to_string()).await;
    }
    let log = office.log().await;
    let dir = crate::damage::as_killed(&office);
    let wal = dir.path().join("ichat.db-wal");
    let whole = fs::read(&wal).unwrap();
    fs::write(&wal, &whole[..whole.len() / 2]).unwrap();
    assert!(problems_of(dir.path()).contains("were confirmed and are not there"));
    let file = dir.path().join("ichat.db");
    let restored = restore(&file, dir.path(), &mut |_| {}).unwrap();
    let aside = restored.previous.unwrap();
    assert!(aside.join("ichat.db-wal").exists() && aside.join("confirmed").exists());
    let store = Store::open_server(dir.path(), &name("Lobby")).await.unwrap();
    let left = whole_log(&store, office.room).await;
    assert!(left.len() < log.len());
    assert_eq!(left, log[..left.len()]);
    store.close().await;
    sound(dir.path());
}

#[tokio::test]
async fn restoring_into_an_empty_folder_makes_it_that_server() {
    let (office, _) = busy_office().await;
    let dir = tempfile::tempdir().unwrap();
    let file = backed_up(&office, &dir);
    let place = dir.path().join("new/place");
    let restored = restore(&file, &place, &mut |_| {}).unwrap();
    assert_eq!(restored.previous, None);
    assert_eq!(restored.server, office.store.server_id());
    // Into another server's folder it says so.
    let other = Office::with(&[]).await;
    let was = other.store.server_id();
    other.store.close().await;
    let restored: RestoreReport = restore(&file, other.dir.path(), &mut |_| {}).unwrap();
    assert_eq!(restored.replaced, Some(was));
}

#[tokio::test]
async fn a_folder_in_use_is_backed_up_and_checked_but_not_restored_into() {
    let (office, _) = busy_office().await;
    let dir = tempfile::tempdir().unwrap();
    let file = backed_up(&office, &dir);
    sound(office.dir.path());
    let said = refused(restore(&file, office.dir.path(), &mut |_| {}));
    assert!(said.contains("in use"), "{said}");
    // And the file of a running server is not a backup.
    let live = office.dir.path().join("ichat.db");
    let said = refused(restore(&live, &dir.path().join("place"), &mut |_| {}));
    assert!(said.contains("ichat-server backup"), "{said}");
    office.store.close().await;
    restore(&live, &dir.path().join("place"), &mut |_| {}).unwrap();
}

#[tokio::test]
async fn nothing_is_overwritten_and_nothing_half_done_is_left() {
    let (office, _) = busy_office().await;
    let dir = tempfile::tempdir().unwrap();
    let there = dir.path().join("there");
    fs::write(&there, "precious").unwrap();
    let said = refused(backup(office.dir.path(), &there, &mut |_| {}));
    assert!(said.contains("is there already"), "{said}");
    assert_eq!(fs::read(&there).unwrap(), b"precious");
    let said = refused(backup(office.dir.path(), dir.path(), &mut |_| {}));
    assert!(said.contains("is there already"), "{said}");
    let said = refused(backup(
        office.dir.path(),
        &dir.path().join("no/folder/here"),
        &mut |_| {},
    ));
    assert!(said.contains("Choose a folder that is there"), "{said}");
    let said = refused(backup(dir.path(), &dir.path().join("new"), &mut |_| {}));
    assert!(said.contains("There is no history in"), "{said}");
    assert_eq!(names_in(dir.path()), HashSet::from(["there".to_owned()]));
}

#[tokio::test]
async fn a_damaged_history_is_not_backed_up_as_if_it_were_sound() {
    let (office, alice) = busy_office().await;
    office.says(&alice, "altered").await;
    office.says(&alice, "the end").await;
    office.store.close().await;
    tamper(
        office.dir.path(),
        "UPDATE entry SET text = 'forged' WHERE text = 'altered'",
    );
    let dir = tempfile::tempdir().unwrap();
    let said = refused(backup(office.dir.path(), &dir.path().join("new"), &mut |_| {}));
    assert!(said.contains("is not what was written"), "{said}");
    assert_eq!(names_in(dir.path()), HashSet::new());
}

#[tokio::test]
async fn files_that_are_no_backup_are_refused_with_a_reason_and_change_nothing() {
    let (office, alice) = busy_office().await;
    office.says(&alice, "altered").await;
    office.says(&alice, "the end").await;
    let dir = tempfile::tempdir().unwrap();
    let backup = backed_up(&office, &dir);
    office.store.close().await;
    let before = names_in(office.dir.path());
    let history = fs::read(office.dir.path().join("ichat.db")).unwrap();
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
    let place = flipped.windows(7).rposition(|w| w == b"altered").unwrap();
    flipped[place] ^= 1;
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
            changed("no lobby", "DELETE FROM room WHERE id = (SELECT lobby FROM meta)"),
            "no history of an I-Chat server",
        ),
    ] {
        let said = refused(restore(&bad, office.dir.path(), &mut |_| {}));
        assert!(said.contains(why), "{}: {said}", bad.display());
        assert!(said.contains(&bad.display().to_string()), "{said}");
        assert_eq!(names_in(office.dir.path()), before, "{said}");
    }
    assert!(fs::read(office.dir.path().join("ichat.db")).unwrap() == history);
}

#[tokio::test]
async fn a_check_finds_what_does_not_agree_with_the_log() {
    for (sql, said) in [
        (
            "UPDATE entry SET text = 'forged' WHERE text = 'message 7'",
            "is not what was written",
        ),
        ("DELETE FROM entry WHERE text = 'message 7'", "are missing"),
        (
            "DELETE FROM entry WHERE text = 'message 299'",
            "should hold the entries",
        ),
        ("UPDATE room SET topic = 'other'", "its topic does not agree"),
        ("UPDATE room SET name = 'other'", "its name does not agree"),
        ("UPDATE room SET members = members + 1", "the number of its members"),
        ("UPDATE member SET joined = NOT joined", "the list of its members"),
        ("UPDATE tally SET messages = messages + 1", "the counts of messages"),
        (
            "INSERT INTO words (words, rowid, text)
             SELECT 'delete', key, text || ' ' || char(0xE000) || author FROM entry WHERE text = 'message 7'",
            "searching does not find",
        ),
        (
            "DELETE FROM ident WHERE key = (SELECT key FROM entry WHERE text = 'message 7')",
            "is not found by its id",
        ),
        (
            "UPDATE meta SET lobby = zeroblob(16)",
            "whose history it is can't be read",
        ),
    ] {
        let (office, _) = busy_office().await;
        office.store.close().await;
        sound(office.dir.path());
        tamper(office.dir.path(), sql);
        let found = problems_of(office.dir.path());
        assert!(found.contains(said), "{sql}: {found}");
    }
}

#[tokio::test]
async fn a_check_changes_nothing() {
    let alice = Person::called("alice");
    let office = Office::with(&[&alice]).await;
    office.says(&alice, "hi").await;
    let dir = crate::damage::as_killed(&office);
    let read = |file: &str| fs::read(dir.path().join(file)).unwrap();
    let before = (read("ichat.db"), read("ichat.db-wal"), read("confirmed"));
    sound(dir.path());
    assert!(before == (read("ichat.db"), read("ichat.db-wal"), read("confirmed")));
}

#[tokio::test]
async fn a_clients_folder_can_be_checked_and_is_no_servers() {
    let (office, _) = busy_office().await;
    let dir = tempfile::tempdir().unwrap();
    let client = Store::open(dir.path()).await.unwrap();
    let page = office.page(None, None, 200).await;
    let (epoch, entries) = (page.head.epoch, page.entries);
    let room = office.room;
    client
        .save(vec![ReplicaChange::Entries { room, epoch, entries }])
        .await
        .unwrap();
    client.close().await;
    assert!(sound(dir.path()).is_replica);
    let said = refused(restore(
        &dir.path().join("ichat.db"),
        office.dir.path().join("x").as_path(),
        &mut |_| {},
    ));
    assert!(said.contains("what an app keeps"), "{said}");
}
