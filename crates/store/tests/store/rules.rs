//! Who may write what, and what it does to the log.

use ichat_protocol::{Body, EntryId, RoomId};
use ichat_store::Outcome;

use crate::office::{Office, Person, committed, message, name, text_of};

#[tokio::test]
async fn a_batch_may_make_a_room_join_it_and_talk() {
    let alice = Person::called("alice");
    let office = Office::with(&[]).await;
    let room = RoomId::fresh();
    let batch = vec![
        alice.drafts(room, Body::Created { name: name("Garden") }),
        alice.joins(room),
        alice.drafts(room, Body::Topic { text: "bees".into() }),
        alice.says(room, "hello"),
    ];
    let outcomes = office.store.commit(batch).await.unwrap();
    let places: Vec<u64> = outcomes.into_iter().map(|o| committed(o).seq.0).collect();
    assert_eq!(places, [1, 2, 3, 4]);
    let garden = office.store.room(room, &alice.id).await.unwrap().unwrap();
    assert_eq!(
        (garden.name.as_str(), garden.topic.as_str(), garden.members),
        ("Garden", "bees", 1)
    );
    assert_eq!(garden.head.seq.0, 4);
}

#[tokio::test]
async fn a_room_is_made_once() {
    let alice = Person::called("alice");
    let office = Office::with(&[]).await;
    let room = RoomId::fresh();
    let made = alice.drafts(room, Body::Created { name: name("Garden") });
    let entry = office.commit(made.clone()).await;
    assert_eq!(office.try_commit(made.clone()).await, Outcome::Duplicate(entry));
    let again = alice.drafts(room, Body::Created { name: name("Garden") });
    assert_eq!(office.try_commit(again).await, Outcome::Conflict);
}

#[tokio::test]
async fn only_members_write_and_only_to_rooms_that_are_there() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let office = Office::with(&[&alice]).await;
    let said = office.says(&alice, "hi").await;
    let nowhere = RoomId::fresh();
    assert_eq!(office.try_commit(alice.says(nowhere, "hi")).await, Outcome::UnknownRoom);
    assert_eq!(office.try_commit(alice.joins(nowhere)).await, Outcome::UnknownRoom);
    for body in [
        message("hi"),
        Body::Left,
        Body::MemberRenamed { name: name("Robert") },
        Body::RoomRenamed { name: name("Mine") },
        Body::Topic { text: "mine".into() },
        Body::Edit {
            of: said.id,
            text: "ho".into(),
        },
        Body::Delete { of: said.id },
        Body::React {
            to: said.id,
            emoji: "👍".into(),
            on: true,
        },
    ] {
        assert_eq!(
            office.try_commit(bob.drafts(office.room, body)).await,
            Outcome::NotJoined
        );
    }
    office.commit(bob.joins(office.room)).await;
    office.commit(bob.drafts(office.room, Body::Left)).await;
    assert_eq!(office.try_commit(bob.says(office.room, "hi")).await, Outcome::NotJoined);
    assert_eq!(
        office.try_commit(bob.drafts(office.room, Body::Left)).await,
        Outcome::NotJoined
    );
}

#[tokio::test]
async fn joining_again_under_the_same_name_stands() {
    let mut alice = Person::called("alice");
    let office = Office::with(&[]).await;
    let joined = office.commit(alice.joins(office.room)).await;
    assert_eq!(
        office.try_commit(alice.joins(office.room)).await,
        Outcome::Duplicate(joined.clone())
    );
    alice.name = name("Alice");
    let renamed = office
        .commit(alice.drafts(office.room, Body::MemberRenamed { name: name("Alice") }))
        .await;
    assert_eq!(
        office.try_commit(alice.joins(office.room)).await,
        Outcome::Duplicate(renamed)
    );
    assert_eq!(office.sees(&alice).await.members, 1);
}

