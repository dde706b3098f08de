//! People talk.
//!
//! - the first event is `hello`; a key makes a member, once
//! - what one says, all see: the author too, at the same place
//! - 500 posts of one connection stay in their order while others post
//! - an acknowledgement comes instead of the answer; the same post again gives the entry that stands, and only to its author
//! - what is told is on the disk already
//! - 64 posts of one id make one entry; the same id with other content is refused
//! - a guest is logged with the first thing said, and not before
//! - a new name on reconnect is told in the room
//! - rooms: create (twice), list, join, leave; members; the lobby can't be left
//! - who has left a room hears nothing more of it, on any device
//! - two connections with one key are one person; what one reads is told to the other
//! - of a crowd some are shown, and somebody else when one of them goes
//! - typing reaches the others, a flood of it does not; away is one's own state

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails where its ground gives way"
)]

use std::collections::BTreeSet;
use std::time::Instant;

use ichat_protocol::limits::MAX_PRESENCE_PEOPLE;
use ichat_protocol::{Body, EntryId, RoomId, Seq};
use ichat_testkit::{Identity, TestServer, entries, message, message_text};
use serde_json::{Value, json};

#[tokio::test]
async fn a_key_makes_a_member_of_the_lobby_once() {
    let server = TestServer::start().await;
    let key = Identity::random();
    let alice = server.user_with("Alice", &key).await;
    assert_eq!(alice.hello["name"], "Alice");
    assert_eq!(alice.hello["protocol"], 1);
    assert_eq!(alice.hello["rooms"][0]["joined"], true);
    assert_eq!(alice.hello["device"], json!(key.device));
    let again = server.user_with("Alice", &key).await;
    assert_eq!(again.me(), alice.me());
    let joined: Vec<_> = server
        .log()
        .await
        .into_iter()
        .filter(|entry| matches!(entry.body, Body::Joined { .. }))
        .collect();
    assert_eq!(joined.len(), 1, "{joined:?}");
}

#[tokio::test]
async fn what_one_says_all_see_at_the_same_place() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let mut bob = server.user("Bob").await;
    alice.subscribes(server.lobby()).await;
    bob.subscribes(server.lobby()).await;
    let id = alice.says("hi").await;
    let receipt = alice.sees("hi").await;
    assert_eq!(receipt.id, id);
    assert_eq!(bob.sees("hi").await, receipt);
    assert_eq!(server.log().await.last(), Some(&receipt));
}

// Over several threads, where tasks of their own for each post would overtake one another.
#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_posts_of_one_keep_their_order_while_others_post() {
    let server = TestServer::start().await;
    let mut reader = server.user("Reader").await;
    reader.subscribes(server.lobby()).await;
    let mut writers = Vec::new();
    for writer in 0..4 {
        let mut person = server.user(&format!("Writer {writer}")).await;
        writers.push(tokio::spawn(async move {
            for number in 0..500 {
                person.says(&format!("{writer} {number}")).await;
            }
            person
        }));
    }
    let mut seen = Vec::new();
    while seen.len() < 2_000 {
        seen.extend(
            entries(&reader.receives("entries").await)
                .into_iter()
                .filter(|entry| message_text(entry).is_some()),
        );
    }
    let mut seqs: Vec<Seq> = seen.iter().map(|entry| entry.seq).collect();
    let told = seqs.clone();
    seqs.sort();
    assert_eq!(told, seqs);
    for writer in 0..4 {
        let own: Vec<_> = seen
            .iter()
            .filter_map(message_text)
            .filter_map(|text| text.strip_prefix(&format!("{writer} ")))
            .collect();
        let expected: Vec<_> = (0..500).map(|number| number.to_string()).collect();
        assert_eq!(own, expected);
    }
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn the_same_post_again_gives_the_entry_that_stands() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let mut bob = server.user("Bob").await;
    bob.subscribes(server.lobby()).await;
    let post = message(server.lobby(), EntryId::fresh(), "once");
    let first = alice.request("post", std::slice::from_ref(&post)).await;
    assert_eq!(first["event"], "entries");
    let again = alice.request("post", std::slice::from_ref(&post)).await;
    assert_eq!(again, first);
    alice.emit("post", post).await;
    assert_eq!(alice.receives("entries").await, first["data"]);
    alice.says("next").await;
    assert_eq!(bob.receives_texts_up_to("next").await, ["once", "next"]);
    assert_eq!(
        server
            .log()
            .await
            .iter()
            .filter(|entry| message_text(entry) == Some("once"))
            .count(),
        1
    );
}

