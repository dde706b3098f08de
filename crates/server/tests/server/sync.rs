//! Sync and history: how a client gets what it has missed.
//!
//! - a client that has nothing gets the newest page
//! - a missing range arrives whole, in pages of bounded size, also when its messages are long
//! - when nothing is missing, the page is empty, and the acknowledgement has the heads
//! - a cursor of another epoch, or beyond the head, gets a reset and the newest page
//! - a commit during a sync leaves no gap, nor does one right after its last page
//! - heads arrive periodically, for quiet rooms as well
//! - history returns the range that was asked for, and the entries around one that is named by its id, however long they are;
//!   an id that is not in the room is refused, and the refusal names it

use std::collections::BTreeSet;
use std::slice;

use ichat_protocol::limits::{MAX_PAGE_ENTRIES, MAX_TEXT_BYTES};
use ichat_protocol::{Body, DeviceId, Entry, EntryId, Epoch, Head, MemberId, RoomId, Seq};
use ichat_store::NewEntry;
use ichat_testkit::{Identity, TestClient, TestServer, entries, message, or_time_out};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

async fn head(server: &TestServer) -> Head {
    server.store().head(server.lobby()).await.unwrap().unwrap()
}

/// Writes messages of a client's member straight into the store.
async fn fill(server: &TestServer, author: &TestClient, count: usize, text: &str) {
    let member: MemberId = serde_json::from_value(json!(author.me())).unwrap();
    let device: DeviceId = serde_json::from_value(author.hello["device"].clone()).unwrap();
    let entry = |_| NewEntry {
        room: server.lobby(),
        id: EntryId::fresh(),
        author: member.clone(),
        device,
        at: 0,
        body: Body::Message {
            text: text.to_owned(),
            reply_to: None,
            mentions: Vec::new(),
        },
    };
    server.store().commit((0..count).map(entry).collect()).await.unwrap();
}

/// Returns the argument of a `sync` of the lobby.
fn cursor(server: &TestServer, epoch: Epoch, seq: Seq) -> Value {
    json!({ "rooms": { server.lobby().to_string(): { "epoch": epoch, "seq": seq } } })
}

/// Asserts that these are the entries `first..=last`.
fn assert_range(seen: &[Entry], first: u64, last: u64) {
    let seqs: Vec<u64> = seen.iter().map(|entry| entry.seq.0).collect();
    assert_eq!(seqs, (first..=last).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_client_that_has_nothing_gets_the_newest_page() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    fill(&server, &alice, 500, "x").await;
    let page = alice.subscribes(server.lobby()).await;
    let last = head(&server).await.seq.0;
    assert_range(&page, last - 199, last);
}

#[tokio::test]
async fn a_missing_range_arrives_whole() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let start = head(&server).await;
    fill(&server, &alice, 2_500, "x").await;
    fill(&server, &alice, 60, &"long ".repeat(MAX_TEXT_BYTES / 5)).await;
    let last = head(&server).await.seq;
    alice.emit("sync", cursor(&server, start.epoch, start.seq)).await;
    let mut seen: Vec<Entry> = Vec::new();
    while seen.last().map(|entry| entry.seq) != Some(last) {
        let page = alice.receives("page").await;
        assert!(page.to_string().len() < 300_000, "a page is too large");
        seen.extend(entries(&page));
    }
    assert_range(&seen, start.seq.0 + 1, last.0);
}

#[tokio::test]
async fn a_client_that_misses_nothing_gets_an_empty_page() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let head = head(&server).await;
    let response = alice.request("sync", &[cursor(&server, head.epoch, head.seq)]).await;
    assert_eq!(response["event"], "heads");
    assert_eq!(response["data"]["heads"][server.lobby().to_string()], json!(head));
    assert_eq!(entries(&alice.receives("page").await), []);
}

#[tokio::test]
async fn a_cursor_of_another_history_gets_a_reset() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let head = head(&server).await;
    for (epoch, seq) in [
        (Epoch::fresh(), Seq(1)),
        (head.epoch, Seq(head.seq.0 + 1)),
        (head.epoch, Seq(u64::MAX)),
    ] {
        alice.emit("sync", cursor(&server, epoch, seq)).await;
        let reset = alice.receives("reset").await;
        assert_eq!(reset, json!({ "room": server.lobby(), "head": head }));
        assert_range(&entries(&alice.receives("page").await), 1, head.seq.0);
    }
}

#[tokio::test]
async fn a_commit_during_a_sync_leaves_no_gap() {
    const ROUNDS: usize = 20;
    let server = TestServer::start().await;
    let alice = server.user("Alice").await;
    let start = head(&server).await;
    fill(&server, &alice, 1_000, "x").await;
    let mut bob = server.user("Bob").await;
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let posting = tokio::spawn(async move {
        while !stopped.is_cancelled() {
            let post = message(bob.lobby(), EntryId::fresh(), "y");
            bob.request("post", &[post]).await;
        }
    });
    for _ in 0..ROUNDS {
        let mut carol = server.user("Carol").await;
        carol.emit("sync", cursor(&server, start.epoch, start.seq)).await;
        // Everything up to a broadcast that was sent after the sync. With a gap, this would time out.
        let target = head(&server).await.seq.0 + 5;
        let mut seqs = BTreeSet::new();
        or_time_out(async {
            loop {
                let last = seqs.last().copied().unwrap_or_default();
                let is_whole = seqs.len() as u64 + start.seq.0 == last;
                if is_whole && last >= target {
                    break;
                }
                seqs.extend(carol.receives_seqs().await);
            }
        })
        .await;
    }
    stop.cancel();
    posting.await.unwrap();
}

