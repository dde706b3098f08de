//! Rooms and their members.
//!
//! - a created room is there for its creator, once; its id is taken for others
//! - a room is listed, can be joined, and is closed to those who have not joined
//! - a member who leaves may no longer read it, and the lobby cannot be left
//! - a member who left a room receives nothing of it on any device, and does not subscribe by creating it again
//! - a room that is created, joined or left on one device is so on the member's others at once
//! - a person can create so many rooms a day, through a restart of the server, and the guests at an address together
//! - a new name is in the log of the member's rooms, also while the member leaves one of them
//! - several new names at once, of a person's devices, leave the same one in all rooms
//! - of several sign-ins at once under new names, the one that was written is the one that is shown

use std::collections::HashSet;
use std::slice;

use futures_util::future::join_all;
use ichat_protocol::{Body, EntryId, RoomId, Seq};
use ichat_server::Config;
use ichat_testkit::{Identity, TestClient, TestServer, entries, message, message_text};
use serde_json::{Value, json};

/// Creates a room, and returns its id.
async fn create(client: &mut TestClient, name: &str) -> RoomId {
    let room = RoomId::fresh();
    let response = client.request("create", &[json!({ "room": room, "name": name })]).await;
    assert_eq!(response["event"], "room");
    room
}

/// Emits an event about a room, and returns its acknowledgement.
async fn request(client: &mut TestClient, event: &str, room: RoomId) -> Value {
    client.request(event, &[json!({ "room": room })]).await
}

#[tokio::test]
async fn a_room_is_created_once() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let mut bob = server.user("Bob").await;
    let room = RoomId::fresh();
    let create = json!({ "room": room, "name": "Garden", "topic": "Plants" });
    alice.emit("create", create.clone()).await;
    let first_entries = entries(&alice.receives("entries").await);
    assert_eq!(first_entries[0].seq, Seq(1));
    let created = alice.receives("room").await;
    assert_eq!(
        (&created["name"], &created["topic"], &created["joined"]),
        (&json!("Garden"), &json!("Plants"), &json!(true))
    );
    let again = alice.request("create", &[create]).await;
    assert_eq!(
        again["data"]["head"], created["head"],
        "creating it again wrote something"
    );
    let taken = bob.request("create", &[json!({ "room": room, "name": "Mine" })]).await;
    assert_eq!(taken["data"]["error"]["code"], "conflict");
}

