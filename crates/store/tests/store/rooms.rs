//! Rooms, members, unread counts and read markers.
//!
//! - a new folder has a lobby, and keeps it and its id
//! - rooms are listed by name, as each member sees them; names, topics and members follow the log
//! - the unread count is exact: after joining, reading, deletions, and in rooms of several blocks
//! - only members have a read marker; many at once are all stored

use ichat_protocol::{Body, Member, RoomId, Seq};
use ichat_store::Store;

use crate::fixture::{Fixture, Person, name, renamed};

#[tokio::test]
async fn a_new_folder_has_a_lobby_and_keeps_it_and_its_id() {
    let fixture = Fixture::with(&[]).await;
    let (server, lobby) = (fixture.store.server_id(), fixture.store.lobby());
    let alice = Person::called("alice");
    let room = fixture.store.room(lobby, &alice.id).await.unwrap().unwrap();
    assert_eq!((room.name.as_str(), room.members, room.joined), ("Lobby", 0, false));
    assert_eq!(room.head.seq, Seq(1));
    fixture.store.close().await;
    let again = Store::open_server(fixture.dir.path(), &name("Another name"))
        .await
        .unwrap();
    assert_eq!((again.server_id(), again.lobby()), (server, lobby));
    let kept = again.room(lobby, &alice.id).await.unwrap().unwrap();
    assert_eq!(kept, room);
    again.close().await;
}

#[tokio::test]
async fn rooms_are_listed_by_name_as_each_member_sees_them() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let fixture = Fixture::with(&[&alice]).await;
    for called in ["zoo", "Attic", "barn"] {
        fixture.open_room(&bob, RoomId::fresh(), called).await;
    }
    let listed = |rooms: Vec<ichat_protocol::RoomSummary>| -> Vec<(String, bool)> {
        rooms.into_iter().map(|r| (r.name.to_string(), r.joined)).collect()
    };
    let expected = [
        ("Attic", false),
        ("barn", false),
        ("Lobby", false),
        ("Office", true),
        ("zoo", false),
    ];
    let expected: Vec<_> = expected.map(|(name, joined)| (name.to_owned(), joined)).to_vec();
    assert_eq!(listed(fixture.store.rooms(&alice.id).await.unwrap()), expected);
    assert!(
        fixture
            .store
            .rooms(&bob.id)
            .await
            .unwrap()
            .iter()
            .all(|room| !room.joined)
    );
    assert_eq!(fixture.store.rooms_of(&alice.id).await.unwrap(), [fixture.room]);
    assert_eq!(fixture.store.rooms_of(&bob.id).await.unwrap(), []);
    assert_eq!(fixture.store.room(RoomId::fresh(), &alice.id).await.unwrap(), None);
}

#[tokio::test]
async fn names_and_topics_follow_the_log() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    fixture
        .commit(alice.posts(fixture.room, Body::RoomRenamed { name: name("Studio") }))
        .await;
    fixture
        .commit(alice.posts(fixture.room, Body::Topic { text: "paint".into() }))
        .await;
    let fixture = fixture.reopened().await;
    let room = fixture.sees(&alice).await;
    assert_eq!((room.name.as_str(), room.topic.as_str()), ("Studio", "paint"));
    fixture
        .commit(alice.posts(fixture.room, Body::Topic { text: String::new() }))
        .await;
    assert_eq!(fixture.sees(&alice).await.topic, "");
}

#[tokio::test]
async fn members_join_take_names_and_leave() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let fixture = Fixture::with(&[&alice, &bob]).await;
    assert!(fixture.store.is_member(fixture.room, &bob.id).await.unwrap());
    let bob_joined = fixture.log().await.last().unwrap().at;
    let renamed = fixture.commit(alice.posts(fixture.room, renamed("Alice"))).await;
    let expected = Body::MemberRenamed {
        name: name("Alice"),
        from: Some(name("alice")),
    };
    assert_eq!(renamed.body, expected, "the log says who was called what");
    fixture.commit(bob.posts(fixture.room, Body::Left)).await;
    let member = |who: &Person, called: &str, left, since| Member {
        id: who.id.clone(),
        name: name(called),
        left,
        since: Some(since),
    };
    let members = fixture.store.members(fixture.room).await.unwrap();
    assert_eq!(
        members,
        [
            member(&alice, "Alice", false, renamed.at),
            member(&bob, "bob", true, bob_joined)
        ]
    );
    assert_eq!(fixture.sees(&alice).await.members, 1);
    assert!(!fixture.store.is_member(fixture.room, &bob.id).await.unwrap());
    assert!(!fixture.sees(&bob).await.joined);
    // Joins again under another name.
    let back = Person {
        name: name("Robert"),
        ..bob.clone()
    };
    let joined = fixture.commit(back.joins(fixture.room)).await;
    assert_eq!(
        fixture.store.members(fixture.room).await.unwrap()[1],
        member(&bob, "Robert", false, joined.at)
    );
    assert_eq!(fixture.sees(&alice).await.members, 2);
    assert_eq!(fixture.store.members(RoomId::fresh()).await.unwrap(), []);
}