#[tokio::test]
async fn only_the_author_edits_and_deletes_and_only_messages_that_stand_here() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let office = Office::with(&[&alice, &bob]).await;
    let said = office.says(&alice, "hi").await;
    let edited = office.edits(&alice, &said, "ho").await;
    let elsewhere = RoomId::fresh();
    office.open_room(&alice, elsewhere, "Elsewhere").await;
    let joined = office.commit(alice.joins(elsewhere)).await;
    let edit = |of: EntryId| Body::Edit { of, text: "x".into() };
    let react = |to: EntryId| Body::React {
        to,
        emoji: "👍".into(),
        on: true,
    };

    let cases = [
        (&bob, office.room, edit(said.id), Outcome::NotYours),
        (&bob, office.room, Body::Delete { of: said.id }, Outcome::NotYours),
        (&alice, office.room, edit(EntryId::fresh()), Outcome::UnknownEntry),
        (&alice, office.room, edit(edited.id), Outcome::UnknownEntry),
        (&alice, office.room, edit(joined.id), Outcome::UnknownEntry),
        (&alice, elsewhere, edit(said.id), Outcome::UnknownEntry),
        (&alice, elsewhere, react(said.id), Outcome::UnknownEntry),
        (
            &alice,
            office.room,
            Body::Delete { of: edited.id },
            Outcome::UnknownEntry,
        ),
        (&bob, office.room, react(EntryId::fresh()), Outcome::UnknownEntry),
    ];
    for (who, room, body, expected) in cases {
        let shown = format!("{body:?}");
        assert_eq!(office.try_commit(who.drafts(room, body)).await, expected, "{shown}");
    }
    office.reacts(&bob, &said, "👍", true).await;
    office.deletes(&alice, &said).await;
    for body in [edit(said.id), Body::Delete { of: said.id }, react(said.id)] {
        let outcome = office.try_commit(alice.drafts(office.room, body)).await;
        assert_eq!(outcome, Outcome::UnknownEntry);
    }
}

#[tokio::test]
async fn a_deletion_wipes_the_message_and_its_edits() {
    let alice = Person::called("alice");
    let office = Office::with(&[&alice]).await;
    let kept = office.says(&alice, "kept").await;
    let said = office.says(&alice, "a secret").await;
    let edited = office.edits(&alice, &said, "another secret").await;
    office.reacts(&alice, &said, "👍", true).await;
    office.deletes(&alice, &said).await;
    let log = office.log().await;
    for entry in &log {
        let expected = entry.id == said.id || entry.id == edited.id;
        assert_eq!(entry.body == Body::Wiped, expected, "{entry:?}");
    }
    assert!(log.contains(&kept));
    // Place, author and time stay.
    let wiped = log.iter().find(|e| e.id == said.id).unwrap();
    assert_eq!((wiped.seq, &wiped.author, wiped.at), (said.seq, &said.author, said.at));
}

#[tokio::test]
async fn deleted_text_leaves_the_disk() {
    let alice = Person::called("alice");
    let office = Office::with(&[&alice]).await;
    // One that lies within a page of the file, and one that fills several of its own.
    let short = office.says(&alice, "Quite-Secret-Phrase here").await;
    let long = office.says(&alice, &"Lengthy-Secret-Phrase ".repeat(600)).await;
    office.edits(&alice, &short, "Edited-Secret-Phrase there").await;
    let on_disk = |office: &Office, text: &str| {
        let file = std::fs::read(office.dir.path().join("ichat.db")).unwrap();
        file.windows(text.len()).any(|window| window == text.as_bytes())
    };
    let secrets = ["Quite-Secret-Phrase", "Lengthy-Secret-Phrase", "Edited-Secret-Phrase"];
    let office = office.reopened().await;
    for secret in secrets {
        assert!(on_disk(&office, secret), "{secret} was never there");
    }
    office.deletes(&alice, &short).await;
    office.deletes(&alice, &long).await;
    let office = office.reopened().await;
    for secret in secrets {
        assert!(!on_disk(&office, secret), "{secret}");
    }
}

#[tokio::test]
async fn every_kind_of_entry_comes_back_as_it_was() {
    let alice = Person::called("alice");
    let office = Office::with(&[&alice]).await;
    let said = office.says(&alice, "line\nbreak \u{0} zero 😀").await;
    let mut later_kind = serde_json::Map::new();
    later_kind.insert("kind".into(), "poll".into());
    later_kind.insert("options".into(), serde_json::json!(["tea", 2, null, {"deep": true}]));
    let mut written = vec![said.clone()];
    for body in [
        Body::Message {
            text: "yes".into(),
            reply_to: Some(said.id),
        },
        Body::RoomRenamed { name: name("Büro") },
        Body::Topic { text: String::new() },
        Body::Edit {
            of: said.id,
            text: "changed".into(),
        },
        Body::React {
            to: said.id,
            emoji: "👩‍👩‍👧".into(),
            on: true,
        },
        Body::React {
            to: said.id,
            emoji: "👩‍👩‍👧".into(),
            on: false,
        },
        Body::Unknown(later_kind),
        Body::MemberRenamed { name: name("Alice A.") },
        Body::Left,
    ] {
        written.push(office.commit(alice.drafts(office.room, body)).await);
    }
    let office = office.reopened().await;
    let log = office.log().await;
    assert!(
        log.ends_with(&written),
        "{:?}",
        log.iter().map(text_of).collect::<Vec<_>>()
    );
}
