//! Limits on what a person makes the server do.
//!
//! - what people and bots do in a burst meets no limit: a returning outbox, pasted messages
//! - a client that sends too much gets `busy` with a time, and after that time its posts are taken, in their order
//! - no post overtakes one that was refused, though the time is over
//! - the devices of a person share a budget, and others have their own
//! - long messages and new topics cost more, and a new name as much as it makes the server write
//! - reading costs by what is read: long pages, newest pages and searches of many rooms
//! - a client that goes on after `busy` is told why, and disconnected; its person can't connect at once
//! - a person who connects again and again has to wait, and nobody else
//! - what a client has asked for ends with its connection, what it has posted is written

use std::collections::BTreeMap;
use std::slice;
use std::time::Duration;

use ichat_protocol::{EntryId, RoomId};
use ichat_server::Config;
use ichat_testkit::{Identity, Received, TestClient, TestServer, message, message_text, or_time_out};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

/// Units that one person may spend at once on a [`strict`] server.
const BURST: usize = 100;

/// Starts a server with low limits.
async fn strict() -> TestServer {
    with_rate(10).await
}

async fn with_rate(max_rate_per_person: u32) -> TestServer {
    let config = Config {
        max_rate_per_person,
        ..Config::default()
    };
    TestServer::with_config(config).await
}

/// Spends the budget of a person for longer than a test takes.
async fn spends_everything(client: &mut TestClient) {
    let answer = client.request("nonsense", &[json!("x".repeat(120_000))]).await;
    assert_eq!(answer["data"]["error"]["code"], "unknown_event");
}

/// Lets the server's clock, and the clients', jump ahead.
async fn passes(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// Posts messages with these texts in one write, and returns their ids.
async fn posts<T: AsRef<str>>(client: &mut TestClient, texts: &[T]) -> Vec<EntryId> {
    let ids: Vec<_> = texts.iter().map(|_| EntryId::fresh()).collect();
    post_again(client, &ids, texts).await;
    ids
}

/// Posts messages with these ids and texts in one write.
async fn post_again<T: AsRef<str>>(client: &mut TestClient, ids: &[EntryId], texts: &[T]) {
    let room = client.lobby();
    let posts = ids.iter().zip(texts);
    let packets = posts.map(|(id, text)| format!("42{}", json!(["post", message(room, *id, text.as_ref())])));
    client.send_all(packets.collect::<Vec<_>>()).await;
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("message {number}")).collect()
}

/// Returns the ids of the posts that are taken, and the refusals of the others, of so many posts.
async fn answers(client: &mut TestClient, posts: usize) -> (Vec<EntryId>, Vec<Value>) {
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    or_time_out(async {
        while taken.len() + refused.len() < posts {
            match client.next().await {
                Received::Event(event, arguments) if event == "entries" => {
                    let entries = ichat_testkit::entries(&arguments[0]);
                    let messages = entries.iter().filter(|entry| message_text(entry).is_some());
                    taken.extend(messages.map(|entry| entry.id));
                }
                Received::Event(event, arguments) if event == "refused" => refused.push(arguments[0].clone()),
                Received::Disconnected => panic!("disconnected"),
                Received::Event(..) | Received::Ack(..) | Received::ConnectError(_) => {}
            }
        }
    })
    .await;
    (taken, refused)
}

/// Asserts that this is a refusal as `busy`, and returns the time after which it may be repeated.
fn retry_after(refused: &Value) -> Duration {
    assert_eq!(refused["error"]["code"], "busy", "{refused}");
    Duration::from_millis(refused["error"]["retry_after_ms"].as_u64().unwrap())
}

#[tokio::test]
async fn a_burst_as_people_make_it_meets_no_limit() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    for burst in [texts(200), vec!["x".repeat(2_000); 50]] {
        let ids = posts(&mut alice, &burst).await;
        assert_eq!(answers(&mut alice, burst.len()).await, (ids, Vec::new()));
    }
}

#[tokio::test]
async fn after_the_time_that_busy_names_the_posts_are_taken_in_their_order() {
    let server = strict().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    let texts = texts(2 * BURST);
    let ids = posts(&mut alice, &texts).await;
    let (mut taken, mut refused) = answers(&mut alice, ids.len()).await;
    assert!(taken.len() >= BURST - 20, "{}", taken.len());
    assert!(!refused.is_empty());
    assert_eq!(refused[0]["id"], json!(ids[taken.len()]), "{}", refused[0]);
    assert_eq!(refused[0]["event"], "post");
    while taken.len() < ids.len() {
        passes(retry_after(&refused[0])).await;
        let missing = taken.len();
        post_again(&mut alice, &ids[missing..], &texts[missing..]).await;
        let (more, still_refused) = answers(&mut alice, ids.len() - missing).await;
        assert!(!more.is_empty(), "the time is over");
        taken.extend(more);
        refused = still_refused;
    }
    assert_eq!(taken, ids);
}

