//! The rooms of a client's data folder: the server's descriptions, and the entries that come later.
//!
//! - rooms and members are as the server described them, with the times from which the members have had their names
//! - later entries change the room, and earlier ones do not
//! - the unread count follows later entries and the read marker
//! - a read marker is pending until the server has it
//! - entries of a room without a description are stored
//! - what is damaged of a room or the outbox is left out, also until the server describes the room again; the rest is there
//! - entries of another history than the description, in one batch, give what a rebuild gives

use ichat_protocol::{Body, Epoch, Head, Member, RoomId, RoomSummary, Seq};
use ichat_store::{ReplicaChange, check};

use crate::client::{Client, assert_out_of_sync, post, room_of_three};
use crate::fixture::{Person, name, renamed, tamper, text_of, whole_log};

#[tokio::test]
async fn rooms_and_members_are_as_the_server_described_them() {
    let (fixture, _, bob) = room_of_three().await;
    let client = Client::of(&fixture).await;
    let summary = fixture.sees(&bob).await;
    let members = fixture.store.members(fixture.room).await.unwrap();
    let changes = vec![
        ReplicaChange::SetRoom(summary.clone()),
        ReplicaChange::SetMembers {
            room: fixture.room,
            members: members.clone(),
            complete: true,
        },
    ];
    client.store.save(changes).await.unwrap();
    let client = client.reopened().await;
    let state = client.store.persisted_state().await.unwrap();
    assert_eq!(state.rooms.len(), 1);
    assert_eq!(state.rooms[0].room, summary);
    assert_eq!(state.rooms[0].epoch, summary.head.epoch);
    assert_eq!((state.rooms[0].first, state.rooms[0].last), (Seq::ZERO, Seq::ZERO));
    let restored = client.store.members(fixture.room).await.unwrap();
    assert!(members.iter().all(|member| member.since.is_some()));
    assert_eq!(restored, members);
    assert_eq!(client.store.rooms(&bob.id).await.unwrap(), [summary]);
}

#[tokio::test]
async fn later_entries_change_the_room_and_earlier_ones_do_not() {
    let (fixture, alice, bob) = room_of_three().await;
    fixture
        .commit(alice.posts(fixture.room, Body::RoomRenamed { name: name("Old name") }))
        .await;
    fixture
        .commit(alice.posts(fixture.room, Body::RoomRenamed { name: name("Studio") }))
        .await;
    let client = Client::of(&fixture).await;
    let summary = fixture.sees(&bob).await;
    let members = fixture.store.members(fixture.room).await.unwrap();
    let room = fixture.room;
    let changes = vec![
        ReplicaChange::SetRoom(summary.clone()),
        ReplicaChange::SetMembers {
            room,
            members,
            complete: true,
        },
    ];
    client.store.save(changes).await.unwrap();
    client.stores(&fixture, 22..=22).await.unwrap();
    client.stores(&fixture, 15..=21).await.unwrap();
    client.stores(&fixture, 1..=14).await.unwrap();
    assert_eq!(client.store.persisted_state().await.unwrap().rooms[0].room, summary);

    fixture
        .commit(alice.posts(room, Body::Topic { text: "new".into() }))
        .await;
    let dave = Person::called("dave");
    fixture.commit(dave.joins(room)).await;
    fixture.commit(alice.posts(room, Body::Left)).await;
    let last = fixture.commit(bob.posts(room, renamed("Bob"))).await;
    client.stores(&fixture, 23..=last.seq.0).await.unwrap();
    let seen = client.store.room(room, &bob.id).await.unwrap().unwrap();
    assert_eq!((seen.topic.as_str(), seen.members, seen.head.seq), ("new", 3, last.seq));
    let sorted = |mut members: Vec<Member>| {
        members.sort_by(|a, b| a.id.cmp(&b.id));
        members
    };
    let here = sorted(client.store.members(room).await.unwrap());
    assert_eq!(here, sorted(fixture.store.members(room).await.unwrap()));
}

