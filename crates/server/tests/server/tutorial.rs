//! The contract of the tutorial: clients that follow the Socket.IO tutorial work unchanged, through every step of it.
//!
//! - all clients receive a text with its sequence number, the sender and clients with a key too, and the other way
//!   around
//! - a message that is sent again with the same id is there once, also over another connection
//! - `serverOffset` brings what was missed, in order and once, while others post; long messages too; also when hundreds
//!   are posted before the client has its turn
//! - wrong input is refused in the acknowledgement and as an event
//! - it works over polling
//! - such a client may use the other events as well

use ichat_protocol::limits::MAX_TEXT_BYTES;
use ichat_testkit::{Received, TestClient, TestServer, message_text};
use serde_json::json;

use crate::polling::PollingClient;

/// Receives a `chat message`: its text and its sequence number.
async fn receives_message(client: &mut TestClient) -> (String, u64) {
    let arguments = client.receives("chat message").await;
    (
        arguments[0].as_str().unwrap().to_owned(),
        arguments[1].as_u64().unwrap(),
    )
}

#[tokio::test]
async fn all_clients_receive_a_text_with_its_sequence_number() {
    let server = TestServer::start().await;
    let mut alice = server.tutorial_client().await;
    let mut bob = server.tutorial_client().await;
    let mut carol = server.user("Carol").await;
    carol.subscribes(server.lobby()).await;
    alice.send(r#"42["chat message","hi"]"#).await;
    let (text, offset) = receives_message(&mut alice).await;
    assert_eq!(text, "hi");
    assert_eq!(receives_message(&mut bob).await, ("hi".to_owned(), offset));
    assert_eq!(carol.sees("hi").await.seq.0, offset);
    carol.says("welcome").await;
    assert_eq!(receives_message(&mut bob).await, ("welcome".to_owned(), offset + 1));
}

#[tokio::test]
async fn a_message_that_is_sent_again_is_there_once() {
    let server = TestServer::start().await;
    let mut alice = server.tutorial_client().await;
    let arguments = [json!("hi"), json!("ojIckSD2jqNzOqIrAGzL-0")];
    let first = alice.request("chat message", &arguments).await;
    assert_eq!(
        receives_message(&mut alice).await,
        ("hi".to_owned(), first["offset"].as_u64().unwrap())
    );
    assert_eq!(alice.request("chat message", &arguments).await, first);
    let mut reconnected = server.tutorial_client().await;
    let again = reconnected.request("chat message", &arguments).await;
    assert!(again["error"].is_null(), "{again}");
    let other_id = [json!("hi"), json!("ojIckSD2jqNzOqIrAGzL-1")];
    let other = reconnected.request("chat message", &other_id).await;
    assert!(other["offset"].as_u64() > first["offset"].as_u64());
    let log = server.log().await;
    let messages = log.iter().filter(|entry| message_text(entry) == Some("hi"));
    assert_eq!(messages.count(), 2);
}

#[tokio::test]
async fn missed_messages_arrive_in_order_and_once() {
    let server = TestServer::start().await;
    let mut alice = server.tutorial_client().await;
    for number in 0..450 {
        alice.request("chat message", &[json!(number.to_string())]).await;
    }
    let mut bob = server.tutorial_client().await;
    let posting = tokio::spawn(async move {
        for number in 450..600 {
            bob.request("chat message", &[json!(number.to_string())]).await;
        }
    });
    let mut rounds = 0;
    while rounds == 0 || !posting.is_finished() {
        let mut carol = TestClient::join(server.address, json!({ "serverOffset": 0 })).await;
        let (mut expected, mut last) = (0, 0);
        while expected < 460 {
            let (text, offset) = receives_message(&mut carol).await;
            assert_eq!(text, expected.to_string());
            assert!(offset > last);
            (expected, last) = (expected + 1, offset);
        }
        let mut dave = TestClient::join(server.address, json!({ "serverOffset": last - 1 })).await;
        assert_eq!(receives_message(&mut dave).await, ("459".to_owned(), last));
        rounds += 1;
    }
    posting.await.unwrap();
}

#[tokio::test]
async fn wrong_input_is_refused_in_the_acknowledgement_and_as_an_event() {
    let server = TestServer::start().await;
    let mut alice = server.tutorial_client().await;
    let long = "x".repeat(MAX_TEXT_BYTES + 1);
    for (arguments, code) in [
        (vec![], "bad_request"),
        (vec![json!("")], "bad_request"),
        (vec![json!({ "text": "hi" })], "bad_request"),
        (vec![json!(long)], "too_large"),
        (vec![json!("hi"), json!({})], "bad_request"),
        (vec![json!("hi"), json!("x".repeat(300))], "bad_request"),
        (vec![json!("hi"), json!("id"), json!("more")], "bad_request"),
    ] {
        let acknowledgement = alice.request("chat message", &arguments).await;
        assert_eq!(acknowledgement["error"]["code"], code);
        assert_eq!(alice.is_refused().await, code);
    }
    assert!(server.log().await.iter().all(|entry| message_text(entry).is_none()));
}

#[tokio::test]
async fn it_works_over_polling() {
    let server = TestServer::start().await;
    let mut alice = server.tutorial_client().await;
    let mut bob = PollingClient::connect(&server).await;
    bob.send("42[\"chat message\",\"one\"]\u{1e}42[\"chat message\",\"two\"]")
        .await;
    assert_eq!(receives_message(&mut alice).await.0, "one");
    assert_eq!(receives_message(&mut alice).await.0, "two");
    bob.receives(r#"42["chat message","two","#).await;
    let position = |packet| bob.received().find(packet).unwrap();
    let order = ["40{", r#"42["hello","#, r#"42["presence","#].map(position);
    assert!(order.is_sorted(), "{}", bob.received());
}

#[tokio::test]
async fn a_tutorial_client_may_use_the_other_events() {
    let server = TestServer::start().await;
    let mut bot = server.tutorial_client().await;
    let rooms = bot.request("rooms", &[]).await;
    assert_eq!(rooms["data"]["rooms"][0]["joined"], true);
    bot.send(r#"42["chat message","hi"]"#).await;
    loop {
        if let Received::Event(event, arguments) = bot.next().await
            && event == "entries"
        {
            let entries = arguments[0]["entries"].as_array().unwrap();
            assert_eq!(entries.len(), 2, "the guest's `joined`, and the message");
            break;
        }
    }
}

#[tokio::test]
async fn long_missed_messages_all_arrive() {
    let server = TestServer::without_rate_limits().await;
    let mut alice = server.tutorial_client().await;
    // A control character has six bytes in JSON: 8 MB in all, more than the buffers take.
    let long = "\u{1}".repeat(MAX_TEXT_BYTES - 4);
    for number in 0..80 {
        alice
            .request("chat message", &[json!(format!("{number:04}{long}"))])
            .await;
    }
    let mut bob = TestClient::connect(server.address, json!({ "serverOffset": 0 })).await;
    // While Bob reads nothing, the server sends what it can.
    for _ in 0..20 {
        alice.request("rooms", &[]).await;
    }
    for number in 0..80 {
        let (text, _) = receives_message(&mut bob).await;
        assert!(text.starts_with(&format!("{number:04}")), "message {number} is missing");
    }
}

#[tokio::test]
async fn a_client_that_connects_during_a_flood_misses_nothing() {
    let server = TestServer::without_rate_limits().await;
    let mut posters = Vec::new();
    for _ in 0..4 {
        posters.push(server.tutorial_client().await);
    }
    for round in 0..5 {
        let before = server.log().await;
        let offset = before.last().unwrap().seq;
        for (poster, client) in posters.iter_mut().enumerate() {
            let packet = |number| format!(r#"42["chat message","{round} {poster} {number}"]"#);
            client.send_all((0..500).map(packet)).await;
        }
        let mut late = Vec::new();
        for _ in 0..4 {
            late.push(TestClient::join(server.address, json!({ "serverOffset": offset })).await);
        }
        for client in &mut posters {
            client.request("chat message", &[json!("almost the end")]).await;
        }
        posters[0].request("chat message", &[json!("the end")]).await;
        let log = server.log().await;
        let posted = log[before.len()..].iter().filter_map(message_text);
        let posted: Vec<&str> = posted.collect();
        for client in &mut late {
            let mut received = Vec::new();
            while received.last().map(String::as_str) != Some("the end") {
                received.push(receives_message(client).await.0);
            }
            assert!(
                received == posted,
                "{} of {} messages arrived",
                received.len(),
                posted.len()
            );
        }
    }
}
