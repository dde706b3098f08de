//! Coming back.
//!
//! - nothing held: the newest page
//! - a missing range: whole, in pages, also when it is long or its messages are
//! - nothing missing: an empty page; the acknowledgement holds the heads
//! - another epoch, or further than the head: reset, then the newest page
//! - a commit during a resume makes no gap, nor one just behind its last page
//! - heads are told, also for quiet rooms
//! - history by range

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails where its ground gives way"
)]

use std::time::{Duration, Instant};

use ichat_protocol::limits::{HEADS_INTERVAL, MAX_PAGE_ENTRIES, MAX_TEXT_BYTES};
use ichat_protocol::{Body, DeviceId, Entry, EntryId, Epoch, Head, MemberId, Seq};
use ichat_store::NewEntry;
use ichat_testkit::{Identity, TestClient, TestServer, entries, message, or_time_out};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// How often the same moment is tried.
const ROUNDS: usize = 100;
/// How often somebody comes back while others talk.
const RETURNS: usize = 20;

async fn head(server: &TestServer) -> Head {
    server.store().head(server.lobby()).await.unwrap().unwrap()
}

/// Fills the lobby without a socket.
async fn fill(server: &TestServer, alice: &TestClient, count: usize, text: &str) {
    let author: MemberId = serde_json::from_value(json!(alice.me())).unwrap();
    let device: DeviceId = serde_json::from_value(alice.hello["device"].clone()).unwrap();
    let draft = |_| NewEntry {
        room: server.lobby(),
        id: EntryId::fresh(),
        author: author.clone(),
        device,
        at: 0,
        body: Body::Message {
            text: text.to_owned(),
            reply_to: None,
        },
    };
    server.store().commit((0..count).map(draft).collect()).await.unwrap();
}

fn cursor(server: &TestServer, epoch: Epoch, seq: Seq) -> Value {
    json!({ "rooms": { server.lobby().to_string(): { "epoch": epoch, "seq": seq } } })
}

fn is_whole(seen: &[Entry], from: u64, to: u64) {
    let seqs: Vec<u64> = seen.iter().map(|entry| entry.seq.0).collect();
    assert_eq!(seqs, (from..=to).collect::<Vec<_>>());
}

#[tokio::test]
async fn who_holds_nothing_gets_the_newest_page() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    fill(&server, &alice, 500, "x").await;
    let page = alice.subscribes(server.lobby()).await;
    let last = head(&server).await.seq.0;
    is_whole(&page, last - 199, last);
}

#[tokio::test]
async fn a_missing_range_comes_whole() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let held = head(&server).await;
    fill(&server, &alice, 2_500, "x").await;
    fill(&server, &alice, 60, &"long ".repeat(MAX_TEXT_BYTES / 5)).await;
    let last = head(&server).await.seq;
    alice.emit("sync", cursor(&server, held.epoch, held.seq)).await;
    let mut seen: Vec<Entry> = Vec::new();
    while seen.last().map(|entry| entry.seq) != Some(last) {
        let page = alice.receives("page").await;
        assert!(page.to_string().len() < 300_000, "a page has a bounded size");
        seen.extend(entries(&page));
    }
    is_whole(&seen, held.seq.0 + 1, last.0);
}

#[tokio::test]
async fn who_misses_nothing_is_told_so() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let held = head(&server).await;
    let answer = alice.request("sync", &[cursor(&server, held.epoch, held.seq)]).await;
    assert_eq!(answer["event"], "heads");
    assert_eq!(answer["data"]["heads"][server.lobby().to_string()], json!(held));
    assert_eq!(entries(&alice.receives("page").await), []);
}

#[tokio::test]
async fn another_history_is_reset() {
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
        is_whole(&entries(&alice.receives("page").await), 1, head.seq.0);
    }
}

#[tokio::test]
async fn a_commit_during_a_resume_makes_no_gap() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let held = head(&server).await;
    fill(&server, &alice, 1_000, "x").await;
    let mut bob = server.user("Bob").await;
    let enough_said = CancellationToken::new();
    let is_enough = enough_said.clone();
    let talking = tokio::spawn(async move {
        while !is_enough.is_cancelled() {
            bob.request("post", &[message(bob.lobby(), EntryId::fresh(), "y")])
                .await;
        }
    });
    // Comes back again and again while Bob talks; each time what arrives must be whole.
    for _ in 0..RETURNS {
        let mut back = server.user("Carol").await;
        back.emit("sync", cursor(&server, held.epoch, held.seq)).await;
        let mut seqs = std::collections::BTreeSet::new();
        let enough = head(&server).await.seq.0 + 5;
        // Everything up to some broadcast of its time, without a gap; with one this would wait in vain, and fail.
        or_time_out(async {
            loop {
                let last = seqs.last().copied().unwrap_or_default();
                let is_whole = seqs.len() as u64 + held.seq.0 == last;
                if is_whole && last >= enough {
                    break;
                }
                seqs.extend(back.receives_seqs().await);
            }
        })
        .await;
    }
    enough_said.cancel();
    talking.await.unwrap();
    alice.request("rooms", &[]).await;
}

// Over several threads, so that the post may fall between any two steps of the resume.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_just_behind_the_last_page_makes_no_gap() {
    let server = TestServer::start().await;
    let key = Identity::random();
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    fill(&server, &alice, 400, "x").await;
    for round in 0..ROUNDS {
        let mut back = server.user_with("Carol", &key).await;
        let held = head(&server).await;
        // Exactly one full page is missing, so that only a broadcast can bring what comes after it.
        let start = Seq(held.seq.0 - u64::from(MAX_PAGE_ENTRIES));
        let first = format!("first {round}");
        tokio::join!(
            back.emit("sync", cursor(&server, held.epoch, start)),
            alice.says(&first),
        );
        alice.sees(&first).await;
        alice.says(&format!("second {round}")).await;
        let whole: Vec<u64> = (start.0 + 1..=held.seq.0 + 2).collect();
        let mut seqs = std::collections::BTreeSet::new();
        // The page and the broadcasts come in any order; with a gap this would wait in vain, and fail.
        or_time_out(async {
            while seqs.len() < whole.len() {
                seqs.extend(back.receives_seqs().await);
            }
        })
        .await;
        assert!(seqs.into_iter().eq(whole));
    }
}

#[tokio::test]
async fn heads_are_told_also_for_quiet_rooms() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    let expected = json!({ "heads": { server.lobby().to_string(): head(&server).await } });
    let began = Instant::now();
    assert_eq!(alice.receives("heads").await, expected);
    assert_eq!(alice.receives("heads").await, expected);
    assert!(began.elapsed() < 2 * HEADS_INTERVAL + Duration::from_secs(1));
}

#[tokio::test]
async fn history_gives_ranges() {
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
        let page = alice.request("history", std::slice::from_ref(&range)).await;
        assert_eq!(page["event"], "page", "{range}");
        is_whole(&entries(&page["data"]), from, to);
    }
}
