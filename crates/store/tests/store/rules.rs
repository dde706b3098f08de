//! The rules of the log: the entries that a server accepts, and their effects.
//!
//! - a batch may create a room, join it and write to it; a room is created once
//! - no room is created beyond the highest key, whose entries would be those of another room
//! - only members write, and only to rooms that exist
//! - joining again under the same name is a duplicate
//! - only its author edits or deletes a message, and only while it is there
//! - a deletion wipes the message and its edits
//! - every kind of entry comes back as it was
//! - dates don't follow a clock that is set back by a minute, and follow one that was far ahead

use ichat_protocol::{Body, EntryId, RoomId};
use ichat_store::{Outcome, SearchQuery};

use crate::fixture::{Fixture, Person, committed, message, name, renamed, sound, tamper, text_of};

#[tokio::test]
async fn a_batch_may_create_a_room_join_it_and_write_to_it() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[]).await;
    let room = RoomId::fresh();
    let batch = vec![
        alice.posts(room, Body::Created { name: name("Garden") }),
        alice.joins(room),
        alice.posts(room, Body::Topic { text: "bees".into() }),
        alice.says(room, "hello"),
    ];
    let outcomes = fixture.store.commit(batch).await.unwrap();
    let positions: Vec<u64> = outcomes.into_iter().map(|o| committed(o).seq.0).collect();
    assert_eq!(positions, [1, 2, 3, 4]);
    let garden = fixture.store.room(room, &alice.id).await.unwrap().unwrap();
    assert_eq!(
        (garden.name.as_str(), garden.topic.as_str(), garden.members),
        ("Garden", "bees", 1)
    );
    assert_eq!(garden.head.seq.0, 4);
}

#[tokio::test]
async fn a_room_is_created_once() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[]).await;
    let room = RoomId::fresh();
    let created = alice.posts(room, Body::Created { name: name("Garden") });
    let entry = fixture.commit(created.clone()).await;
    assert_eq!(fixture.try_commit(created.clone()).await, Outcome::Duplicate(entry));
    let again = alice.posts(room, Body::Created { name: name("Garden") });
    assert_eq!(fixture.try_commit(again).await, Outcome::Conflict);
}

#[tokio::test]
async fn no_room_is_created_beyond_the_highest_key() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    fixture.store.close().await;
    let last_but_one = "INSERT INTO room (key, id, epoch) VALUES ((1 << 23) - 2, randomblob(16), randomblob(16))";
    tamper(fixture.dir.path(), last_but_one);
    let fixture = fixture.reopened().await;
    let last = RoomId::fresh();
    fixture.open_room(&alice, last, "Last").await;
    fixture.commit(alice.joins(last)).await;
    let beyond = alice.posts(RoomId::fresh(), Body::Created { name: name("Beyond") });
    assert_eq!(fixture.try_commit(beyond).await, Outcome::LimitReached);
    let posted = fixture.commit(alice.says(last, "hi")).await;
    let fixture = fixture.reopened().await;
    let page = fixture.store.page(last, None, None, 1).await.unwrap().unwrap();
    assert_eq!(page.entries, [posted]);
}

#[tokio::test]
async fn only_members_write_and_only_to_rooms_that_exist() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let fixture = Fixture::with(&[&alice]).await;
    let posted = fixture.says(&alice, "hi").await;
    let nowhere = RoomId::fresh();
    assert_eq!(
        fixture.try_commit(alice.says(nowhere, "hi")).await,
        Outcome::UnknownRoom
    );
    assert_eq!(fixture.try_commit(alice.joins(nowhere)).await, Outcome::UnknownRoom);
    for body in [
        message("hi"),
        Body::Left,
        renamed("Robert"),
        Body::RoomRenamed { name: name("Mine") },
        Body::Topic { text: "mine".into() },
        Body::Edit {
            of: posted.id,
            text: "ho".into(),
            mentions: Vec::new(),
        },
        Body::Delete { of: posted.id },
        Body::React {
            to: posted.id,
            emoji: "👍".into(),
            on: true,
        },
    ] {
        assert_eq!(
            fixture.try_commit(bob.posts(fixture.room, body)).await,
            Outcome::NotJoined
        );
    }
    fixture.commit(bob.joins(fixture.room)).await;
    fixture.commit(bob.posts(fixture.room, Body::Left)).await;
    assert_eq!(
        fixture.try_commit(bob.says(fixture.room, "hi")).await,
        Outcome::NotJoined
    );
    assert_eq!(
        fixture.try_commit(bob.posts(fixture.room, Body::Left)).await,
        Outcome::NotJoined
    );
}

#[tokio::test]
async fn joining_again_under_the_same_name_is_a_duplicate() {
    let mut alice = Person::called("alice");
    let fixture = Fixture::with(&[]).await;
    let joined = fixture.commit(alice.joins(fixture.room)).await;
    assert_eq!(
        fixture.try_commit(alice.joins(fixture.room)).await,
        Outcome::Duplicate(joined.clone())
    );
    alice.name = name("Alice");
    let renamed = fixture.commit(alice.posts(fixture.room, renamed("Alice"))).await;
    assert_eq!(
        fixture.try_commit(alice.joins(fixture.room)).await,
        Outcome::Duplicate(renamed)
    );
    assert_eq!(fixture.sees(&alice).await.members, 1);
}

