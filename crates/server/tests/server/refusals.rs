//! Refusals: a code for programs and a sentence for people, as an event or in the acknowledgement.
//!
//! - wrong, missing, additional and oversized arguments are refused, and the connection goes on: unknown events, rooms
//!   and entries, bodies that only the server writes, deceptive names
//! - a refusal names the event, the room and the entry, whatever else is wrong with the packet, its keys and shapes included
//! - a text with half of a character is refused with a sentence about that, also for tutorial clients
//! - two forms of one emoji are one reaction
//! - deeply nested JSON is refused
//! - packets that are not JSON, not UTF-8, too long, or that have attachments end the connection, as with every Socket.IO
//!   server, after a refusal that says so. So does an event's name with half of a character, or another escape
//! - a sync of too many rooms is refused
//! - too many events without a response are refused as busy

use ichat_protocol::limits::{MAX_SYNC_ROOMS, MAX_TEXT_BYTES};
use ichat_protocol::{EntryId, RoomId};
use ichat_testkit::{Received, TestClient, TestServer, message};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

#[expect(clippy::too_many_lines, reason = "a table")]
#[tokio::test]
async fn wrong_arguments_are_refused_and_the_connection_goes_on() {
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
            &[message(lobby, id, "\u{200B}\u{2800} \u{3164}\u{AD}")],
            "bad_request",
        ),
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
            &[post(
                json!({ "kind": "react", "to": id, "emoji": "you are wrong \u{202E}<b>", "on": true }),
            )],
            "bad_request",
        ),
        (
            "post",
            &[post(json!({ "kind": "room_renamed", "name": "\u{200D}" }))],
            "bad_request",
        ),
        (
            "post",
            &[post(json!({ "kind": "topic", "text": "\u{2060}" }))],
            "bad_request",
        ),
        (
            "post",
            &[post(json!({ "kind": "topic", "text": "x".repeat(257) }))],
            "too_large",
        ),
        (
            "post",
            &[post(json!({ "kind": "topic", "text": "invoice\u{202E}fdp.exe" }))],
            "bad_request",
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
        (
            "create",
            &[json!({ "room": RoomId::fresh(), "name": "x", "topic": "\u{2067}x" })],
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
        ("set_name", &[name("\u{2800}")], "bad_request"),
        ("set_name", &[name("\u{FFFF}")], "bad_request"),
        ("set_name", &[name("Ad\u{180B}a")], "bad_request"),
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
        ("chat message", &[json!("\u{2060}")], "bad_request"),
    ];
    for (event, arguments, code) in cases {
        let packet: Vec<Value> = [json!(event)].into_iter().chain(arguments.iter().cloned()).collect();
        alice.send(format!("42{}", json!(packet))).await;
        let shown: String = format!("{event} {arguments:?}").chars().take(200).collect();
        assert_eq!(alice.is_refused().await, *code, "{shown}");
        if *event != "chat message" {
            let response = alice.request(event, arguments).await;
            assert_eq!(response["event"], "refused", "{shown}");
            assert_eq!(response["data"]["error"]["code"], *code, "{shown}");
        }
    }
    alice.says("still here").await;
    alice.sees("still here").await;
}

