//! Limits on what is written to the disk.
//!
//! - a person can write so much a day; what is refused says how much and for how long, can be sent again, and reading goes on
//! - such a refusal holds no other post back, and a person who signs in with another name keeps the old one, at no cost
//! - what writes nothing doesn't count, a repeated post is answered as the first time, and deleting and leaving are always possible
//! - guests count together, and take nothing from people with a key
//! - when little space is left, guests can't write and others can; when less is left nobody can, members come in to read, somebody
//!   new is told that nobody new can join, and the server isn't ready

use std::slice;

use ichat_protocol::EntryId;
use ichat_server::Config;
use ichat_testkit::{Identity, TestClient, TestServer, message};
use serde_json::{Value, json};

/// More bytes than any disk has.
const MORE_THAN_THERE_IS: u64 = 1 << 60;

/// Posts a message, and returns the answer.
async fn posts(client: &mut TestClient) -> Value {
    let post = message(client.lobby(), EntryId::fresh(), "hi");
    client.request("post", &[json!(post)]).await
}

fn is_taken(answer: &Value) -> bool {
    answer["event"] == "entries"
}

#[tokio::test]
async fn a_person_can_write_so_much_a_day() {
    let config = Config {
        // A new person joins the lobby besides.
        max_entries_per_day: 3,
        max_guest_entries_per_day: 2,
        ..Config::default()
    };
    let server = TestServer::with_config(config).await;
    let alice = Identity::random();
    let mut desk = server.user_with("Alice", &alice).await;
    for _ in 0..2 {
        assert!(is_taken(&posts(&mut desk).await));
    }
    let mut phone = server.user_with("Alice", &alice.on_another_device()).await;
    let refused = posts(&mut phone).await["data"]["error"].clone();
    assert_eq!(refused["code"], "over_quota", "{refused}");
    let sentence = refused["message"].as_str().unwrap();
    assert!(
        sentence.contains("3 messages") && sentence.contains("in 24 hours"),
        "{sentence}"
    );
    assert_eq!(phone.request("rooms", &[]).await["event"], "rooms");

    for taken in [true, true, false] {
        let mut guest = server.guest().await;
        assert_eq!(is_taken(&posts(&mut guest).await), taken, "the guests count together");
    }
    assert!(is_taken(&posts(&mut server.user("Bob").await).await));
}

#[tokio::test]
async fn what_is_over_the_quota_holds_nothing_back_and_keeps_nobody_out() {
    let config = Config {
        max_entries_per_day: 2,
        ..Config::default()
    };
    let server = TestServer::with_config(config).await;
    let alice = Identity::random();
    let mut desk = server.user_with("Alice", &alice).await;
    assert!(is_taken(&posts(&mut desk).await));
    // Each says the reason: a later one doesn't wait for those before it.
    for _ in 0..3 {
        assert_eq!(posts(&mut desk).await["data"]["error"]["code"], "over_quota");
    }
    let mut phone = server.user_with("Alicia", &alice.on_another_device()).await;
    assert_eq!(phone.hello["name"], "Alice", "the name in the log stays");
    let history = json!({ "room": server.lobby() });
    assert_eq!(phone.request("history", &[history]).await["event"], "page");
}

#[tokio::test]
async fn what_writes_nothing_does_not_count() {
    let config = Config {
        // A new person joins the lobby besides.
        max_entries_per_day: 2,
        max_guest_entries_per_day: 1,
        ..Config::default()
    };
    let server = TestServer::with_config(config).await;
    let nowhere = json!({ "room": EntryId::fresh() });
    let mut post_nowhere = json!(message(server.lobby(), EntryId::fresh(), "hi"));
    post_nowhere["room"] = nowhere["room"].clone();
    let mut alice = server.user("Alice").await;
    for (event, argument) in [
        ("post", json!({})),
        ("post", post_nowhere),
        ("create", json!({})),
        ("join", nowhere.clone()),
        ("leave", nowhere),
    ] {
        let refused = alice.request(event, &[argument]).await;
        assert_eq!(refused["event"], "refused", "{event}: {refused}");
        assert_ne!(refused["data"]["error"]["code"], "over_quota", "{event}: {refused}");
    }
    let lobby = json!({ "room": server.lobby() });
    for mut client in [alice, server.guest().await] {
        assert_eq!(client.request("join", slice::from_ref(&lobby)).await["event"], "room");
        let post = json!(message(server.lobby(), EntryId::fresh(), "hi"));
        for _ in 0..3 {
            let answer = client.request("post", slice::from_ref(&post)).await;
            assert!(is_taken(&answer), "once, and then as a repetition: {answer}");
        }
        assert_eq!(posts(&mut client).await["data"]["error"]["code"], "over_quota");
    }
}