#[tokio::test]
async fn the_unread_count_follows_later_entries_and_the_read_marker() {
    let (fixture, alice, bob) = room_of_three().await;
    let client = Client::of(&fixture).await;
    let room = fixture.room;
    // Bob has read up to 10, as the server knows. The client has the entries from 15 on.
    fixture.store.set_read(room, &bob.id, Seq(10)).await.unwrap();
    client
        .store
        .save(vec![ReplicaChange::SetRoom(fixture.sees(&bob).await)])
        .await
        .unwrap();
    client.stores(&fixture, 15..=20).await.unwrap();
    let unread = async || client.store.room(room, &bob.id).await.unwrap().unwrap().unread;
    assert_eq!(unread().await, 10);
    // Later messages add to the server's count, but for one's own.
    fixture.says(&alice, "21").await;
    fixture.says(&bob, "22").await;
    client.stores(&fixture, 21..=22).await.unwrap();
    assert_eq!(unread().await, 11);
    client.stores(&fixture, 10..=14).await.unwrap();
    assert_eq!(unread().await, 11);
    for (read, expected) in [(20, 1), (22, 0), (15, 6), (10, 11)] {
        client
            .store
            .save(vec![ReplicaChange::SetReadMarker {
                room,
                seq: Seq(read),
                pending: false,
            }])
            .await
            .unwrap();
        assert_eq!(unread().await, expected, "read {read}");
        fixture.store.set_read(room, &bob.id, Seq(read)).await.unwrap();
        assert_eq!(fixture.sees(&bob).await.unread, expected, "read {read}");
    }
    let state = client.store.persisted_state().await.unwrap();
    assert_eq!(state.rooms[0].room.read, Seq(10));
}

#[tokio::test]
async fn a_moved_read_marker_replaces_the_servers_count() {
    let (fixture, _, bob) = room_of_three().await;
    let client = Client::of(&fixture).await;
    let room = fixture.room;
    fixture.store.set_read(room, &bob.id, Seq(10)).await.unwrap();
    let room_change = ReplicaChange::SetRoom(fixture.sees(&bob).await);
    client.store.save(vec![room_change]).await.unwrap();
    // Not up to the head, so that the stored entries alone don't give the count.
    client.stores(&fixture, 15..=18).await.unwrap();
    for (read, expected) in [(10, 10), (17, 1), (20, 0)] {
        let change = ReplicaChange::SetReadMarker {
            room,
            seq: Seq(read),
            pending: false,
        };
        client.store.save(vec![change]).await.unwrap();
        let seen = client.store.room(room, &bob.id).await.unwrap().unwrap();
        assert_eq!((seen.read, seen.unread), (Seq(read), expected));
    }
}

#[tokio::test]
async fn entries_of_a_room_without_a_description_are_stored() {
    let (fixture, ..) = room_of_three().await;
    let client = Client::of(&fixture).await;
    client.stores(&fixture, 10..=20).await.unwrap();
    let state = client.store.persisted_state().await.unwrap();
    let RoomSummary { id, name, head, .. } = state.rooms[0].room.clone();
    assert_eq!((id, name.to_string()), (fixture.room, fixture.room.to_string()));
    let expected = Head {
        epoch: fixture.page(None, None, 1).await.head.epoch,
        seq: Seq(20),
    };
    assert_eq!(head, expected);
    let members = ReplicaChange::SetMembers {
        room: RoomId::fresh(),
        members: Vec::new(),
        complete: true,
    };
    assert_out_of_sync(&client.store.save(vec![members]).await);
    assert_eq!(text_of(&whole_log(&client.store, fixture.room).await[0]), "message 10");
}

