//! What is refused, and that it is said: a code for programs and a sentence for people, as an event or as the acknowledgement.
//!
//! - wrong, missing, additional and oversized arguments
//! - packets that are no JSON, are nested without end, or are no UTF-8 end the connection, as with every Socket.IO server
//! - unknown events, rooms and entries; rooms of others; entries of others
//! - bodies that only the server writes, and kinds that it doesn't know
//! - names that trick, a name of 10,000 characters
//! - a sync of too many rooms
//! - another protocol version, a wrong signature, a used or invented nonce, guests where there are none
//! - after all of this the connection still works

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails where its ground gives way"
)]

use ichat_protocol::limits::{MAX_SYNC_ROOMS, MAX_TEXT_BYTES};
use ichat_protocol::{EntryId, RoomId};
use ichat_server::Config;
use ichat_testkit::{Identity, Received, TestClient, TestServer, challenge, message, message_text, or_time_out};
use serde_json::{Value, json};

#[expect(clippy::too_many_lines, reason = "a table")]
#[tokio::test]
async fn every_wrong_argument_is_refused_with_a_sentence_and_the_connection_goes_on() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    let lobby = server.lobby();
    let id = EntryId::fresh();
    let post = |body: Value| json!({ "room": lobby, "id": id, "body": body });
    let name = |name: &str| json!({ "name": name });
    let cases: &[(&str, &[Value], &str)] = &[
        ("post", &[], "bad_request"),
        ("post", &[Value::Null], "bad_request"),
        ("post", &[json!("text")], "bad_request"),
        ("post", &[json!([1, 2])], "bad_request"),
        ("post", &[json!({ "room": lobby })], "bad_request"),
        (
            "post",
            &[json!({ "room": 7, "id": id, "body": { "kind": "message", "text": "x" } })],
            "bad_request",
        ),
        (
            "post",
            &[json!({ "room": "lobby", "id": id, "body": { "kind": "message", "text": "x" } })],
            "bad_request",
        ),
        (
            "post",
            &[message(lobby, id, "x"), message(lobby, id, "y")],
            "bad_request",
        ),
        ("post", &[message(lobby, id, "")], "bad_request"),
        ("post", &[message(lobby, id, " \n ")], "bad_request"),
        (
            "post",
            &[message(lobby, id, &"x".repeat(MAX_TEXT_BYTES + 1))],
            "too_large",
        ),
        ("post", &[message(RoomId::fresh(), id, "x")], "unknown_room"),
        ("post", &[post(json!({ "kind": "message" }))], "bad_request"),
        ("post", &[post(json!({ "kind": "message", "text": 7 }))], "bad_request"),
        ("post", &[post(json!({ "kind": "poll", "text": "x" }))], "bad_request"),
        (
            "post",
            &[post(json!({ "kind": "joined", "name": "Mallory" }))],
            "bad_request",
        ),
        ("post", &[post(json!({ "kind": "wiped" }))], "bad_request"),
        (
            "post",
            &[post(json!({ "kind": "edit", "of": EntryId::fresh(), "text": "x" }))],
            "unknown_entry",
        ),
        (
            "post",
            &[post(json!({ "kind": "react", "to": id, "emoji": "", "on": true }))],
            "bad_request",
        ),
        (
            "post",
            &[post(json!({ "kind": "topic", "text": "x".repeat(257) }))],
            "too_large",
        ),
        (
            "post",
            &[post(json!({ "kind": "room_renamed", "name": "x".repeat(10_000) }))],
            "bad_request",
        ),
        (
            "create",
            &[json!({ "room": RoomId::fresh(), "name": "x".repeat(10_000) })],
            "bad_request",
        ),
        (
            "create",
            &[json!({ "room": RoomId::fresh(), "name": "" })],
            "bad_request",
        ),
        (
            "create",
            &[json!({ "room": RoomId::fresh(), "name": "x", "topic": "x\ny" })],
            "bad_request",
        ),
        ("create", &[json!({ "room": lobby, "name": "Mine" })], "conflict"),
        ("join", &[json!({ "room": RoomId::fresh() })], "unknown_room"),
        ("join", &[json!({})], "bad_request"),
        ("leave", &[json!({ "room": RoomId::fresh() })], "unknown_room"),
        ("members", &[json!({ "room": RoomId::fresh() })], "unknown_room"),
        ("history", &[json!({ "room": RoomId::fresh() })], "unknown_room"),
        ("history", &[json!({ "room": lobby, "limit": -1 })], "bad_request"),
        ("history", &[json!({ "room": lobby, "before": "1" })], "bad_request"),
        ("typing", &[json!({ "room": lobby, "on": "yes" })], "bad_request"),
        (
            "typing",
            &[json!({ "room": RoomId::fresh(), "on": true })],
            "not_joined",
        ),
        ("away", &[json!({})], "bad_request"),
        ("read", &[json!({ "room": lobby, "seq": -1 })], "bad_request"),
        ("set_name", &[name(&"x".repeat(10_000))], "bad_request"),
        ("set_name", &[name("Ad\u{202e}a")], "bad_request"),
        (
            "set_name",
            &[name(&format!("A{}", "\u{316}".repeat(30)))],
            "bad_request",
        ),
        ("sync", &[json!({ "rooms": [1] })], "bad_request"),
        ("nonsense", &[json!({})], "unknown_event"),
        ("nonsense", &[], "unknown_event"),
        ("", &[], "unknown_event"),
        ("hello", &[json!({})], "unknown_event"),
        ("chat message", &[], "bad_request"),
        ("chat message", &[json!(7)], "bad_request"),
    ];
    for (event, arguments, code) in cases {
        let all: Vec<Value> = [json!(event)].into_iter().chain(arguments.iter().cloned()).collect();
        alice.send(format!("42{}", json!(all))).await;
        let shown: String = format!("{event} {arguments:?}").chars().take(200).collect();
        assert_eq!(alice.is_refused().await, *code, "{shown}");
        if *event != "chat message" {
            let answer = alice.request(event, arguments).await;
            assert_eq!(answer["event"], "refused", "{shown}");
            assert_eq!(answer["data"]["error"]["code"], *code, "{shown}");
        }
    }
    alice.says("still here").await;
    alice.sees("still here").await;
}

