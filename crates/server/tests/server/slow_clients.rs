//! Slow clients.
//!
//! - a client that reads nothing delays no other client, and no shutdown
//! - a client that has not read for a while still gets its responses

use ichat_protocol::{EntryId, RoomId};
use ichat_testkit::{TestClient, TestServer, entries, message, message_text};
use serde_json::json;

/// Messages of 16 kB that are more than the buffers of the sockets and of the server take: 19 MB.
const MESSAGES: usize = 1_200;
/// Messages that are posted at once. A client that reads has room for them in its queue.
const CHUNK: usize = 20;

/// Posts a chunk of messages to the lobby, and returns the id of the last one.
async fn post_chunk(client: &mut TestClient) -> EntryId {
    let text = "x".repeat(16_000);
    let (room, ids) = (client.lobby(), [(); CHUNK].map(|()| EntryId::fresh()));
    let packets = ids.map(|id| format!("42{}", json!(["post", message(room, id, &text)])));
    client.send_all(packets).await;
    ids[CHUNK - 1]
}

/// Receives broadcasts up to the entry with this id.
async fn receives_up_to(client: &mut TestClient, id: EntryId) {
    while !entries(&client.receives("entries").await)
        .iter()
        .any(|entry| entry.id == id)
    {}
}

#[tokio::test]
async fn a_client_that_reads_nothing_delays_no_other_client_and_no_shutdown() {
    let mut server = TestServer::start().await;
    let mut sleeper = server.user("Sleeper").await;
    sleeper.subscribes(server.lobby()).await;
    let mut alice = server.user("Alice").await;
    let mut bob = server.user("Bob").await;
    for client in [&mut alice, &mut bob] {
        client.subscribes(server.lobby()).await;
    }
    for _ in 0..MESSAGES / CHUNK {
        let last = post_chunk(&mut alice).await;
        receives_up_to(&mut alice, last).await;
        receives_up_to(&mut bob, last).await;
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
    alice.subscribes(server.lobby()).await;
    for _ in 0..MESSAGES / CHUNK {
        let last = post_chunk(&mut alice).await;
        receives_up_to(&mut alice, last).await;
    }
    sleeper.emit("history", json!({ "room": RoomId::fresh() })).await;
    // Events are handled in order: once this one arrives, the response is on its way.
    sleeper
        .emit("typing", json!({ "room": server.lobby(), "on": true }))
        .await;
    alice.receives("typing").await;
    assert_eq!(sleeper.is_refused().await, "unknown_room");
}
