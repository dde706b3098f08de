//! Posting messages.
//!
//! - all subscribers receive a message, the author too, with the same sequence number
//! - 500 posts of one connection keep their order while others post
//! - the same post again returns the entry that is there, to its author alone
//! - 64 posts of one id make one entry, and the same id with another text is refused
//! - a message is on the disk before a client receives it
//! - only its author may edit or delete a message, and a deleted one is wiped

use std::collections::BTreeSet;
use std::slice;

use ichat_protocol::{EntryId, Seq};
use ichat_testkit::{Identity, TestServer, entries, message, message_text};
use serde_json::json;

#[tokio::test]
async fn all_subscribers_receive_a_message_with_the_same_sequence_number() {
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

// On several threads: if each post were handled by a task of its own, they would overtake each other here.
#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_posts_of_a_client_keep_their_order_while_others_post() {
    const WRITERS: usize = 4;
    const POSTS: usize = 500;
    let server = TestServer::start().await;
    let mut reader = server.user("Reader").await;
    reader.subscribes(server.lobby()).await;
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let mut client = server.user(&format!("Writer {writer}")).await;
        writers.push(tokio::spawn(async move {
            for number in 0..POSTS {
                client.says(&format!("{writer} {number}")).await;
            }
            client
        }));
    }
    let mut received = Vec::new();
    while received.len() < WRITERS * POSTS {
        let seen = entries(&reader.receives("entries").await);
        received.extend(seen.into_iter().filter(|entry| message_text(entry).is_some()));
    }
    assert!(received.is_sorted_by_key(|entry| entry.seq));
    for writer in 0..WRITERS {
        let own: Vec<_> = received
            .iter()
            .filter_map(message_text)
            .filter_map(|text| text.strip_prefix(&format!("{writer} ")))
            .collect();
        let expected: Vec<_> = (0..POSTS).map(|number| number.to_string()).collect();
        assert_eq!(own, expected);
    }
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn the_same_post_again_returns_the_entry_that_is_there() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let mut bob = server.user("Bob").await;
    bob.subscribes(server.lobby()).await;
    let post = message(server.lobby(), EntryId::fresh(), "once");
    let first = alice.request("post", slice::from_ref(&post)).await;
    assert_eq!(first["event"], "entries");
    let again = alice.request("post", slice::from_ref(&post)).await;
    assert_eq!(again, first);
    alice.emit("post", post).await;
    assert_eq!(alice.receives("entries").await, first["data"]);
    alice.says("next").await;
    assert_eq!(bob.receives_texts_up_to("next").await, ["once", "next"]);
    let log = server.log().await;
    let copies = log.iter().filter(|entry| message_text(entry) == Some("once"));
    assert_eq!(copies.count(), 1);
}

#[tokio::test]
async fn one_id_makes_one_entry_however_often_it_is_posted() {
    let server = TestServer::start().await;
    let identity = Identity::random();
    let id = EntryId::fresh();
    let mut posts = Vec::new();
    for _ in 0..64 {
        let mut client = server.user_with("Alice", &identity).await;
        let post = message(server.lobby(), id, "once");
        posts.push(tokio::spawn(async move { client.request("post", &[post]).await }));
    }
    let mut responses = BTreeSet::new();
    for post in posts {
        responses.insert(post.await.unwrap().to_string());
    }
    assert_eq!(responses.len(), 1, "{responses:?}");
    assert_eq!(server.log().await.iter().filter(|entry| entry.id == id).count(), 1);

    let mut client = server.user_with("Alice", &identity).await;
    let other_text = message(server.lobby(), id, "twice");
    let response = client.request("post", &[other_text]).await;
    assert_eq!(response["data"]["error"]["code"], "conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_committed_before_it_is_sent() {
    let server = TestServer::without_rate_limits().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    // Long texts make long transactions.
    let text = "x".repeat(16_000);
    for _ in 0..30 {
        for _ in 0..30 {
            alice.says(&text).await;
        }
        let mut received = 0;
        while received < 30 {
            let seen = entries(&alice.receives("entries").await);
            received += seen.len();
            let head = server.store().head(server.lobby()).await.unwrap().unwrap();
            let newest: Option<Seq> = seen.iter().map(|entry| entry.seq).max();
            assert!(newest <= Some(head.seq), "sent before it was committed");
        }
    }
}

#[tokio::test]
async fn only_its_author_edits_or_deletes_a_message() {
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
        let response = bob.request("post", slice::from_ref(&post)).await;
        assert_eq!(response["data"]["error"]["code"], "not_yours");
        assert_eq!(alice.request("post", &[post]).await["event"], "entries");
    }
    let log = server.log().await;
    assert!(log.iter().all(|entry| entry.id != id || message_text(entry).is_none()));
}