#[tokio::test]
async fn a_new_name_that_is_refused_costs_nothing() {
    const ROOMS: u32 = 40;
    const SIGN_INS: usize = 20;
    let config = Config {
        // The lobby, and each new room with its creator.
        max_entries_per_day: 1 + 2 * ROOMS,
        max_rooms_per_day: ROOMS,
        ..Config::default()
    };
    let server = TestServer::with_config(config).await;
    let alice = Identity::random();
    let mut desk = server.user_with("Alice", &alice).await;
    for _ in 0..ROOMS {
        let room = json!({ "room": EntryId::fresh(), "name": "Lunch" });
        assert_eq!(desk.request("create", &[room]).await["event"], "room");
    }
    for _ in 0..SIGN_INS {
        let mut phone = server.user_with("Alicia", &alice.on_another_device()).await;
        assert_eq!(phone.hello["name"], "Alice");
        assert_eq!(posts(&mut phone).await["data"]["error"]["code"], "over_quota");
    }
}

#[tokio::test]
async fn deleting_and_leaving_are_always_possible() {
    let config = Config {
        // The lobby, the new room with its creator, and a message.
        max_entries_per_day: 4,
        ..Config::default()
    };
    let mut server = TestServer::with_config(config).await;
    let alice = Identity::random();
    let mut desk = server.user_with("Alice", &alice).await;
    let lunch = EntryId::fresh();
    let room = json!({ "room": lunch, "name": "Lunch" });
    assert_eq!(desk.request("create", &[room]).await["event"], "room");
    let said = EntryId::fresh();
    let post = json!(message(server.lobby(), said, "hi"));
    assert!(is_taken(&desk.request("post", &[post]).await));
    assert!(!is_taken(&posts(&mut desk).await));
    let deletion = json!({ "room": server.lobby(), "id": EntryId::fresh(), "body": { "kind": "delete", "of": said } });
    let deleted = desk.request("post", &[deletion]).await;
    assert!(is_taken(&deleted), "{deleted}");
    server.stops().await;
    server
        .starts_again_with(|config| config.disk_reserve = MORE_THAN_THERE_IS)
        .await;
    let mut desk = server.user_with("Alice", &alice).await;
    let left = desk.request("leave", &[json!({ "room": lunch })]).await;
    assert_eq!(left["event"], "room", "{left}");
}

#[tokio::test]
async fn a_person_can_write_so_many_bytes_a_day() {
    let config = Config {
        max_bytes_per_day: 100,
        ..Config::default()
    };
    let server = TestServer::with_config(config).await;
    let mut alice = server.user("Alice").await;
    assert!(is_taken(&posts(&mut alice).await));
    let refused = posts(&mut alice).await;
    assert_eq!(refused["data"]["error"]["code"], "over_quota", "{refused}");
}

#[tokio::test]
async fn the_last_space_is_for_people_with_a_key() {
    let config = Config {
        guest_disk_reserve: MORE_THAN_THERE_IS,
        ..Config::default()
    };
    let server = TestServer::with_config(config).await;
    let mut guest = server.guest().await;
    let refused = posts(&mut guest).await["data"]["error"].clone();
    assert_eq!(refused["code"], "over_quota", "{refused}");
    assert!(
        refused["message"].as_str().unwrap().contains("people with a key"),
        "{refused}"
    );
    let room = json!({ "room": EntryId::fresh(), "name": "Lunch" });
    assert_eq!(
        guest.request("create", &[room]).await["data"]["error"]["code"],
        "over_quota"
    );
    assert!(is_taken(&posts(&mut server.user("Alice").await).await));
    assert_eq!(readiness(&server).await.0, 200);
}

#[tokio::test]
async fn below_the_reserve_nobody_writes_and_everybody_reads() {
    let mut server = TestServer::start().await;
    let alice = Identity::random();
    assert!(is_taken(&posts(&mut server.user_with("Alice", &alice).await).await));
    server.stops().await;
    server
        .starts_again_with(|config| config.disk_reserve = MORE_THAN_THERE_IS)
        .await;
    let mut desk = server.user_with("Alice", &alice).await;
    let refused = posts(&mut desk).await["data"]["error"].clone();
    assert_eq!(refused["code"], "over_quota", "{refused}");
    assert!(
        refused["message"].as_str().unwrap().contains("nearly full"),
        "{refused}"
    );
    let history = json!({ "room": server.lobby() });
    assert_eq!(desk.request("history", &[history]).await["event"], "page");
    let phone = server.user_with("Alicia", &alice.on_another_device()).await;
    assert_eq!(phone.hello["name"], "Alice", "the name in the log stays");
    let auth = Identity::random().auth(server.address, "Bob").await.unwrap();
    let refused = TestClient::connect_error(server.address, auth).await;
    assert!(
        refused.starts_with("over_quota: Nobody new can join") && refused.contains("nearly full"),
        "{refused}"
    );
    let (status, text) = readiness(&server).await;
    assert_eq!(status, 503);
    assert!(text.contains("nearly full"), "{text}");
}

async fn readiness(server: &TestServer) -> (u16, String) {
    let response = reqwest::get(format!("http://{}/readyz", server.address)).await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}
