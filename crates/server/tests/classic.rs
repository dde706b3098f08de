//! The classic contract: clients after the Socket.IO tutorial, unchanged, through every step of it.
//!
//! - a text goes to everybody, the sender included, with its place
//! - an id of the client's own makes a repetition harmless, also over another connection; the callback comes after the commit
//! - `serverOffset` gives what was missed, in order and once, while others talk
//! - people who came otherwise see it too, and are seen
//! - bad input is refused in both ways
//! - over polling

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails where its ground gives way"
)]

use ichat_protocol::limits::MAX_TEXT_BYTES;
use ichat_testkit::{Received, TestClient, TestServer, message_text, or_time_out};
use serde_json::{Value, json};

async fn chat(person: &mut TestClient) -> (String, u64) {
    let heard = person.receives("chat message").await;
    (heard[0].as_str().unwrap().to_owned(), heard[1].as_u64().unwrap())
}

#[tokio::test]
async fn a_text_goes_to_everybody_with_its_place() {
    let server = TestServer::start().await;
    let mut alice = server.tutorial_client().await;
    let mut bob = server.tutorial_client().await;
    let mut carol = server.user("Carol").await;
    carol.subscribes(server.lobby()).await;
    alice.send(r#"42["chat message","hi"]"#).await;
    let (text, offset) = chat(&mut alice).await;
    assert_eq!(text, "hi");
    assert_eq!(chat(&mut bob).await, ("hi".to_owned(), offset));
    assert_eq!(carol.sees("hi").await.seq.0, offset);
    carol.says("welcome").await;
    assert_eq!(chat(&mut bob).await, ("welcome".to_owned(), offset + 1));
}

#[tokio::test]
async fn repeating_a_message_is_harmless() {
    let server = TestServer::start().await;
    let mut alice = server.tutorial_client().await;
    let arguments = [json!("hi"), json!("ojIckSD2jqNzOqIrAGzL-0")];
    let first = alice.request("chat message", &arguments).await;
    assert_eq!(
        chat(&mut alice).await,
        ("hi".to_owned(), first["offset"].as_u64().unwrap())
    );
    assert_eq!(alice.request("chat message", &arguments).await, first);
    let mut back = server.tutorial_client().await;
    let again = back.request("chat message", &arguments).await;
    assert!(again["error"].is_null(), "{again}");
    let other = back
        .request("chat message", &[json!("hi"), json!("ojIckSD2jqNzOqIrAGzL-1")])
        .await;
    assert!(other["offset"].as_u64() > first["offset"].as_u64());
    assert_eq!(
        server
            .log()
            .await
            .iter()
            .filter(|entry| message_text(entry) == Some("hi"))
            .count(),
        2
    );
}

#[tokio::test]
async fn what_was_missed_comes_in_order_and_once() {
    let server = TestServer::start().await;
    let mut alice = server.tutorial_client().await;
    for number in 0..450 {
        alice.request("chat message", &[json!(number.to_string())]).await;
    }
    let mut bob = server.tutorial_client().await;
    let talking = tokio::spawn(async move {
        for number in 450..600 {
            bob.request("chat message", &[json!(number.to_string())]).await;
        }
    });
    let mut rounds = 0;
    while rounds == 0 || !talking.is_finished() {
        let mut back = TestClient::join(server.address, json!({ "serverOffset": 0 })).await;
        let (mut expected, mut last) = (0, 0);
        while expected < 460 {
            let (text, offset) = chat(&mut back).await;
            assert_eq!(text, expected.to_string());
            assert!(offset > last);
            (expected, last) = (expected + 1, offset);
        }
        let mut later = TestClient::join(server.address, json!({ "serverOffset": last - 1 })).await;
        assert_eq!(chat(&mut later).await, ("459".to_owned(), last));
        rounds += 1;
    }
    talking.await.unwrap();
}

#[tokio::test]
async fn bad_input_is_refused_in_both_ways() {
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
        let answer = alice.request("chat message", &arguments).await;
        assert_eq!(answer["error"]["code"], code);
        assert_eq!(alice.is_refused().await, code);
    }
    assert!(server.log().await.iter().all(|entry| message_text(entry).is_none()));
}

#[tokio::test]
async fn it_works_over_polling() {
    let server = TestServer::start().await;
    let mut alice = server.tutorial_client().await;
    let http = reqwest::Client::new();
    let url = server.url("/socket.io/?EIO=4&transport=polling");
    let open: Value = serde_json::from_str(&http.get(&url).send().await.unwrap().text().await.unwrap()[1..]).unwrap();
    let url = format!("{url}&sid={}", open["sid"].as_str().unwrap());
    http.post(&url)
        .body("40")
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap();
    // What is said before the server has let one in is not heard.
    let mut polled = String::new();
    while !polled.contains("40{") {
        polled += &poll(&http, &url).await;
    }
    http.post(&url)
        .body("42[\"chat message\",\"one\"]\u{1e}42[\"chat message\",\"two\"]")
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap();
    assert_eq!(chat(&mut alice).await.0, "one");
    assert_eq!(chat(&mut alice).await.0, "two");
    while !polled.contains(r#"42["chat message","two","#) {
        polled += &poll(&http, &url).await;
    }
    let hello = polled.find(r#"42["hello","#).unwrap();
    assert!(polled.find("40{").unwrap() < hello && hello < polled.find(r#"42["presence","#).unwrap());
}

/// Takes what waits for a polling client, and answers a ping.
async fn poll(http: &reqwest::Client, url: &str) -> String {
    let answer = or_time_out(http.get(url).send()).await.unwrap();
    let packets = answer.error_for_status().unwrap().text().await.unwrap();
    if packets.split('\u{1e}').any(|packet| packet == "2") {
        http.post(url).body("3").send().await.unwrap();
    }
    packets
}

#[tokio::test]
async fn a_classic_client_can_use_the_richer_events_too() {
    let server = TestServer::start().await;
    let mut bot = server.tutorial_client().await;
    let rooms = bot.request("rooms", &[]).await;
    assert_eq!(rooms["data"]["rooms"][0]["joined"], true);
    bot.send(r#"42["chat message","hi"]"#).await;
    loop {
        if let Received::Event(event, data) = bot.next().await
            && event == "entries"
        {
            assert_eq!(data[0]["entries"].as_array().unwrap().len(), 2, "joined, and said");
            break;
        }
    }
}
