//! An acknowledged entry is in the log, once, at one position.
//!
//! - one id posted 64 times at once, or twice in a batch, is one entry
//! - a repeated post is a duplicate: after reopening, after leaving the room, after its deletion
//! - an id with another author, room or body is a conflict
//! - positions have no gap under concurrent commits, and each device keeps its order
//! - a room's time never goes back
//! - acknowledged entries survive `kill -9`

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use ichat_protocol::{Body, EntryId, RoomId};
use ichat_store::{Outcome, Store};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::fixture::{Fixture, Person, committed, message, name, seqs, texts, whole_log};

#[tokio::test]
async fn sixty_four_posts_of_one_id_are_one_entry() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let post = alice.says(fixture.room, "hi");
    let mut posting = JoinSet::new();
    for _ in 0..64 {
        let (store, post) = (fixture.store.clone(), post.clone());
        posting.spawn(async move { store.commit(vec![post]).await.unwrap().remove(0) });
    }
    let outcomes = posting.join_all().await;
    let positions: HashSet<u64> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Committed(entry) | Outcome::Duplicate(entry) => entry.seq.0,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(positions.len(), 1);
    let first = outcomes.iter().filter(|o| matches!(o, Outcome::Committed(_))).count();
    assert_eq!(first, 1);
    assert_eq!(fixture.log().await.iter().filter(|e| e.id == post.id).count(), 1);
}

#[tokio::test]
async fn one_id_twice_in_a_batch_is_one_entry() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let post = alice.says(fixture.room, "hi");
    let outcomes = fixture.store.commit(vec![post.clone(), post]).await.unwrap();
    let first = committed(outcomes[0].clone());
    assert_eq!(outcomes[1], Outcome::Duplicate(first));
}

#[tokio::test]
async fn a_post_repeated_after_reopening_is_a_duplicate() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let post = alice.says(fixture.room, "hi");
    let first = fixture.commit(post.clone()).await;
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.try_commit(post).await, Outcome::Duplicate(first));
}

#[tokio::test]
async fn an_id_of_another_entry_is_a_conflict() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let fixture = Fixture::with(&[&alice, &bob]).await;
    let elsewhere = RoomId::fresh();
    fixture.open_room(&alice, elsewhere, "Elsewhere").await;
    fixture.commit(alice.joins(elsewhere)).await;
    let post = alice.says(fixture.room, "hi");
    fixture.commit(post.clone()).await;
    let before = fixture.log().await;

    let mut other_text = post.clone();
    other_text.body = message("ho");
    let mut other_author = post.clone();
    other_author.author = bob.id;
    let mut other_room = post.clone();
    other_room.room = elsewhere;
    for new in [other_text, other_author, other_room] {
        assert_eq!(fixture.try_commit(new).await, Outcome::Conflict);
    }
    // The device and the time may differ: two devices of one person may share an outbox.
    let mut other_device = post;
    other_device.device = ichat_protocol::DeviceId::fresh();
    other_device.at = 9_999;
    assert!(matches!(fixture.try_commit(other_device).await, Outcome::Duplicate(_)));
    assert_eq!(fixture.log().await, before);
}

#[tokio::test]
async fn a_post_repeated_after_its_deletion_is_a_wiped_duplicate() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let post = alice.says(fixture.room, "hi");
    let posted = fixture.commit(post.clone()).await;
    let edit = alice.posts(
        fixture.room,
        Body::Edit {
            of: posted.id,
            text: "ho".into(),
            mentions: Vec::new(),
        },
    );
    fixture.commit(edit.clone()).await;
    fixture.deletes(&alice, &posted).await;
    for repeated in [post.clone(), edit] {
        match fixture.try_commit(repeated).await {
            Outcome::Duplicate(entry) => assert_eq!(entry.body, Body::Wiped),
            other => panic!("{other:?}"),
        }
    }
    let mut other = post;
    other.body = message("something else");
    assert_eq!(fixture.try_commit(other).await, Outcome::Conflict);
}

#[tokio::test]
async fn a_post_repeated_after_leaving_is_a_duplicate() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let post = alice.says(fixture.room, "hi");
    let first = fixture.commit(post.clone()).await;
    fixture.commit(alice.posts(fixture.room, Body::Left)).await;
    assert_eq!(fixture.try_commit(post).await, Outcome::Duplicate(first));
}