#[tokio::test]
async fn a_refusal_names_the_event_the_room_and_the_entry() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let (lobby, nowhere, id) = (server.lobby(), RoomId::fresh(), EntryId::fresh());
    let body = |body: &str| format!(r#"{{"body":{body},"room":"{lobby}","id":"{id}"}}"#);
    let in_no_room = format!(r#"{{"room":"{nowhere}","id":"{id}","body":{{"kind":"message","text":"x"}}}}"#);
    let nested = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let long = format!(r#"{{"kind":"message","text":"{}"}}"#, "x".repeat(MAX_TEXT_BYTES + 1));
    for (argument, room) in [
        (in_no_room, nowhere),
        (body("7"), lobby),
        (body("null"), lobby),
        (body(&nested), lobby),
        (body(&long), lobby),
        (body(r#"{"kind":"message"}"#), lobby),
        (body(r#"{"kind":"message","text":" "}"#), lobby),
        (body(r#"{"kind":"message","text":"\ud83d"}"#), lobby),
        (body(r#"{"kind":"message","text":"\ude00 \ud83dx"}"#), lobby),
        (body(r#"{"kind":"message","text":"x","\udc00":1e999}"#), lobby),
        (
            format!(r#"{{"\udc00":1,"room":"{lobby}","id":"{id}","body":{{"kind":"message","text":"x"}}}}"#),
            lobby,
        ),
        (body(r#"{"kind":6,"text":"x"}"#), lobby),
        (body(r#"["message","x"]"#), lobby),
        (body(r#"{"kind":"message","text":"x","mentions":null}"#), lobby),
        (body(r#"{"kind":"poll"}"#), lobby),
        (body(r#"{"kind":"joined","name":"Mallory"}"#), lobby),
        (body(&format!(r#"{{"kind":"edit","of":"{id}","text":"x"}}"#)), lobby),
        (body(r#"{"kind":"edit","of":7,"text":"x"}"#), lobby),
        (body(r#"{"kind":"room_renamed","name":""}"#), lobby),
    ] {
        let shown: String = argument.chars().take(100).collect();
        alice.send(format!(r#"42["post",{argument}]"#)).await;
        let refused = alice.receives("refused").await;
        assert_eq!(
            (&refused["event"], &refused["room"], &refused["id"]),
            (&json!("post"), &json!(room), &json!(id)),
            "{shown}"
        );
        alice.send(format!(r#"421["post",{argument}]"#)).await;
        let acknowledged = loop {
            if let Received::Ack(1, arguments) = alice.next().await {
                break arguments;
            }
        };
        let refused = &acknowledged[0]["data"];
        assert_eq!(
            (&refused["event"], &refused["room"], &refused["id"]),
            (&json!("post"), &json!(room), &json!(id)),
            "{shown}"
        );
    }
    alice.says("still here").await;
    alice.sees("still here").await;
}

#[tokio::test]
async fn a_text_with_half_of_a_character_is_refused_with_a_sentence_about_that() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let room = RoomId::fresh();
    for (packet, room) in [
        (
            format!(r#"42["create",{{"room":"{room}","name":"\ud83d"}}]"#),
            json!(room),
        ),
        (r#"42["set_name",{"name":"\ud83d"}]"#.to_owned(), Value::Null),
        (r#"42["chat message","half \ud83d"]"#.to_owned(), json!(server.lobby())),
        (
            r#"42["chat message","\ude00","my id"]"#.to_owned(),
            json!(server.lobby()),
        ),
    ] {
        alice.send(packet.clone()).await;
        let refused = alice.receives("refused").await;
        assert_eq!(refused["error"]["code"], "bad_request", "{packet}");
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(message.contains("half of a character"), "{packet}: {message}");
        assert_eq!(refused["room"], room, "{packet}");
    }
}

#[tokio::test]
async fn two_forms_of_one_emoji_are_one_reaction() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    let to = alice.says("hi").await;
    for emoji in ["❤", "❤\u{FE0F}", "❤\u{FE0E}"] {
        let body = json!({ "kind": "react", "to": to, "emoji": emoji, "on": true });
        let post = json!({ "room": server.lobby(), "id": EntryId::fresh(), "body": body });
        let first = alice.request("post", std::slice::from_ref(&post)).await;
        assert_eq!(first["data"]["entries"][0]["body"]["emoji"], "❤\u{FE0F}");
        let repeated = alice.request("post", &[post]).await;
        assert_eq!(repeated, first, "a repeated post is the same entry");
    }
}

/// Waits for the end of the connection, and returns the reason: the refusal without an event that comes last.
async fn reason_for_the_end(client: &mut TestClient) -> String {
    let mut last = None;
    loop {
        match client.next().await {
            Received::Disconnected => break,
            received => last = Some(received),
        }
    }
    let Some(Received::Event(event, arguments)) = last else {
        panic!("the connection ended after {last:?}");
    };
    assert_eq!((&*event, &arguments[0]["event"]), ("refused", &json!("")));
    assert_eq!(arguments[0]["error"]["code"], "bad_request");
    arguments[0]["error"]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_packet_that_can_not_be_read_ends_the_connection_with_a_reason() {
    let server = TestServer::start().await;
    for packet in [
        r#"42["\ud800"]"#.to_owned(),
        r#"42["caf\u00e9",{}]"#.to_owned(),
        r#"421["po\u0073t",{}]"#.to_owned(),
        format!(r#"42["{}\"",{{}}]"#, "x".repeat(1_000)),
        r#"42["post",{"room":]"#.to_owned(),
        r#"42["post",{"#.to_owned(),
        "42".to_owned(),
        "42{}".to_owned(),
        "42[7]".to_owned(),
        format!(r#"42["post",{}"#, "[".repeat(50_000)),
        "49[]".to_owned(),
        "43[]".to_owned(),
        "x".to_owned(),
        String::new(),
        r#"451-["post",{"_placeholder":true,"num":0}]"#.to_owned(),
    ] {
        let mut mallory = server.user("Mallory").await;
        mallory.send(packet.clone()).await;
        let reason = reason_for_the_end(&mut mallory).await;
        let shown: String = packet.chars().take(40).collect();
        assert!(reason.starts_with("A packet could not be read"), "{shown}: {reason}");
    }
    let mut mallory = server.user("Mallory").await;
    mallory.socket().send_binary(vec![1, 2, 3]).await.unwrap();
    let reason = reason_for_the_end(&mut mallory).await;
    assert!(reason.starts_with("A packet could not be read"), "{reason}");
}

#[tokio::test]
async fn a_packet_that_is_too_long_ends_the_connection_with_a_reason() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    alice.emit("nonsense", json!("x".repeat(200_000))).await;
    let reason = reason_for_the_end(&mut alice).await;
    assert!(reason.contains("longer than 131072 bytes"), "{reason}");
}

#[tokio::test]
async fn deeply_nested_json_is_refused() {
    let server = TestServer::start().await;
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
async fn a_packet_that_is_not_utf_8_ends_the_connection() {
    let server = TestServer::start().await;
    let mut mallory = server.user("Mallory").await;
    let stream = mallory.socket().stream();
    // A text frame of the three bytes "42" and 0xFF, with a mask of zeroes.
    let frame = [0x81, 0x83, 0, 0, 0, 0, b'4', b'2', 0xFF];
    stream.write_all(&frame).await.unwrap();
    let reason = reason_for_the_end(&mut mallory).await;
    assert!(reason.contains("not UTF-8"), "{reason}");
    server.user("Alice").await.request("rooms", &[]).await;
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
async fn too_many_events_without_a_response_are_refused_as_busy() {
    const EVENTS: usize = 1_024 + 500;
    let server = TestServer::without_rate_limits().await;
    let mut alice = server.user("Alice").await;
    // In one write, so that they arrive faster than they can be handled.
    alice.send_all((0..EVENTS).map(|_| r#"42["rooms"]"#.to_owned())).await;
    let (mut answered, mut busy) = (0, 0);
    while answered + busy < EVENTS {
        match alice.next().await {
            Received::Event(event, _) if event == "rooms" => answered += 1,
            Received::Event(event, arguments) if event == "refused" => {
                assert_eq!(arguments[0]["error"]["code"], "busy");
                assert_eq!(arguments[0]["error"]["retry_after_ms"], 1_000);
                busy += 1;
            }
            Received::Disconnected => panic!("disconnected after {answered} responses and {busy} refusals"),
            Received::Event(..) | Received::Ack(..) | Received::ConnectError(_) => {}
        }
    }
    assert!(busy > 0);
}