#[tokio::test]
async fn no_post_overtakes_one_that_was_refused() {
    let server = strict().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    let texts = texts(2 * BURST);
    let ids = posts(&mut alice, &texts).await;
    let (_, refused) = answers(&mut alice, ids.len()).await;
    let first: EntryId = serde_json::from_value(refused[0]["id"].clone()).unwrap();
    passes(retry_after(&refused[0])).await;
    // As if it had been under way for so long.
    let late = posts(&mut alice, &["late"]).await;
    let (taken, refused) = answers(&mut alice, 1).await;
    assert!(taken.is_empty());
    retry_after(&refused[0]);
    post_again(&mut alice, &[first, late[0]], &["first", "late"]).await;
    assert_eq!(answers(&mut alice, 2).await, (vec![first, late[0]], Vec::new()));
}

#[tokio::test]
async fn the_devices_of_a_person_share_a_budget() {
    let server = with_rate(3).await;
    let alice = Identity::random();
    let mut desk = server.user_with("Alice", &alice).await;
    let mut phone = server.user_with("Alice", &alice.on_another_device()).await;
    let mut bob = server.user("Bob").await;
    bob.subscribes(server.lobby()).await;
    spends_everything(&mut desk).await;
    assert_eq!(phone.request("rooms", &[]).await["data"]["error"]["code"], "busy");
    bob.says("undisturbed").await;
    bob.sees("undisturbed").await;
}

#[tokio::test]
async fn what_makes_the_server_write_more_costs_more() {
    let server = strict().await;
    let long = || vec!["x".repeat(16_000); BURST / 10];
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    posts(&mut alice, &long()).await;
    let (taken, refused) = answers(&mut alice, long().len()).await;
    assert!(taken.len() < 8 && !refused.is_empty(), "{}", taken.len());

    let mut bob = server.user("Bob").await;
    let body = json!({ "kind": "topic", "text": "News" });
    let topic = || json!({ "room": server.lobby(), "id": EntryId::fresh(), "body": body });
    let mut topics = 0;
    while bob.request("post", &[topic()]).await["event"] == "entries" {
        topics += 1;
    }
    assert!(topics < BURST / 2, "{topics}");
}

#[tokio::test]
async fn a_new_name_costs_as_much_as_it_makes_the_server_write() {
    const ROOMS: usize = 20;
    let server = strict().await;
    let alice = Identity::random();
    let mut desk = server.user_with("Alice", &alice).await;
    for _ in 0..ROOMS {
        passes(Duration::from_secs(1)).await;
        let room = json!({ "room": EntryId::fresh(), "name": "Room" });
        assert_eq!(desk.request("create", &[room]).await["event"], "room");
    }
    passes(Duration::from_secs(10)).await;
    let mut renames = 0;
    while desk
        .request("set_name", &[json!({ "name": format!("Alice {renames}") })])
        .await["event"]
        == "presence"
    {
        renames += 1;
    }
    assert!(
        (1..BURST / ROOMS * 2).contains(&renames),
        "{BURST} units for {ROOMS} each: {renames}"
    );
    // Signing in with another name costs the same, and what is left pays for the sign-in only.
    passes(Duration::from_secs(20)).await;
    let spent = "x".repeat(1024 * (BURST - 2));
    desk.request("nonsense", &[json!(spent)]).await;
    let phone = server.user_with("Bea", &alice.on_another_device()).await;
    assert_eq!(
        phone.hello["name"],
        format!("Alice {}", renames - 1),
        "the name in the log stays"
    );
    drop(phone);
    passes(Duration::from_secs(20)).await;
    let phone = server.user_with("Bea", &alice.on_another_device()).await;
    assert_eq!(phone.hello["name"], "Bea", "a later sign-in writes it");
}

/// Sends a request until it is refused as busy. Returns how often it was answered.
async fn answered_before_busy(client: &mut TestClient, event: &str, argument: &Value) -> usize {
    let mut answered = 0;
    while client.request(event, slice::from_ref(argument)).await["event"] != "refused" {
        answered += 1;
    }
    answered
}

#[tokio::test]
async fn long_pages_cost_more() {
    let server = strict().await;
    let mut alice = server.user("Alice").await;
    for _ in 0..10 {
        let post = message(server.lobby(), EntryId::fresh(), &"x".repeat(16_000));
        assert_eq!(alice.request("post", &[json!(post)]).await["event"], "entries");
        passes(Duration::from_secs(2)).await;
    }
    passes(Duration::from_secs(10)).await;
    let history = json!({ "room": server.lobby() });
    let pages = answered_before_busy(&mut alice, "history", &history).await;
    // 160 KB each.
    assert!((10..BURST / 4).contains(&pages), "{pages}");
}