#[tokio::test]
async fn one_id_is_one_entry_however_many_post_it() {
    let server = TestServer::start().await;
    let key = Identity::random();
    let id = EntryId::fresh();
    let mut posts = Vec::new();
    for _ in 0..64 {
        let mut device = server.user_with("Alice", &key).await;
        let post = message(server.lobby(), id, "once");
        posts.push(tokio::spawn(async move { device.request("post", &[post]).await }));
    }
    let mut answers = BTreeSet::new();
    for post in posts {
        answers.insert(post.await.unwrap().to_string());
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(server.log().await.iter().filter(|entry| entry.id == id).count(), 1);

    let mut device = server.user_with("Alice", &key).await;
    let other = device.request("post", &[message(server.lobby(), id, "twice")]).await;
    assert_eq!(other["data"]["error"]["code"], "conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_stands_already() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    // Long texts make the transactions long.
    let text = "x".repeat(16_000);
    for _ in 0..30 {
        for _ in 0..30 {
            alice.says(&text).await;
        }
        let mut told = 0;
        while told < 30 {
            let seen = entries(&alice.receives("entries").await);
            told += seen.len();
            let head = server.store().head(server.lobby()).await.unwrap().unwrap();
            assert!(
                seen.iter().all(|entry| entry.seq <= head.seq),
                "told ahead of the commit"
            );
        }
    }
}

#[tokio::test]
async fn a_guest_is_logged_with_the_first_thing_said() {
    let server = TestServer::start().await;
    let before = server.log().await.len();
    let mut guest = server.guest().await;
    assert!(guest.me().starts_with("guest-"));
    assert_eq!(guest.hello["rooms"][0]["joined"], true);
    assert_eq!(server.log().await.len(), before);
    guest.says("hello").await;
    let seen = entries(&guest.receives("entries").await);
    assert!(
        matches!(&seen[0].body, Body::Joined { name } if name.as_str() == guest.hello["name"]),
        "{seen:?}"
    );
    assert_eq!(message_text(&seen[1]), Some("hello"));
    guest.says("again").await;
    guest.sees("again").await;
    assert_eq!(server.log().await.len(), before + 3);
}

#[tokio::test]
async fn a_new_name_on_reconnect_is_told() {
    let server = TestServer::start().await;
    let key = Identity::random();
    drop(server.user_with("Alice", &key).await);
    let mut bob = server.user("Bob").await;
    bob.subscribes(server.lobby()).await;
    server.user_with("Alicia", &key).await;
    let seen = entries(&bob.receives("entries").await);
    assert!(
        matches!(&seen[0].body, Body::MemberRenamed { name } if name.as_str() == "Alicia"),
        "{seen:?}"
    );
}

#[tokio::test]
async fn a_name_can_be_changed() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    let answer = alice.request("set_name", &[json!({ "name": "Alicia" })]).await;
    assert_eq!(answer["event"], "presence");
    assert_eq!(answer["data"]["people"][0]["name"], "Alicia");
    let seen = entries(&alice.receives("entries").await);
    assert!(
        matches!(&seen[0].body, Body::MemberRenamed { name } if name.as_str() == "Alicia"),
        "{seen:?}"
    );
    let told = alice.receives("presence").await;
    assert_eq!(told["people"][0]["name"], "Alicia");
}

#[tokio::test]
async fn rooms_are_made_found_joined_and_left() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let mut bob = server.user("Bob").await;
    let room = RoomId::fresh();
    let create = json!({ "room": room, "name": "Garden", "topic": "Plants" });
    alice.emit("create", create.clone()).await;
    let begun = entries(&alice.receives("entries").await);
    assert_eq!(begun[0].seq, Seq(1));
    let made = alice.receives("room").await;
    assert_eq!(
        (&made["name"], &made["topic"], &made["joined"]),
        (&json!("Garden"), &json!("Plants"), &json!(true))
    );
    let again = alice.request("create", &[create]).await;
    assert_eq!(again["data"]["head"], made["head"], "creating twice is creating once");
    let taken = bob.request("create", &[json!({ "room": room, "name": "Mine" })]).await;
    assert_eq!(taken["data"]["error"]["code"], "conflict");

    let listed = bob.request("rooms", &[]).await;
    let garden = listed["data"]["rooms"]
        .as_array()
        .unwrap()
        .iter()
        .find(|listed| listed["id"] == json!(room))
        .unwrap();
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
    let members = bob.request("members", &[json!({ "room": room })]).await;
    assert_eq!(members["data"]["members"].as_array().unwrap().len(), 2);

    let left = bob.request("leave", &[json!({ "room": room })]).await;
    assert_eq!(
        (&left["event"], &left["data"]["joined"]),
        (&json!("room"), &json!(false))
    );
    alice.says_in(room, "gone").await;
    alice.sees("gone").await;
    let refused = bob.request("history", &[json!({ "room": room })]).await;
    assert_eq!(refused["data"]["error"]["code"], "not_joined");
    let lobby = bob.request("leave", &[json!({ "room": server.lobby() })]).await;
    assert_eq!(lobby["data"]["error"]["code"], "bad_request");
    bob.subscribes(server.lobby()).await;
    bob.says("still here").await;
    bob.sees("still here").await;
}