#[tokio::test]
async fn a_refusal_says_what_it_is_about() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let (room, id) = (RoomId::fresh(), EntryId::fresh());
    alice.emit("post", message(room, id, "x")).await;
    let refused = alice.receives("refused").await;
    assert_eq!(
        (&refused["event"], &refused["room"], &refused["id"]),
        (&json!("post"), &json!(room), &json!(id))
    );
    alice.emit("post", json!({ "room": room, "id": id, "body": 7 })).await;
    let refused = alice.receives("refused").await;
    assert_eq!(
        (&refused["room"], &refused["id"]),
        (&json!(room), &json!(id)),
        "even where the rest can't be read"
    );
}

#[tokio::test]
async fn what_is_no_json_ends_the_connection() {
    let server = TestServer::start().await;
    for packet in [
        r#"42["post",{"room":]"#.to_owned(),
        r#"42["post",{"#.to_owned(),
        "42".to_owned(),
        "42{}".to_owned(),
        "42[7]".to_owned(),
        format!(r#"42["post",{}"#, "[".repeat(50_000)),
        "49[]".to_owned(),
        "x".to_owned(),
    ] {
        let mut mallory = server.user("Mallory").await;
        mallory.send(packet.clone()).await;
        mallory.is_disconnected().await;
    }
    let mut alice = server.user("Alice").await;
    alice
        .send(format!(r#"42["post",{}{}]"#, "[".repeat(5_000), "]".repeat(5_000)))
        .await;
    let refused = alice.receives("refused").await;
    assert_eq!(
        (&refused["event"], &refused["error"]["code"]),
        (&json!("post"), &json!("bad_request"))
    );
}

#[tokio::test]
async fn what_is_no_text_ends_the_connection() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let server = TestServer::start().await;
    let mut mallory = server.user("Mallory").await;
    let raw = mallory.socket().stream();
    // A text frame of the three bytes "42" and 0xFF, with a mask of zeroes.
    raw.write_all(&[0x81, 0x83, 0, 0, 0, 0, b'4', b'2', 0xFF])
        .await
        .unwrap();
    let mut rest = Vec::new();
    or_time_out(raw.read_to_end(&mut rest)).await.ok();
    server.user("Alice").await.request("rooms", &[]).await;
}

#[tokio::test]
async fn only_authors_change_what_they_said() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let mut bob = server.user("Bob").await;
    let id = EntryId::fresh();
    alice.request("post", &[message(server.lobby(), id, "mine")]).await;
    for body in [
        json!({ "kind": "edit", "of": id, "text": "yours" }),
        json!({ "kind": "delete", "of": id }),
    ] {
        let post = json!({ "room": server.lobby(), "id": EntryId::fresh(), "body": body });
        let answer = bob.request("post", std::slice::from_ref(&post)).await;
        assert_eq!(answer["data"]["error"]["code"], "not_yours");
        assert_eq!(alice.request("post", &[post]).await["event"], "entries");
    }
    assert!(
        server
            .log()
            .await
            .iter()
            .all(|entry| message_text(entry) != Some("mine")),
        "deleted is wiped"
    );
}

#[tokio::test]
async fn a_sync_of_too_many_rooms_is_refused() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let rooms: serde_json::Map<String, Value> = (0..=MAX_SYNC_ROOMS)
        .map(|_| (RoomId::fresh().to_string(), Value::Null))
        .collect();
    alice.emit("sync", json!({ "rooms": rooms })).await;
    assert_eq!(alice.is_refused().await, "too_large");
    let room = RoomId::fresh();
    alice.emit("sync", json!({ "rooms": { room.to_string(): null } })).await;
    let refused = alice.receives("refused").await;
    assert_eq!(
        (&refused["room"], &refused["error"]["code"]),
        (&json!(room), &json!("unknown_room"))
    );
}