#[tokio::test]
async fn pages_of_a_sync_that_are_the_newest_or_follow_a_reset_cost_as_others() {
    const ROOMS: usize = 16;
    let server = strict().await;
    let mut alice = server.user("Alice").await;
    let mut rooms = Vec::new();
    for _ in 0..ROOMS {
        let room = RoomId::fresh();
        let created = alice
            .request("create", &[json!({ "room": room, "name": "Room" })])
            .await;
        assert_eq!(created["event"], "room");
        rooms.push(room);
        passes(Duration::from_secs(2)).await;
    }
    let made_up = json!({ "epoch": RoomId::fresh(), "seq": 0 });
    for cursor in [Value::Null, made_up] {
        passes(Duration::from_secs(20)).await;
        let cursors: BTreeMap<_, _> = rooms.iter().map(|room| (room, &cursor)).collect();
        let syncs = answered_before_busy(&mut alice, "sync", &json!({ "rooms": cursors })).await;
        // One for the packet and one if it has a KiB, two for the rooms, four for the pages.
        assert!((BURST / 10..BURST / 5).contains(&syncs), "{syncs} with {cursor}");
    }
}

#[tokio::test]
async fn a_search_costs_by_the_rooms_that_there_are() {
    const ROOMS: usize = 520;
    let mut server = TestServer::without_rate_limits().await;
    let mut alice = server.user("Alice").await;
    for _ in 0..ROOMS {
        let room = json!({ "room": EntryId::fresh(), "name": "Room" });
        assert_eq!(alice.request("create", &[room]).await["event"], "room");
    }
    server.stops().await;
    server.starts_again_with(|config| config.max_rate_per_person = 10).await;
    let mut bob = server.user("Bob").await;
    let searches = answered_before_busy(&mut bob, "rooms", &json!({ "query": "nothing" })).await;
    assert!((BURST / 4..BURST / 2).contains(&searches), "{searches}");
}

#[tokio::test]
async fn a_client_that_goes_on_after_busy_is_told_why_and_disconnected() {
    let server = strict().await;
    let mallory = Identity::random();
    let mut client = server.user_with("Mallory", &mallory).await;
    spends_everything(&mut client).await;
    // More than may be under way when the first refusal arrives.
    client
        .send_all((0..1_500).map(|_| r#"42["members",{}]"#.to_owned()))
        .await;
    let mut last = Value::Null;
    or_time_out(async {
        loop {
            match client.next().await {
                Received::Event(event, arguments) if event == "refused" => last = arguments[0].clone(),
                Received::Disconnected => break,
                Received::Event(..) | Received::Ack(..) | Received::ConnectError(_) => {}
            }
        }
    })
    .await;
    assert_eq!(last["event"], "", "{last}");
    let reason = last["error"]["message"].as_str().unwrap();
    assert!(reason.contains("busy") && reason.contains("retry_after_ms"), "{reason}");
    let auth = mallory.auth(server.address, "Mallory").await.unwrap();
    let refused = TestClient::connect_error(server.address, auth).await;
    assert!(refused.starts_with("busy "), "{refused}");
}

#[tokio::test]
async fn a_person_who_connects_again_and_again_has_to_wait() {
    let server = with_rate(3).await;
    let mallory = Identity::random();
    let refused = or_time_out(async {
        loop {
            let auth = mallory.auth(server.address, "Mallory").await.unwrap();
            match TestClient::connect(server.address, auth).await.next().await {
                Received::ConnectError(reason) => break reason,
                Received::Event(event, _) if event == "hello" => {}
                other => panic!("{other:?}"),
            }
        }
    })
    .await;
    let time: u64 = refused
        .strip_prefix("busy ")
        .and_then(|rest| rest.split(':').next()?.parse().ok())
        .unwrap_or_else(|| panic!("no time: {refused}"));
    server.user("Ada").await;
    passes(Duration::from_millis(time)).await;
    server.user_with("Mallory", &mallory).await;
}

#[tokio::test]
async fn what_a_client_has_asked_for_ends_with_its_connection() {
    // Enough that a list of them takes much longer than an answer to Alice.
    const ROOMS: usize = 300;
    const REQUESTS: usize = 1_000;
    let server = TestServer::without_rate_limits().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    for _ in 0..ROOMS {
        alice
            .request("create", &[json!({ "room": EntryId::fresh(), "name": "Room" })])
            .await;
    }
    let mut mallory = server.user("Mallory").await;
    mallory
        .send_all((0..REQUESTS).map(|_| r#"42["rooms"]"#.to_owned()))
        .await;
    mallory.says("bye").await;
    // A reset could reach the server before what it has not read.
    mallory.socket().stream().shutdown().await.unwrap();
    let mut turns = 0;
    or_time_out(async {
        while server.online() > 1 {
            alice.request("rooms", &[]).await;
            turns += 1;
        }
    })
    .await;
    assert!(turns < REQUESTS / 4, "the server worked on for {turns} turns");
    // The connection has ended when the writer has its post, which is written before a later one.
    let later = message(server.lobby(), EntryId::fresh(), "later");
    alice.request("post", &[json!(later)]).await;
    let log = server.log().await;
    assert!(
        log.iter().any(|entry| message_text(entry) == Some("bye")),
        "what was posted is written"
    );
}