#[tokio::test]
async fn only_its_author_edits_or_deletes_a_message_of_the_room() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let fixture = Fixture::with(&[&alice, &bob]).await;
    let posted = fixture.says(&alice, "hi").await;
    let edited = fixture.edits(&alice, &posted, "ho").await;
    let elsewhere = RoomId::fresh();
    fixture.open_room(&alice, elsewhere, "Elsewhere").await;
    let joined = fixture.commit(alice.joins(elsewhere)).await;
    let edit = |of: EntryId| Body::Edit {
        of,
        text: "x".into(),
        mentions: Vec::new(),
    };
    let react = |to: EntryId| Body::React {
        to,
        emoji: "👍".into(),
        on: true,
    };

    let cases = [
        (&bob, fixture.room, edit(posted.id), Outcome::NotYours),
        (&bob, fixture.room, Body::Delete { of: posted.id }, Outcome::NotYours),
        (&alice, fixture.room, edit(EntryId::fresh()), Outcome::UnknownEntry),
        (&alice, fixture.room, edit(edited.id), Outcome::UnknownEntry),
        (&alice, fixture.room, edit(joined.id), Outcome::UnknownEntry),
        (&alice, elsewhere, edit(posted.id), Outcome::UnknownEntry),
        (&alice, elsewhere, react(posted.id), Outcome::UnknownEntry),
        (
            &alice,
            fixture.room,
            Body::Delete { of: edited.id },
            Outcome::UnknownEntry,
        ),
        (&bob, fixture.room, react(EntryId::fresh()), Outcome::UnknownEntry),
    ];
    for (who, room, body, expected) in cases {
        let shown = format!("{body:?}");
        assert_eq!(fixture.try_commit(who.posts(room, body)).await, expected, "{shown}");
    }
    fixture.reacts(&bob, &posted, "👍", true).await;
    fixture.deletes(&alice, &posted).await;
    for body in [edit(posted.id), Body::Delete { of: posted.id }, react(posted.id)] {
        let outcome = fixture.try_commit(alice.posts(fixture.room, body)).await;
        assert_eq!(outcome, Outcome::UnknownEntry);
    }
}

#[tokio::test]
async fn a_deletion_wipes_the_message_and_its_edits() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let kept = fixture.says(&alice, "kept").await;
    let posted = fixture.says(&alice, "a secret").await;
    let edited = fixture.edits(&alice, &posted, "another secret").await;
    fixture.reacts(&alice, &posted, "👍", true).await;
    fixture.deletes(&alice, &posted).await;
    let log = fixture.log().await;
    for entry in &log {
        let expected = entry.id == posted.id || entry.id == edited.id;
        assert_eq!(entry.body == Body::Wiped, expected, "{entry:?}");
    }
    assert!(log.contains(&kept));
    // Its position, author and time stay.
    let wiped = log.iter().find(|e| e.id == posted.id).unwrap();
    assert_eq!(
        (wiped.seq, &wiped.author, wiped.at),
        (posted.seq, &posted.author, posted.at)
    );
}

#[tokio::test]
async fn every_kind_of_entry_comes_back_as_it_was() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let posted = fixture.says(&alice, "line\nbreak \u{0} zero 😀").await;
    let mut later_kind = serde_json::Map::new();
    later_kind.insert("kind".into(), "poll".into());
    later_kind.insert("options".into(), serde_json::json!(["tea", 2, null, {"deep": true}]));
    let mut written = vec![posted.clone()];
    for body in [
        Body::Message {
            text: "yes".into(),
            reply_to: Some(posted.id),
            mentions: Vec::new(),
        },
        Body::RoomRenamed { name: name("Büro") },
        Body::Topic { text: String::new() },
        Body::Edit {
            of: posted.id,
            text: "changed".into(),
            mentions: Vec::new(),
        },
        Body::React {
            to: posted.id,
            emoji: "👩‍👩‍👧".into(),
            on: true,
        },
        Body::React {
            to: posted.id,
            emoji: "👩‍👩‍👧".into(),
            on: false,
        },
        Body::Unknown(later_kind),
        renamed("Alice A."),
        Body::Left,
    ] {
        written.push(fixture.commit(alice.posts(fixture.room, body)).await);
    }
    let fixture = fixture.reopened().await;
    let log = fixture.log().await;
    assert!(
        log.ends_with(&written),
        "{:?}",
        log.iter().map(text_of).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn dates_follow_a_clock_that_was_far_ahead() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let (noon, year) = (1_800_000_000_000, 365 * 24 * 60 * 60 * 1_000);
    let mut dates = Vec::new();
    for at in [noon, noon - 60_000, noon + year, noon + 1_000, noon + 2_000] {
        let mut post = alice.says(fixture.room, "tea");
        post.at = at;
        dates.push(fixture.commit(post).await.at);
    }
    assert_eq!(dates, [noon, noon, noon + year, noon + 1_000, noon + 2_000]);
    let today = SearchQuery {
        text: "tea".into(),
        from: Some(noon),
        until: Some(noon + 10_000),
        limit: 50,
        ..SearchQuery::default()
    };
    let hits = fixture.store.search(today).await.unwrap();
    assert!(!hits.is_empty() && hits.iter().all(|hit| hit.entry.at < noon + 10_000));
    sound(fixture.dir.path());
}
