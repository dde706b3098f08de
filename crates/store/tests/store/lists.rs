//! Parts of long lists.
//!
//! - the rooms of a member are listed in parts, each once, without those that they left
//! - all rooms are listed in parts by name
//! - rooms are found by a part of the name or the topic and by the end of the id, those of exactly this name first
//! - members are listed in parts, new ones last, and found by the beginning of their names, and by their ids
//! - a list that begins after something unknown is none
//! - a client that knows some of the members counts them as the server does

use ichat_protocol::{Body, MemberId, RoomId};
use ichat_store::ReplicaChange;

use crate::client::Client;
use crate::fixture::{Fixture, Person, name, sound};

/// Creates a room with a topic that the person is in.
async fn opens(fixture: &Fixture, who: &Person, called: &str, topic: &str) -> RoomId {
    let room = RoomId::fresh();
    fixture.open_room(who, room, called).await;
    fixture.commit(who.joins(room)).await;
    if !topic.is_empty() {
        fixture
            .commit(who.posts(room, Body::Topic { text: topic.into() }))
            .await;
    }
    room
}

/// Returns the names of all rooms that a query finds, which arrive in parts of this size.
async fn finds(fixture: &Fixture, query: &str, limit: u32) -> Vec<String> {
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let nobody = Person::called("nobody").id;
        let part = fixture
            .store
            .find_rooms(&nobody, query, after, limit)
            .await
            .unwrap()
            .unwrap();
        assert!(part.items.len() <= limit as usize && (!part.more || part.items.len() == limit as usize));
        after = part.items.last().map(|room| room.id);
        names.extend(part.items.into_iter().map(|room| room.name.to_string()));
        if !part.more {
            return names;
        }
    }
}

/// Returns the names of all members whose names begin with a text, which arrive in parts of this size.
async fn finds_members(fixture: &Fixture, query: &str, limit: u32) -> Vec<String> {
    let (mut names, mut after): (Vec<_>, Option<MemberId>) = (Vec::new(), None);
    loop {
        let part = fixture.store.find_members(fixture.room, query, after.as_ref(), limit);
        let part = part.await.unwrap().unwrap();
        assert!(part.items.len() <= limit as usize && (!part.more || part.items.len() == limit as usize));
        after = part.items.last().map(|member| member.id.clone());
        names.extend(part.items.into_iter().map(|member| member.name.to_string()));
        if !part.more {
            return names;
        }
    }
}

#[tokio::test]
async fn the_rooms_of_a_member_are_listed_in_parts() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let fixture = Fixture::with(&[&alice]).await;
    for called in ["zoo", "Attic", "barn"] {
        opens(&fixture, &alice, called, "").await;
        opens(&fixture, &bob, "of bob", "").await;
    }
    fixture.commit(alice.posts(fixture.room, Body::Left)).await;
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let part = fixture.store.joined_rooms(&alice.id, after, 2).await.unwrap().unwrap();
        assert!(part.items.iter().all(|room| room.joined));
        after = part.items.last().map(|room| room.id);
        names.push(
            part.items
                .into_iter()
                .map(|room| room.name.to_string())
                .collect::<Vec<_>>(),
        );
        if !part.more {
            break;
        }
    }
    assert_eq!(names, [vec!["zoo", "Attic"], vec!["barn"]]);
    let nobody = Person::called("nobody");
    let none = fixture.store.joined_rooms(&nobody.id, None, 2).await.unwrap().unwrap();
    assert_eq!((none.items, none.more), (Vec::new(), false));
}

