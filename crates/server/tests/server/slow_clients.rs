//! Slow clients.
//!
//! - while a client reads nothing, the others receive every message in order before the next ones are posted; what doesn't
//!   fit into its queue is lost to it alone, and it is disconnected after half a minute
//! - a client that reads nothing delays no shutdown
//! - a client that has not read for a while still gets its responses, as events and as acknowledgements; where those don't fit any
//!   more, it is disconnected instead of missing one
//! - the answers to a client that polls are bounded in bytes, also after its upgrade to a WebSocket: its next event is handled
//!   once it has fetched them

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures_util::SinkExt as _;
use ichat_protocol::{EntryId, RoomId};
use ichat_testkit::{
    Identity, Received, SocketIoClient, TestClient, TestServer, entries, message, message_text, or_time_out,
};
use serde_json::json;
use tokio::task::yield_now;
use tokio_tungstenite::tungstenite::Message;

use crate::polling::{PollingClient, connect_with_small_buffers, next_text};

/// Messages of 16 kB that are more than the buffers of the server and of its sockets take: 8 MB.
const MESSAGES: usize = 500;
/// Messages that are posted at once. A client that reads has room for them in its queue.
const CHUNK: usize = 20;

/// Connects a user who is subscribed to the lobby and whose socket buffers little.
async fn sleeper(server: &TestServer) -> TestClient {
    let stream = connect_with_small_buffers(server).await;
    let socket = SocketIoClient::open_over(stream, server.address).await.unwrap();
    let auth = Identity::random().auth(server.address, "Sleeper").await.unwrap();
    let mut sleeper = TestClient::join_over(socket, auth).await;
    sleeper.subscribes(server.lobby()).await;
    sleeper
}

/// Posts a chunk of messages to the lobby, and returns the id of the last one.
pub(crate) async fn post_chunk(client: &mut TestClient) -> EntryId {
    let text = "x".repeat(16_000);
    let (room, ids) = (client.lobby(), [(); CHUNK].map(|()| EntryId::fresh()));
    let packets = ids.map(|id| format!("42{}", json!(["post", message(room, id, &text)])));
    client.send_all(packets).await;
    ids[CHUNK - 1]
}

/// Receives broadcasts up to the entry with this id, and returns the ids of their entries.
pub(crate) async fn receives_up_to(client: &mut TestClient, id: EntryId) -> Vec<EntryId> {
    let mut received = Vec::new();
    while received.last() != Some(&id) {
        received.extend(entries(&client.receives("entries").await).iter().map(|entry| entry.id));
    }
    received
}

/// Posts more than the queue of a client that reads nothing takes.
async fn fills_the_queues(client: &mut TestClient) {
    for _ in 0..MESSAGES / CHUNK {
        let last = post_chunk(client).await;
        receives_up_to(client, last).await;
    }
}

#[tokio::test]
async fn a_client_that_reads_nothing_delays_no_other() {
    let server = TestServer::without_rate_limits().await;
    let mut sleeper = sleeper(&server).await;
    let mut alice = server.user("Alice").await;
    let mut bob = server.user("Bob").await;
    for client in [&mut alice, &mut bob] {
        client.subscribes(server.lobby()).await;
    }
    let (mut seen_by_alice, mut seen_by_bob) = (Vec::new(), Vec::new());
    for _ in 0..MESSAGES / CHUNK {
        let last = post_chunk(&mut alice).await;
        seen_by_alice.extend(receives_up_to(&mut alice, last).await);
        seen_by_bob.extend(receives_up_to(&mut bob, last).await);
    }
    let log = server.log().await;
    let messages = log.iter().filter(|entry| message_text(entry).is_some());
    let messages: Vec<EntryId> = messages.map(|entry| entry.id).collect();
    assert_eq!(messages.len(), MESSAGES);
    // Everyone's own arrival may be among them.
    let only_messages = |mut seen: Vec<EntryId>| {
        seen.retain(|id| messages.contains(id));
        seen
    };
    assert!(
        only_messages(seen_by_alice) == messages,
        "Alice misses messages, or has them in another order"
    );
    assert!(
        only_messages(seen_by_bob) == messages,
        "Bob misses messages, or has them in another order"
    );

    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    tokio::time::resume();
    or_time_out(async {
        while server.online() > 2 {
            yield_now().await;
        }
    })
    .await;
    let mut seen_by_sleeper = Vec::new();
    loop {
        match sleeper.next().await {
            Received::Event(event, arguments) if event == "entries" => {
                seen_by_sleeper.extend(entries(&arguments[0]).iter().map(|entry| entry.id));
            }
            Received::Disconnected => break,
            Received::Event(..) | Received::Ack(..) | Received::ConnectError(_) => {}
        }
    }
    let seen_by_sleeper = only_messages(seen_by_sleeper);
    assert!(
        seen_by_sleeper.len() < MESSAGES,
        "the queue of the sleeper was never full"
    );
    assert!(
        messages.starts_with(&seen_by_sleeper),
        "what was sent is not the beginning of the log"
    );
}

#[tokio::test]
async fn a_client_that_reads_nothing_delays_no_shutdown() {
    let mut server = TestServer::without_rate_limits().await;
    let _sleeper = sleeper(&server).await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    fills_the_queues(&mut alice).await;
    server.stops().await;
}