#[tokio::test]
async fn a_room_can_be_found_and_joined() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let mut bob = server.user("Bob").await;
    let room = create(&mut alice, "Garden").await;

    let listed = bob.request("rooms", &[]).await;
    let rooms = listed["data"]["rooms"].as_array().unwrap();
    let garden = rooms.iter().find(|listed| listed["id"] == json!(room)).unwrap();
    assert_eq!(garden["joined"], false);
    bob.says_in(room, "too early").await;
    assert_eq!(bob.is_refused().await, "not_joined");

    bob.emit("join", json!({ "room": room })).await;
    assert_eq!(bob.receives("room").await["joined"], true);
    let page = entries(&bob.receives("page").await);
    assert!(matches!(page.last().unwrap().body, Body::Joined { .. }));
    bob.says_in(room, "nice").await;
    alice.sees("nice").await;
    bob.sees("nice").await;
    let members = request(&mut bob, "members", room).await;
    assert_eq!(members["data"]["members"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_room_can_be_left_and_the_lobby_cannot() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let mut bob = server.user("Bob").await;
    let room = create(&mut alice, "Garden").await;
    request(&mut bob, "join", room).await;

    let left = request(&mut bob, "leave", room).await;
    assert_eq!(
        (&left["event"], &left["data"]["joined"]),
        (&json!("room"), &json!(false))
    );
    let refused = request(&mut bob, "history", room).await;
    assert_eq!(refused["data"]["error"]["code"], "not_joined");
    let refused = request(&mut bob, "leave", server.lobby()).await;
    assert_eq!(refused["data"]["error"]["code"], "bad_request");
    bob.subscribes(server.lobby()).await;
    bob.says("still here").await;
    bob.sees("still here").await;
}

#[tokio::test]
async fn a_member_who_left_receives_nothing_of_the_room_on_any_device() {
    let server = TestServer::start().await;
    let identity = Identity::random();
    let mut alice = server.user("Alice").await;
    let room = create(&mut alice, "Garden").await;
    let mut desk = server.user_with("Bob", &identity).await;
    request(&mut desk, "join", room).await;
    let mut phone = server.user_with("Bob", &identity.on_another_device()).await;
    phone.subscribes(room).await;
    alice.says_in(room, "before").await;
    for device in [&mut desk, &mut phone] {
        device.sees("before").await;
    }

    request(&mut desk, "leave", room).await;
    let after = message(room, EntryId::fresh(), "after");
    assert_eq!(alice.request("post", &[after]).await["event"], "entries");
    alice.emit("typing", json!({ "room": room, "on": true })).await;
    alice.request("rooms", &[]).await;
    for device in [&mut desk, &mut phone] {
        // Whatever was sent to this device before arrives before the response.
        device.request("rooms", &[]).await;
        let broadcasts = device.received_meanwhile("entries");
        let seen: Vec<_> = broadcasts.into_iter().flat_map(entries).collect();
        assert!(seen.iter().all(|entry| message_text(entry).is_none()), "{seen:?}");
        assert!(device.received_meanwhile("typing").is_empty());
    }
}

#[tokio::test]
async fn a_members_other_devices_learn_that_a_room_was_created_joined_or_left() {
    let server = TestServer::start().await;
    let identity = Identity::random();
    let mut alice = server.user("Alice").await;
    let room = create(&mut alice, "Garden").await;
    let mut desk = server.user_with("Bob", &identity).await;
    let mut phone = server.user_with("Bob", &identity.on_another_device()).await;
    let created = create(&mut desk, "Kitchen").await;
    for (event, room, joined) in [("create", created, true), ("join", room, true), ("leave", room, false)] {
        if event != "create" {
            request(&mut desk, event, room).await;
        }
        let news = phone.receives("room").await;
        assert_eq!(
            (&news["id"], &news["joined"]),
            (&json!(room), &json!(joined)),
            "{event}"
        );
        if joined {
            phone.subscribes(room).await;
            desk.says_in(room, event).await;
            phone.sees(event).await;
        }
    }
    // Only a change is news, and only to the member.
    let again = json!({ "room": created, "name": "Kitchen" });
    desk.request("create", &[again]).await;
    request(&mut desk, "join", created).await;
    for device in [&mut phone, &mut alice] {
        device.request("rooms", &[]).await;
        assert!(device.received_meanwhile("room").is_empty());
    }
}

#[tokio::test]
async fn a_new_name_is_in_the_log_and_in_the_presence_list() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    let response = alice.request("set_name", &[json!({ "name": "Alicia" })]).await;
    assert_eq!(response["event"], "presence");
    assert_eq!(response["data"]["people"][0]["name"], "Alicia");
    let seen = entries(&alice.receives("entries").await);
    assert!(
        matches!(&seen[0].body, Body::MemberRenamed { name, from: Some(from) } if name.as_str() == "Alicia" && from.as_str() == "Alice"),
        "{seen:?}"
    );
    let presence = alice.receives("presence").await;
    assert_eq!(presence["people"][0]["name"], "Alicia");
}

// On several threads, so that the member may leave between any two steps of the change of name.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_leaves_a_room_meanwhile_is_renamed_all_the_same() {
    const ROUNDS: usize = 300;
    let server = TestServer::without_rate_limits().await;
    let identity = Identity::random();
    let mut desk = server.user_with("Alice", &identity).await;
    let mut phone = server.user_with("Alice", &identity.on_another_device()).await;
    let room = create(&mut phone, "Garden").await;
    let leaving = tokio::spawn(async move {
        for _ in 0..ROUNDS {
            request(&mut phone, "leave", room).await;
            request(&mut phone, "join", room).await;
        }
    });
    while !leaving.is_finished() {
        for name in ["Alicia", "Alice"] {
            let response = desk.request("set_name", &[json!({ "name": name })]).await;
            assert_eq!(response["event"], "presence", "{response}");
        }
    }
    leaving.await.unwrap();
}