#[tokio::test]
async fn rooms_are_found_by_name_topic_and_id() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[]).await;
    for (called, topic) in [
        ("Café", "Tea too"),
        ("tea", ""),
        ("Team", ""),
        ("A tea party", ""),
        ("tea", "again"),
    ] {
        opens(&fixture, &alice, called, topic).await;
    }
    let all = ["A tea party", "Café", "Lobby", "Office", "tea", "tea", "Team"];
    let found = ["tea", "tea", "A tea party", "Café", "Team"];
    for limit in [1, 2, 3, 7, 100] {
        assert_eq!(finds(&fixture, "", limit).await, all, "in parts of {limit}");
        assert_eq!(finds(&fixture, " TEA ", limit).await, found, "in parts of {limit}");
    }
    assert_eq!(finds(&fixture, "cafe", 9).await, ["Café"]);
    assert_eq!(finds(&fixture, "%", 9).await, [""; 0]);
    let id = fixture.room.to_string();
    for end in [id.as_str(), &id[32..], &id.to_uppercase()] {
        assert_eq!(finds(&fixture, end, 9).await, ["Office"], "{end}");
    }
    let renamed = Body::RoomRenamed { name: name("Studio") };
    fixture.commit(Person::called("host").joins(fixture.room)).await;
    fixture
        .commit(Person::called("host").posts(fixture.room, renamed))
        .await;
    assert_eq!(finds(&fixture, "stud", 9).await, ["Studio"]);
    assert_eq!(finds(&fixture, "offic", 9).await, [""; 0]);
    // The list is the same after a rebuild.
    assert_eq!(finds(&fixture.reopened().await, "TEA", 2).await, found);
}

#[tokio::test]
async fn members_are_listed_and_found() {
    let people = ["Zoë", "ada", "Ada Lovelace", "Bob"].map(Person::called);
    let fixture = Fixture::with(&people.iter().collect::<Vec<_>>()).await;
    for limit in [1, 2, 3, 100] {
        let in_order_of_joining = ["Zoë", "ada", "Ada Lovelace", "Bob"];
        assert_eq!(finds_members(&fixture, "", limit).await, in_order_of_joining);
        assert_eq!(finds_members(&fixture, "AD", limit).await, ["ada", "Ada Lovelace"]);
    }
    assert_eq!(finds_members(&fixture, "zoe", 9).await, ["Zoë"]);
    assert_eq!(finds_members(&fixture, "lovelace", 9).await, [""; 0]);
    let ids = vec![people[3].id.clone(), Person::called("nobody").id, people[0].id.clone()];
    let found = fixture.store.members_of_ids(fixture.room, ids).await.unwrap();
    let names: Vec<_> = found.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["Bob", "Zoë"]);
}

#[tokio::test]
async fn a_list_after_something_unknown_is_none() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let (room, nobody) = (Some(RoomId::fresh()), Person::called("nobody").id);
    assert_eq!(fixture.store.find_rooms(&alice.id, "", room, 9).await.unwrap(), None);
    assert_eq!(fixture.store.find_rooms(&alice.id, "o", room, 9).await.unwrap(), None);
    assert_eq!(fixture.store.joined_rooms(&alice.id, room, 9).await.unwrap(), None);
    let members = fixture.store.find_members(fixture.room, "", Some(&nobody), 9).await;
    assert_eq!(members.unwrap(), None);
    assert_eq!(
        fixture.store.find_members(RoomId::fresh(), "", None, 9).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_client_that_knows_some_members_counts_them_as_the_server_does() {
    let people: Vec<_> = (0..9).map(|n| Person::called(&format!("p{n}"))).collect();
    let fixture = Fixture::with(&people.iter().collect::<Vec<_>>()).await;
    let (room, me) = (fixture.room, &people[0]);
    let client = Client::of(&fixture).await;
    let part = fixture.store.find_members(room, "", None, 3).await.unwrap().unwrap();
    let partial = |members| ReplicaChange::SetMembers {
        room,
        members,
        complete: false,
    };
    let described = ReplicaChange::SetRoom(fixture.sees(me).await);
    client
        .store
        .save(vec![described, partial(part.items.clone())])
        .await
        .unwrap();
    let count = async || client.store.room(room, &me.id).await.unwrap().unwrap().members;
    assert_eq!(count().await, 9);
    client.stores(&fixture, 5..=10).await.unwrap();
    let joined = fixture.commit(Person::called("late").joins(room)).await;
    let left = fixture.commit(people[8].posts(room, Body::Left)).await;
    client.stores(&fixture, joined.seq.0..=joined.seq.0).await.unwrap();
    assert_eq!(count().await, 10);
    // A member whose name was needed.
    let more = fixture
        .store
        .members_of_ids(room, vec![people[8].id.clone()])
        .await
        .unwrap();
    client
        .store
        .save(vec![partial([part.items, more].concat())])
        .await
        .unwrap();
    assert_eq!(count().await, 10);
    client.stores(&fixture, left.seq.0..=left.seq.0).await.unwrap();
    assert_eq!(fixture.sees(me).await.members, 9);
    client.store.close().await;
    sound(client.dir.path());
}