#[tokio::test]
async fn who_has_left_a_room_hears_nothing_more_of_it_on_any_device() {
    let server = TestServer::start().await;
    let key = Identity::random();
    let mut alice = server.user("Alice").await;
    let room = RoomId::fresh();
    alice
        .request("create", &[json!({ "room": room, "name": "Garden" })])
        .await;
    let mut desk = server.user_with("Bob", &key).await;
    desk.request("join", &[json!({ "room": room })]).await;
    let mut phone = server.user_with("Bob", &key).await;
    phone.subscribes(room).await;
    alice.says_in(room, "before").await;
    for device in [&mut desk, &mut phone] {
        device.sees("before").await;
    }

    desk.request("leave", &[json!({ "room": room })]).await;
    let after = message(room, EntryId::fresh(), "after");
    assert_eq!(alice.request("post", &[after]).await["event"], "entries");
    alice.emit("typing", json!({ "room": room, "on": true })).await;
    alice.request("rooms", &[]).await;
    for device in [&mut desk, &mut phone] {
        // What was told to this device before stands ahead of the answer.
        device.request("rooms", &[]).await;
        let heard = device.received_meanwhile("entries");
        let seen: Vec<_> = heard.into_iter().flat_map(entries).collect();
        assert!(seen.iter().all(|entry| message_text(entry).is_none()), "{seen:?}");
        assert!(device.received_meanwhile("typing").is_empty());
    }
}