// On several threads, so that the post may fall between any two steps of the sync.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_right_after_the_last_page_leaves_no_gap() {
    const ROUNDS: usize = 100;
    let server = TestServer::start().await;
    let identity = Identity::random();
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    fill(&server, &alice, 400, "x").await;
    for round in 0..ROUNDS {
        let mut carol = server.user_with("Carol", &identity).await;
        let head = head(&server).await;
        // Exactly one full page is missing, so that only a broadcast can bring what follows it.
        let start = Seq(head.seq.0 - u64::from(MAX_PAGE_ENTRIES));
        let first = format!("first {round}");
        tokio::join!(
            carol.emit("sync", cursor(&server, head.epoch, start)),
            alice.says(&first),
        );
        alice.sees(&first).await;
        alice.says(&format!("second {round}")).await;
        let expected: Vec<u64> = (start.0 + 1..=head.seq.0 + 2).collect();
        let mut seqs = BTreeSet::new();
        // The page and the broadcasts arrive in any order. With a gap, this would time out.
        or_time_out(async {
            while seqs.len() < expected.len() {
                seqs.extend(carol.receives_seqs().await);
            }
        })
        .await;
        assert!(seqs.into_iter().eq(expected));
    }
}

#[tokio::test]
async fn heads_arrive_periodically_for_quiet_rooms_as_well() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    let expected = json!({ "heads": { server.lobby().to_string(): head(&server).await } });
    // The clock jumps ahead as soon as nothing can be done but wait.
    tokio::time::pause();
    assert_eq!(alice.receives("heads").await, expected);
    assert_eq!(alice.receives("heads").await, expected);
}

#[tokio::test]
async fn history_returns_the_range_that_was_asked_for() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    fill(&server, &alice, 300, "x").await;
    let last = head(&server).await.seq.0;
    let room = server.lobby();
    for (range, from, to) in [
        (json!({ "room": room }), last - 199, last),
        (json!({ "room": room, "limit": 5_000 }), last - 199, last),
        (json!({ "room": room, "limit": 3 }), last - 2, last),
        (json!({ "room": room, "before": 100, "limit": 10 }), 90, 99),
        (json!({ "room": room, "after": 100, "limit": 10 }), 101, 110),
        (json!({ "room": room, "after": 100, "before": 104 }), 101, 103),
    ] {
        let page = alice.request("history", slice::from_ref(&range)).await;
        assert_eq!(page["event"], "page", "{range}");
        assert_range(&entries(&page["data"]), from, to);
    }
}

#[tokio::test]
async fn history_returns_the_entries_around_one() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let room = server.lobby();
    fill(&server, &alice, 300, "x").await;
    // A bot's id may have no time.
    let (id, first) = (EntryId(Uuid::new_v4()), head(&server).await.seq.0);
    alice.request("post", &[message(room, id, "here")]).await;
    let seq = first + 1;
    fill(&server, &alice, 300, "x").await;
    for (limit, from, to) in [
        (json!(null), seq - 100, seq + 99),
        (json!(5_000), seq - 100, seq + 99),
        (json!(3), seq - 1, seq + 1),
        (json!(1), seq, seq),
        (json!(0), seq, seq),
    ] {
        let range = json!({ "room": room, "around": id, "limit": limit });
        let page = alice.request("history", slice::from_ref(&range)).await;
        assert_eq!(page["event"], "page", "{range}");
        assert_range(&entries(&page["data"]), from, to);
    }
    let first = server
        .store()
        .page(room, None, Some(Seq(0)), 1)
        .await
        .unwrap()
        .unwrap()
        .entries[0]
        .id;
    let page = alice
        .request("history", &[json!({ "room": room, "around": first })])
        .await;
    assert_range(&entries(&page["data"]), 1, 200);
}

#[tokio::test]
async fn history_around_an_entry_has_it_although_those_before_it_are_long() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let room = server.lobby();
    fill(&server, &alice, 60, &"long ".repeat(MAX_TEXT_BYTES / 5)).await;
    let id = EntryId::fresh();
    alice.request("post", &[message(room, id, "here")]).await;
    let page = alice.request("history", &[json!({ "room": room, "around": id })]).await;
    assert!(entries(&page["data"]).iter().any(|entry| entry.id == id), "{page}");
}

#[tokio::test]
async fn history_around_an_entry_of_another_room_is_refused() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    let elsewhere = alice.says("in the lobby").await;
    alice.sees("in the lobby").await;
    let room = RoomId::fresh();
    alice
        .request("create", &[json!({ "room": room, "name": "Lunch" })])
        .await;
    for id in [elsewhere, EntryId::fresh()] {
        let refused = alice.request("history", &[json!({ "room": room, "around": id })]).await;
        assert_eq!(refused["event"], "refused");
        assert_eq!(refused["data"]["room"], json!(room));
        assert_eq!(refused["data"]["id"], json!(id));
        assert_eq!(refused["data"]["error"]["code"], "unknown_entry");
    }
}