#[tokio::test]
async fn messages_of_others_since_joining_or_reading_are_unread() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let fixture = Fixture::with(&[&alice]).await;
    fixture.says(&alice, "before bob came").await;
    let joined = fixture.commit(bob.joins(fixture.room)).await;
    assert_eq!(
        (fixture.sees(&bob).await.unread, fixture.sees(&bob).await.read),
        (0, joined.seq)
    );
    let first = fixture.says(&alice, "one").await;
    fixture.says(&bob, "mine").await;
    let second = fixture.says(&alice, "two").await;
    fixture.edits(&alice, &second, "2").await;
    fixture.reacts(&alice, &second, "👍", true).await;
    assert_eq!(fixture.sees(&bob).await.unread, 2);
    fixture.store.set_read(fixture.room, &bob.id, first.seq).await.unwrap();
    assert_eq!(fixture.sees(&bob).await.unread, 1);
    fixture.deletes(&alice, &second).await;
    assert_eq!(fixture.sees(&bob).await.unread, 0, "a deleted message is not unread");
    // Moved back, as by `mark as unread`.
    fixture.store.set_read(fixture.room, &bob.id, Seq::ZERO).await.unwrap();
    assert_eq!(fixture.sees(&bob).await.unread, 2);
    // Moved beyond the head, it is at the head.
    fixture
        .store
        .set_read(fixture.room, &bob.id, Seq(u64::MAX))
        .await
        .unwrap();
    let seen = fixture.sees(&bob).await;
    assert_eq!((seen.read, seen.unread), (seen.head.seq, 0));
    fixture.says(&alice, "three").await;
    assert_eq!(fixture.reopened().await.sees(&bob).await.unread, 1);
}

#[tokio::test]
async fn only_a_member_has_a_read_marker() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let fixture = Fixture::with(&[&alice]).await;
    fixture.says(&alice, "hi").await;
    fixture.store.set_read(fixture.room, &bob.id, Seq(2)).await.unwrap();
    fixture
        .store
        .set_read(RoomId::fresh(), &alice.id, Seq(2))
        .await
        .unwrap();
    let seen = fixture.sees(&bob).await;
    assert_eq!((seen.read, seen.unread, seen.joined), (Seq::ZERO, 0, false));
}

/// Messages are counted in blocks of 1,024 positions: markers around the borders must give the same as counting one by one.
#[tokio::test]
async fn unread_counts_are_exact_in_long_rooms() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let fixture = Fixture::with(&[&alice, &bob]).await;
    for _ in 0..5 {
        let batch = (0..500).map(|n| {
            if n % 3 == 0 {
                bob.says(fixture.room, "b")
            } else {
                alice.says(fixture.room, "a")
            }
        });
        fixture.store.commit(batch.collect()).await.unwrap();
    }
    let log = fixture.log().await;
    let doomed: Vec<_> = [100, 1_023, 1_024, 1_025, 2_047, 2_100]
        .map(|seq: usize| log[seq - 1].clone())
        .to_vec();
    for entry in &doomed {
        let who = if entry.author == alice.id { &alice } else { &bob };
        fixture.deletes(who, entry).await;
    }
    let log = fixture.log().await;
    for read in [
        0, 1, 99, 100, 1_022, 1_023, 1_024, 1_025, 2_046, 2_047, 2_048, 2_049, 2_500, 2_503,
    ] {
        fixture.store.set_read(fixture.room, &bob.id, Seq(read)).await.unwrap();
        let counted = log
            .iter()
            .filter(|e| e.seq.0 > read && e.author != bob.id && e.body.properties().counts_as_unread)
            .count();
        assert_eq!(fixture.sees(&bob).await.unread as usize, counted, "after {read}");
    }
}

#[tokio::test]
async fn many_read_markers_at_once_are_all_stored() {
    let people: Vec<Person> = (0..40).map(|n| Person::called(&format!("p{n}"))).collect();
    let fixture = Fixture::with(&people.iter().collect::<Vec<_>>()).await;
    let mut reading = tokio::task::JoinSet::new();
    for (n, person) in people.iter().cloned().enumerate() {
        let (store, room) = (fixture.store.clone(), fixture.room);
        reading.spawn(async move { store.set_read(room, &person.id, Seq(n as u64)).await.unwrap() });
    }
    let posted = fixture.says(&people[0], "meanwhile").await;
    reading.join_all().await;
    assert_eq!(posted.seq, Seq(42));
    for (n, person) in people.iter().enumerate() {
        assert_eq!(fixture.sees(person).await.read, Seq(n as u64));
    }
}
