//! Slow clients.
//!
//! - a client that reads nothing delays no other client, and no shutdown
//! - a client that has not read for a while still gets its responses

use ichat_protocol::{EntryId, RoomId};
use ichat_testkit::{TestServer, entries, message, message_text};
use serde_json::json;

/// Messages of 16 kB that are more than the buffers of the sockets and of the server take: 19 MB.
const MESSAGES: usize = 1_200;

#[tokio::test]
async fn a_client_that_reads_nothing_delays_no_other_client_and_no_shutdown() {
    let mut server = TestServer::start().await;
    let mut sleeper = server.user("Sleeper").await;
    sleeper.subscribes(server.lobby()).await;
    let mut alice = server.user("Alice").await;
    let mut bob = server.user("Bob").await;
    bob.subscribes(server.lobby()).await;
    let text = "x".repeat(16_000);
    for _ in 0..MESSAGES {
        let id = EntryId::fresh();
        alice.request("post", &[message(server.lobby(), id, &text)]).await;
        // Each of these waits has a timeout that is shorter than the server's timeout for a stalled client.
        while !entries(&bob.receives("entries").await)
            .iter()
            .any(|entry| entry.id == id)
        {}
    }
    let log = server.log().await;
    let messages = log.iter().filter(|entry| message_text(entry).is_some());
    assert_eq!(messages.count(), MESSAGES);
    server.stops().await;
}

#[tokio::test]
async fn a_client_that_has_not_read_for_a_while_still_gets_its_responses() {
    let server = TestServer::start().await;
    let mut sleeper = server.user("Sleeper").await;
    sleeper.subscribes(server.lobby()).await;
    let mut alice = server.user("Alice").await;
    let text = "x".repeat(16_000);
    for _ in 0..MESSAGES {
        let id = EntryId::fresh();
        alice.request("post", &[message(server.lobby(), id, &text)]).await;
    }
    alice.subscribes(server.lobby()).await;
    sleeper.emit("history", json!({ "room": RoomId::fresh() })).await;
    // Events are handled in order: once this one arrives, the response is on its way.
    sleeper
        .emit("typing", json!({ "room": server.lobby(), "on": true }))
        .await;
    alice.receives("typing").await;
    assert_eq!(sleeper.is_refused().await, "unknown_room");
}