#[tokio::test]
async fn entries_of_another_history_than_the_description_give_what_a_rebuild_gives() {
    let (fixture, alice, bob) = room_of_three().await;
    let room = fixture.room;
    let described = fixture.sees(&bob).await;
    fixture
        .commit(alice.posts(room, Body::Topic { text: "new".into() }))
        .await;
    let client = Client::of(&fixture).await;
    let page = fixture.page(None, Some(20), 200).await;
    let changes = vec![
        ReplicaChange::SetRoom(described),
        ReplicaChange::AddEntries {
            room,
            epoch: Epoch::fresh(),
            entries: page.entries,
        },
    ];
    client.store.save(changes).await.unwrap();
    client.store.close().await;
    assert_eq!(check(client.dir.path(), &mut |_| {}).unwrap().problems, [] as [&str; 0]);
}

#[tokio::test]
async fn a_read_marker_is_pending_until_the_server_has_it() {
    let (fixture, _, bob) = room_of_three().await;
    let client = Client::of(&fixture).await;
    let (room, seen) = (fixture.room, fixture.sees(&bob).await);
    let marker = |seq, pending| ReplicaChange::SetReadMarker {
        room,
        seq: Seq(seq),
        pending,
    };
    for (change, expected) in [
        (ReplicaChange::SetRoom(seen.clone()), (seen.read, false)),
        (marker(7, true), (Seq(7), true)),
        (marker(7, false), (Seq(7), false)),
        (marker(9, true), (Seq(9), true)),
        // The server describes the room as it knows it.
        (ReplicaChange::SetRoom(seen.clone()), (seen.read, false)),
    ] {
        client.store.save(vec![change.clone()]).await.unwrap();
        let restored = client.store.persisted_state().await.unwrap();
        let found = (restored.rooms[0].room.read, restored.rooms[0].read_pending);
        assert_eq!(found, expected, "{change:?}");
    }
}

#[tokio::test]
async fn a_damaged_row_is_left_out_and_the_rest_is_there() {
    const NO_TEXT: &str = "CAST(x'ff' AS TEXT)";
    let (fixture, _, bob) = room_of_three().await;
    let summary = fixture.sees(&bob).await;
    let other = RoomSummary {
        id: RoomId::fresh(),
        ..summary.clone()
    };
    let posts = ["first", "second", "third"].map(|text| post(&fixture, text));
    let damages = [
        (format!("UPDATE room_state SET name = {NO_TEXT} WHERE room = 1"), 2, 3),
        ("UPDATE room_state SET topic = x'00' WHERE room = 1".into(), 2, 3),
        ("UPDATE room SET id = x'00' WHERE key = 1".into(), 1, 3),
        ("UPDATE server_room SET epoch = x'00' WHERE room = 1".into(), 1, 3),
        ("UPDATE outbox SET body = '{' WHERE key = 2".into(), 2, 2),
        (format!("UPDATE outbox SET body = {NO_TEXT} WHERE key = 2"), 2, 2),
        ("UPDATE outbox SET room = 7, error = '{' WHERE key = 2".into(), 2, 2),
    ];
    for (damage, rooms, waiting) in damages {
        let client = Client::of(&fixture).await;
        let described = [&summary, &other].map(|room| ReplicaChange::SetRoom(room.clone()));
        let written = posts.clone().map(ReplicaChange::AddPost);
        client
            .store
            .save([described.to_vec(), written.to_vec()].concat())
            .await
            .unwrap();
        client.store.close().await;
        tamper(client.dir.path(), &damage);
        let client = client.reopened().await;
        let state = client.store.persisted_state().await.unwrap();
        assert_eq!((state.rooms.len(), state.outbox.len()), (rooms, waiting), "{damage}");
        assert_eq!(state.damaged_posts.len(), 3 - waiting, "{damage}");
        let rows = state.damaged_posts;
        let repair = vec![
            ReplicaChange::RemoveDamagedPosts { rows },
            ReplicaChange::SetRoom(summary.clone()),
        ];
        client.store.save(repair).await.unwrap();
        let state = client.store.persisted_state().await.unwrap();
        assert!(state.rooms.iter().any(|known| known.room == summary), "{damage}");
        assert_eq!(state.damaged_posts, [0; 0], "{damage}");
    }
}