#[tokio::test]
async fn devices_of_one_person_share_what_was_read() {
    let server = TestServer::start().await;
    let key = Identity::random();
    let mut desk = server.user_with("Alice", &key).await;
    let mut phone = server.user_with("Alice", &key).await;
    let mut bob = server.user("Bob").await;
    assert_eq!(server.online(), 2);
    let said = bob
        .request("post", &[message(server.lobby(), EntryId::fresh(), "news")])
        .await;
    let seq = said["data"]["entries"][0]["seq"].clone();
    desk.emit("read", json!({ "room": server.lobby(), "seq": seq })).await;
    assert_eq!(
        phone.receives("read").await,
        json!({ "room": server.lobby(), "seq": seq })
    );
    let rooms = phone.request("rooms", &[]).await;
    assert_eq!(rooms["data"]["rooms"][0]["read"], seq);
    let beyond = desk
        .request("read", &[json!({ "room": server.lobby(), "seq": 1_000_000 })])
        .await;
    assert_eq!(beyond["data"]["error"]["code"], "bad_request");
}

#[tokio::test]
async fn typing_and_presence_reach_the_others() {
    let server = TestServer::start().await;
    let key = Identity::random();
    let mut alice = server.user_with("Alice", &key).await;
    let mut bob = server.user("Bob").await;
    alice.subscribes(server.lobby()).await;
    bob.subscribes(server.lobby()).await;
    alice
        .emit("typing", json!({ "room": server.lobby(), "on": true }))
        .await;
    let typing = bob.receives("typing").await;
    assert_eq!(
        typing,
        json!({ "room": server.lobby(), "member": alice.me(), "on": true })
    );

    let state = |told: &Value, of: &str| {
        let people = told["people"].as_array().unwrap();
        people
            .iter()
            .find(|person| person["id"] == of)
            .map(|person| person["availability"].clone())
    };
    let me = alice.me().to_owned();
    let mut phone = server.user_with("Alice", &key).await;
    phone.emit("away", json!({ "away": true })).await;
    alice.emit("away", json!({ "away": true })).await;
    while state(&bob.receives("presence").await, &me) != Some(json!("away")) {}
    drop(phone);
    drop(alice);
    while state(&bob.receives("presence").await, &me) != Some(json!("offline")) {}
}

#[tokio::test]
async fn a_flood_of_typing_is_not_passed_on() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let mut bob = server.user("Bob").await;
    bob.subscribes(server.lobby()).await;
    alice.subscribes(server.lobby()).await;
    let began = Instant::now();
    for sign in 0..40 {
        let typing = json!({ "room": server.lobby(), "on": sign % 2 == 0 });
        alice.emit("typing", typing).await;
        // Of what may be lost only the newest waits. The answers say that this one was handled, and that Bob could have it.
        alice.request("rooms", &[]).await;
        bob.request("rooms", &[]).await;
    }
    let windows = 1 + began.elapsed().as_secs() / 2;
    let signs = bob.received_meanwhile("typing").len() as u64;
    assert!((1..=4 * windows).contains(&signs), "{signs} signs in {windows} windows");
}

#[tokio::test]
async fn of_a_crowd_some_are_shown_and_somebody_else_when_one_goes() {
    let server = TestServer::start().await;
    let shown = |presence: &Value| -> BTreeSet<String> {
        let people = presence["people"].as_array().unwrap().iter();
        people
            .filter(|person| person["availability"] == "online")
            .map(|person| person["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut ada = server.guest().await;
    let mut crowd = Vec::new();
    for _ in 1..MAX_PRESENCE_PEOPLE {
        crowd.push(server.guest().await);
    }
    let mut seen = BTreeSet::from([ada.me().to_owned()]);
    while seen.len() < MAX_PRESENCE_PEOPLE {
        seen.extend(shown(&ada.receives("presence").await));
    }
    let late = server.guest().await;
    let first = crowd.swap_remove(0);
    let (gone, next) = (first.me().to_owned(), late.me().to_owned());
    assert!(
        seen.contains(&gone) && !seen.contains(&next),
        "the late one is not shown yet"
    );
    drop(first);
    let told = ada.receives("presence").await;
    assert_eq!(shown(&told), BTreeSet::from([next]));
    let left = told["people"]
        .as_array()
        .unwrap()
        .iter()
        .find(|person| person["id"] == gone.as_str());
    assert_eq!(left.unwrap()["availability"], "offline");
}