#[tokio::test]
async fn whoever_can_not_come_in_hears_why() {
    let server = TestServer::start().await;
    let code = |text: &str| text.split_once(": ").map(|(code, _)| code.to_owned()).unwrap();
    let refused = async |auth: Value| TestClient::connect_error(server.address, auth).await;

    let text = refused(json!({ "protocol": 7 })).await;
    assert_eq!(code(&text), "protocol");
    assert!(
        text.contains("version 1") && text.contains("speaks 7"),
        "both sides are named: {text}"
    );
    assert_eq!(code(&refused(json!({ "protocol": "one" })).await), "protocol");
    assert_eq!(code(&refused(json!("text")).await), "bad_request");
    assert_eq!(code(&refused(json!([1])).await), "bad_request");
    assert_eq!(
        code(&refused(json!({ "name": "x".repeat(10_000) })).await),
        "bad_request"
    );
    assert_eq!(code(&refused(json!({ "name": 7 })).await), "bad_request");
    assert_eq!(
        code(&refused(json!({ "protocol": 1, "device": "here" })).await),
        "bad_request"
    );
    assert_eq!(
        code(&refused(json!({ "protocol": 1, "key": "short" })).await),
        "bad_request"
    );

    let good = Identity::random().auth(server.address, "Alice").await.unwrap();
    let with = |field: &str, value: Value| {
        let mut auth = good.clone();
        auth[field] = value;
        auth
    };
    let other = challenge(server.address).await.unwrap().nonce;
    assert_eq!(
        code(&refused(with("nonce", json!(other))).await),
        "auth",
        "another nonce than the signed one"
    );
    assert_eq!(code(&refused(with("nonce", json!("invented"))).await), "auth");
    assert_eq!(code(&refused(with("device", json!(EntryId::fresh()))).await), "auth");
    assert_eq!(code(&refused(with("name", json!("\u{202e}"))).await), "bad_request");
    assert_eq!(code(&refused(with("protocol", json!(2))).await), "protocol");
    let mut alice = TestClient::join(server.address, good.clone()).await;
    assert_eq!(code(&refused(good.clone()).await), "auth", "the nonce is used");
    alice.request("rooms", &[]).await;
}

#[tokio::test]
async fn a_server_without_guests_wants_a_key() {
    let server = TestServer::with_config(Config {
        guests: false,
        ..Config::default()
    })
    .await;
    for auth in [
        Value::Null,
        json!({}),
        json!({ "protocol": 1 }),
        json!({ "name": "Bob" }),
    ] {
        let text = TestClient::connect_error(server.address, auth).await;
        assert!(text.starts_with("no_guests: "), "{text}");
    }
    assert!(!challenge(server.address).await.unwrap().guests);
    server.user("Alice").await;
}

#[tokio::test]
async fn too_many_waiting_events_are_refused_as_busy() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    // In one write, so that they arrive faster than anything can be done about them.
    let rooms = 6_000;
    alice.send_all((0..rooms).map(|_| r#"42["rooms"]"#.to_owned())).await;
    let (mut answered, mut busy) = (0, 0);
    while answered + busy < rooms {
        match alice.next().await {
            Received::Event(event, _) if event == "rooms" => answered += 1,
            Received::Event(event, data) if event == "refused" => {
                assert_eq!(data[0]["error"]["code"], "busy");
                busy += 1;
            }
            Received::Disconnected => break,
            _ => {}
        }
        // What the server could not even refuse, since this client does not read as fast as it writes, is lost with its buffer.
        if answered >= 1_024 && busy > 0 {
            break;
        }
    }
    assert!(busy > 0 && answered > 0, "{answered} answered, {busy} busy");
}
