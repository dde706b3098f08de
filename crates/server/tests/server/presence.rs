//! Presence, typing and read markers.
//!
//! - two connections with one key are one person; what one of them reads is sent to the other
//! - typing reaches the others, and a flood of it does not
//! - a person is away when all of their devices are, and offline when none is connected
//! - in a crowd only some people are listed; when one goes, another follows

use std::collections::BTreeSet;

use ichat_protocol::EntryId;
use ichat_protocol::limits::MAX_PRESENCE_PEOPLE;
use ichat_testkit::{Identity, TestClient, TestServer, message};
use serde_json::{Value, json};

#[tokio::test]
async fn devices_of_one_person_share_what_was_read() {
    let server = TestServer::start().await;
    let identity = Identity::random();
    let mut desk = server.user_with("Alice", &identity).await;
    let mut phone = server.user_with("Alice", &identity.on_another_device()).await;
    let mut bob = server.user("Bob").await;
    assert_eq!(server.online(), 2);
    let post = message(server.lobby(), EntryId::fresh(), "news");
    let posted = bob.request("post", &[post]).await;
    let read = json!({ "room": server.lobby(), "seq": posted["data"]["entries"][0]["seq"] });
    desk.emit("read", read.clone()).await;
    assert_eq!(phone.receives("read").await, read);
    let rooms = phone.request("rooms", &[]).await;
    assert_eq!(rooms["data"]["rooms"][0]["read"], read["seq"]);
    let beyond_the_head = json!({ "room": server.lobby(), "seq": 1_000_000 });
    let response = desk.request("read", &[beyond_the_head]).await;
    assert_eq!(response["data"]["error"]["code"], "bad_request");
}

#[tokio::test]
async fn typing_reaches_the_others() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let mut bob = server.user("Bob").await;
    alice.subscribes(server.lobby()).await;
    bob.subscribes(server.lobby()).await;
    let typing = json!({ "room": server.lobby(), "on": true });
    alice.emit("typing", typing).await;
    assert_eq!(
        bob.receives("typing").await,
        json!({ "room": server.lobby(), "member": alice.me(), "on": true })
    );
}

#[tokio::test]
async fn a_flood_of_typing_is_not_forwarded() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let mut bob = server.user("Bob").await;
    bob.subscribes(server.lobby()).await;
    alice.subscribes(server.lobby()).await;
    let room = server.lobby();
    let typing = |number: u32| {
        format!(
            "42{}",
            json!(["typing", { "room": room, "on": number.is_multiple_of(2) }])
        )
    };
    alice.send_all((0..40).map(typing)).await;
    // After these responses all were handled, and those that are forwarded have arrived.
    alice.request("rooms", &[]).await;
    bob.request("rooms", &[]).await;
    let forwarded = bob.received_meanwhile("typing").len();
    assert!((1..40).contains(&forwarded), "{forwarded} of 40 were forwarded");
}

/// Waits until a person's availability has this value.
async fn sees_availability(client: &mut TestClient, person: &str, expected: &str) {
    loop {
        let presence = client.receives("presence").await;
        let mut people = presence["people"].as_array().unwrap().iter();
        let shown = people.find(|shown| shown["id"] == person);
        if shown.is_some_and(|shown| shown["availability"] == expected) {
            return;
        }
    }
}

#[tokio::test]
async fn a_person_is_away_or_offline_when_all_of_their_devices_are() {
    let server = TestServer::start().await;
    let identity = Identity::random();
    let mut bob = server.user("Bob").await;
    let mut desk = server.user_with("Alice", &identity).await;
    let mut phone = server.user_with("Alice", &identity.on_another_device()).await;
    let alice = desk.me().to_owned();
    sees_availability(&mut bob, &alice, "online").await;
    phone.emit("away", json!({ "away": true })).await;
    desk.emit("away", json!({ "away": true })).await;
    sees_availability(&mut bob, &alice, "away").await;
    drop(phone);
    drop(desk);
    sees_availability(&mut bob, &alice, "offline").await;
}

/// Returns the people in a `presence` event who are online.
fn online(presence: &Value) -> BTreeSet<String> {
    let people = presence["people"].as_array().unwrap().iter();
    people
        .filter(|person| person["availability"] == "online")
        .map(|person| person["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn in_a_crowd_some_are_listed_and_another_follows_when_one_goes() {
    let server = TestServer::start().await;
    let mut alice = server.guest().await;
    let mut crowd = Vec::new();
    for _ in 1..MAX_PRESENCE_PEOPLE {
        crowd.push(server.guest().await);
    }
    let mut shown = BTreeSet::from([alice.me().to_owned()]);
    while shown.len() < MAX_PRESENCE_PEOPLE {
        shown.extend(online(&alice.receives("presence").await));
    }
    let late = server.guest().await;
    let first = crowd.swap_remove(0);
    let (gone, next) = (first.me().to_owned(), late.me().to_owned());
    assert!(shown.contains(&gone) && !shown.contains(&next), "the list is not full");
    drop(first);
    let presence = alice.receives("presence").await;
    assert_eq!(online(&presence), BTreeSet::from([next]));
    let mut people = presence["people"].as_array().unwrap().iter();
    let left = people.find(|person| person["id"] == gone.as_str());
    assert_eq!(left.unwrap()["availability"], "offline");
}