#[tokio::test]
async fn creating_a_room_again_after_leaving_it_does_not_subscribe() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let mut bob = server.user("Bob").await;
    let room = RoomId::fresh();
    let create = json!({ "room": room, "name": "Garden" });
    alice.request("create", slice::from_ref(&create)).await;
    request(&mut bob, "join", room).await;
    request(&mut alice, "leave", room).await;
    let again = alice.request("create", &[create]).await;
    assert_eq!(again["data"]["joined"], false);
    bob.request("post", &[message(room, EntryId::fresh(), "after")]).await;
    alice.request("rooms", &[]).await;
    let events = alice.received_meanwhile("entries");
    let mut seen = events.into_iter().flat_map(entries);
    assert!(seen.all(|entry| message_text(&entry).is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn new_names_at_once_leave_the_same_one_in_all_rooms() {
    // Each new name takes two transactions.
    const ROOMS: usize = 66;
    const DEVICES: usize = 8;
    let server = TestServer::without_rate_limits().await;
    let alice = Identity::random();
    let mut devices = vec![server.user_with("Alice", &alice).await];
    let mut rooms = vec![server.lobby()];
    for _ in 0..ROOMS {
        rooms.push(create(&mut devices[0], "Room").await);
    }
    while devices.len() < DEVICES {
        devices.push(server.user_with("Alice", &alice.on_another_device()).await);
    }
    for round in 0..10 {
        let renames = devices.iter_mut().enumerate().map(async |(device, client)| {
            let name = json!({ "name": format!("Device {device} in {round}") });
            assert_eq!(client.request("set_name", &[name]).await["event"], "presence");
        });
        join_all(renames).await;
        let mut names = HashSet::new();
        for room in &rooms {
            let members = server.store().members(*room).await.unwrap();
            names.extend(members.into_iter().map(|member| member.name.to_string()));
        }
        assert_eq!(names.len(), 1, "{names:?}");
    }
}

#[tokio::test]
async fn of_sign_ins_at_once_under_new_names_the_written_one_is_shown() {
    // A new name takes two transactions.
    const ROOMS: u32 = 66;
    let config = Config {
        // The lobby, each new room with its creator, and one new name.
        max_entries_per_day: 1 + 2 * ROOMS + (ROOMS + 1),
        ..TestServer::config_without_rate_limits()
    };
    let server = TestServer::with_config(config).await;
    let alice = Identity::random();
    let mut desk = server.user_with("Alice", &alice).await;
    for _ in 0..ROOMS {
        create(&mut desk, "Room").await;
    }
    let sign_ins = (0..8).map(|device| {
        let (server, device_of_alice) = (&server, alice.on_another_device());
        async move { server.user_with(&format!("Device {device}"), &device_of_alice).await }
    });
    let devices = join_all(sign_ins).await;
    let members = server.store().members(server.lobby()).await.unwrap();
    let written = members.first().unwrap().name.to_string();
    assert!(written.starts_with("Device"), "{written}");
    for device in &devices {
        assert_eq!(device.hello["name"], written);
    }
    // The name that is shown stands in the next answer, too.
    let same = desk.request("set_name", &[json!({ "name": written })]).await;
    assert_eq!(same["data"]["people"][0]["name"], written);
}

#[tokio::test]
async fn a_person_can_create_so_many_rooms_a_day() {
    let mut server = TestServer::with_config(Config {
        max_rooms_per_day: 2,
        ..Config::default()
    })
    .await;
    let alice = Identity::random();
    let create = || json!({ "room": RoomId::fresh(), "name": "Lunch" });
    let mut desk = server.user_with("Alice", &alice).await;
    let first = create();
    for room in [first.clone(), create()] {
        assert_eq!(desk.request("create", &[room]).await["event"], "room");
    }
    assert_eq!(desk.request("create", &[first]).await["event"], "room", "it exists");
    server.stops().await;
    server.starts_again().await;
    let mut phone = server.user_with("Alice", &alice.on_another_device()).await;
    let refused = phone.request("create", &[create()]).await["data"]["error"].clone();
    assert_eq!(refused["code"], "over_quota");
    let sentence = refused["message"].as_str().unwrap();
    assert!(
        sentence.contains("2 rooms") && sentence.contains("in 24 hours"),
        "{sentence}"
    );
    server.user("Bob").await.request("create", &[create()]).await;
    // Another guest at the same address is the same person as far as can be seen.
    for is_created in [true, true, false] {
        let answer = server.guest().await.request("create", &[create()]).await;
        assert_eq!(answer["event"] == "room", is_created, "{answer}");
    }
}