#[tokio::test]
async fn positions_have_no_gap_under_concurrent_commits_and_each_device_keeps_its_order() {
    let people: Vec<Person> = (0..8).map(|n| Person::called(&format!("person {n}"))).collect();
    let fixture = Fixture::with(&people.iter().collect::<Vec<_>>()).await;
    let mut talking = JoinSet::new();
    for person in people.clone() {
        let (store, room) = (fixture.store.clone(), fixture.room);
        talking.spawn(async move {
            for n in 0..25 {
                let batch = vec![
                    person.says(room, &format!("{} {n} a", person.name)),
                    // A refused entry takes no position.
                    person.says(RoomId::fresh(), "nowhere"),
                    person.says(room, &format!("{} {n} b", person.name)),
                ];
                store.commit(batch).await.unwrap();
            }
        });
    }
    talking.join_all().await;
    let log = fixture.log().await;
    assert_eq!(seqs(&log), (1..=log.len() as u64).collect::<Vec<_>>());
    assert_eq!(log.len(), 1 + 8 + 8 * 50);
    for person in &people {
        let posted: Vec<_> = log
            .iter()
            .filter(|e| e.author == person.id && e.body.properties().counts_as_unread)
            .cloned()
            .collect();
        let expected: Vec<_> = (0..25)
            .flat_map(|n| [format!("{} {n} a", person.name), format!("{} {n} b", person.name)])
            .collect();
        assert_eq!(texts(&posted), expected);
    }
}

#[tokio::test]
async fn a_rooms_time_never_goes_back() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    for at in [5_000, 3_000, 6_000] {
        let mut post = alice.says(fixture.room, "hi");
        post.at = at;
        fixture.commit(post).await;
    }
    let fixture = fixture.reopened().await;
    let mut post = alice.says(fixture.room, "hi");
    post.at = 1;
    fixture.commit(post).await;
    let times: Vec<u64> = fixture.log().await.iter().map(|e| e.at).collect();
    assert_eq!(times, [1_000, 1_000, 5_000, 5_000, 6_000, 6_000]);
}

const DIR: &str = "ICHAT_STORE_TEST_DIR";
const ROOM: &str = "ICHAT_STORE_TEST_ROOM";

/// The process that [`acknowledged_entries_survive_kill_9`] kills. It prints each acknowledged id.
#[tokio::test]
#[ignore = "run by acknowledged_entries_survive_kill_9"]
#[allow(clippy::print_stdout, reason = "the parent process reads it")]
async fn commits_until_killed() {
    let (Ok(dir), Ok(room)) = (std::env::var(DIR), std::env::var(ROOM)) else {
        return;
    };
    let room = RoomId(Uuid::parse_str(&room).unwrap());
    let store = Store::open_server(&PathBuf::from(dir), &name("Lobby")).await.unwrap();
    let alice = Person::called("alice");
    loop {
        let batch: Vec<_> = (0..5).map(|_| alice.says(room, "still here")).collect();
        for outcome in store.commit(batch).await.unwrap() {
            println!("acknowledged {}", committed(outcome).id);
        }
    }
}

#[tokio::test]
async fn acknowledged_entries_survive_kill_9() {
    let alice = Person::called("alice");
    let mut fixture = Fixture::with(&[&alice]).await;
    let mut acknowledged: Vec<EntryId> = Vec::new();
    for enough in [20, 60, 200] {
        fixture.store.close().await;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "delivery::commits_until_killed", "--ignored", "--nocapture"])
            .env(DIR, fixture.dir.path())
            .env(ROOM, fixture.room.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut printed = 0;
        // Lines that it printed before its end are read after it, and count as well.
        while let Some(Ok(line)) = lines.next() {
            if let Some(id) = line.split("acknowledged ").nth(1) {
                acknowledged.push(id.parse().unwrap());
                printed += 1;
                if printed == enough {
                    child.kill().unwrap();
                }
            }
        }
        child.wait().unwrap();
        assert!(printed >= enough, "the process ended by itself after {printed}");
        fixture.store = Store::open_server(fixture.dir.path(), &name("Lobby")).await.unwrap();
    }
    let log = whole_log(&fixture.store, fixture.room).await;
    let stored: HashSet<EntryId> = log.iter().map(|e| e.id).collect();
    assert_eq!(stored.len(), log.len());
    assert_eq!(seqs(&log), (1..=log.len() as u64).collect::<Vec<_>>());
    assert!(acknowledged.iter().all(|id| stored.contains(id)));
    assert_eq!(fixture.finds("still").await.len(), 50);
    let unread = fixture.sees(&alice).await.unread;
    assert_eq!(unread, 0, "one's own messages are not unread");
    tokio::time::timeout(Duration::from_secs(10), fixture.store.close())
        .await
        .unwrap();
}