#[tokio::test]
async fn a_client_that_has_not_read_for_a_while_still_gets_its_responses() {
    let server = TestServer::without_rate_limits().await;
    let mut sleeper = sleeper(&server).await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    fills_the_queues(&mut alice).await;
    sleeper.emit("history", json!({ "room": RoomId::fresh() })).await;
    // Events are handled in order: once this one arrives, the response is on its way.
    sleeper
        .emit("typing", json!({ "room": server.lobby(), "on": true }))
        .await;
    alice.receives("typing").await;
    assert_eq!(sleeper.is_refused().await, "unknown_room");
}

/// Requests whose responses are more than the buffers of the server and of its sockets take.
const REQUESTS: u64 = 600;

/// Lets the server do as much as it can for another client: it answers this one as often as that takes.
async fn wait_for_the_server(client: &mut TestClient) {
    for _ in 0..REQUESTS {
        client.request("rooms", &[]).await;
    }
}

#[tokio::test]
async fn no_acknowledgement_is_lost_to_a_client_that_has_not_read_for_a_while() {
    let server = TestServer::without_rate_limits().await;
    let mut sleeper = sleeper(&server).await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    let last = post_chunk(&mut alice).await;
    receives_up_to(&mut alice, last).await;
    let request = json!(["history", { "room": server.lobby(), "limit": 1 }]);
    sleeper
        .send_all((1..=REQUESTS).map(|id| format!("42{id}{request}")))
        .await;
    wait_for_the_server(&mut alice).await;
    for id in 1..=REQUESTS {
        let page = loop {
            match sleeper.next().await {
                Received::Ack(of, arguments) => {
                    assert_eq!(of, id, "an acknowledgement was lost");
                    break arguments;
                }
                Received::Disconnected => panic!("disconnected before acknowledgement {id}"),
                Received::Event(..) | Received::ConnectError(_) => {}
            }
        };
        assert_eq!(entries(&page[0]["data"]).len(), 1);
    }
}

#[tokio::test]
async fn no_acknowledgement_is_missing_between_others() {
    // Their acknowledgements are more than may wait for a client.
    const POSTS: u64 = 200;
    let server = TestServer::without_rate_limits().await;
    let mut sleeper = sleeper(&server).await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    fills_the_queues(&mut alice).await;
    let text = "x".repeat(16_000);
    let post = || json!(["post", message(server.lobby(), EntryId::fresh(), &text)]);
    sleeper
        .send_all((1..=POSTS).map(|id| format!("42{id}{}", post())))
        .await;
    wait_for_the_server(&mut alice).await;
    // A refusal overtakes the posts that are being written.
    let mut expected: HashSet<u64> = (1..=POSTS).collect();
    or_time_out(async {
        while !expected.is_empty() {
            match sleeper.next().await {
                Received::Ack(id, _) => assert!(expected.remove(&id)),
                Received::Disconnected => break,
                Received::Event(..) | Received::ConnectError(_) => {}
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_answers_that_wait_for_a_client_that_polls_are_bounded_in_bytes() {
    const PAGES: usize = 100;
    let server = TestServer::without_rate_limits().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    let last = post_chunk(&mut alice).await;
    receives_up_to(&mut alice, last).await;
    let mut poller = PollingClient::connect(&server).await;
    let history = json!(["history", { "room": server.lobby(), "limit": 3 }]);
    let mut packets = vec![format!("42{history}"); PAGES];
    packets.push(format!(
        "42{}",
        json!(["post", message(server.lobby(), EntryId::fresh(), "at last")])
    ));
    let response = poller.try_send(packets.join("\u{1e}")).await.unwrap();
    response.error_for_status().unwrap();
    wait_for_the_server(&mut alice).await;
    assert!(!is_posted(&server, "at last").await, "more than a few answers wait");
    poller.receives("at last").await;
    assert_eq!(poller.received().matches("42[\"page\"").count(), PAGES);
    alice.sees("at last").await;
}

/// Returns `true` if a message with this text is on the disk.
async fn is_posted(server: &TestServer, text: &str) -> bool {
    let log = server.log().await;
    log.iter().any(|entry| message_text(entry) == Some(text))
}

#[tokio::test]
async fn the_answers_that_wait_for_an_upgraded_client_are_bounded_in_bytes() {
    // Fewer than the packets that may wait, and more bytes than the buffers of the sockets take.
    const PAGES: usize = 400;
    const MAX_STALL: Duration = Duration::from_secs(8);
    let server = TestServer::without_rate_limits().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    let last = post_chunk(&mut alice).await;
    receives_up_to(&mut alice, last).await;
    let poller = PollingClient::connect(&server).await;
    let mut upgraded = poller.upgrade(&server).await;
    let history = json!(["history", { "room": server.lobby(), "limit": 3 }]);
    let post = json!(["post", message(server.lobby(), EntryId::fresh(), "at last")]);
    for packet in std::iter::repeat_n(&history, PAGES).chain([&post]) {
        upgraded.feed(Message::text(format!("42{packet}"))).await.unwrap();
    }
    upgraded.flush().await.unwrap();
    // On a busy machine fewer rounds, because the server ends a connection that reads nothing for long.
    let started = Instant::now();
    for _ in 0..10 {
        if started.elapsed() < MAX_STALL {
            wait_for_the_server(&mut alice).await;
        }
    }
    assert!(!is_posted(&server, "at last").await, "more than a few answers wait");
    let mut pages = 0;
    while pages < PAGES {
        let packet = next_text(&mut upgraded).await;
        pages += usize::from(packet.starts_with("42[\"page\""));
        if packet == "2" {
            upgraded.send(Message::text("3")).await.unwrap();
        }
    }
    alice.sees("at last").await;
}
