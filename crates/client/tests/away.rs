//! Being away: asleep, or without the server.
//!
//! - asleep for ten minutes, and the line died meanwhile: in step within five seconds of waking
//! - asleep for ten minutes with a line that survived it: in step within five seconds as well
//! - the server is away for twenty minutes: it is asked rarely, ever more rarely, and never given up
//! - the server falls silent: noticed within three times the time between two signs of life

#![allow(clippy::unwrap_used, reason = "a test that can't go on says where")]

mod common;

use std::time::{Duration, Instant};

use common::{User, name, start_server};
use ichat_client::session::{Effect, Input, PersistedState, Session};
use ichat_protocol::limits::HEADS_INTERVAL;
use ichat_protocol::{DeviceId, Hello, LimitsInfo, MemberId, RoomId, ServerEvent, ServerId, ServerInfo};
use ichat_testkit::TestServer;
use ichat_testkit::proxy::Proxy;
use uuid::Uuid;

/// What a person who opens the laptop may be made to wait.
const IN_STEP_WITHIN: Duration = Duration::from_secs(5);
const TEN_MINUTES: Duration = Duration::from_mins(10);

/// Alice over a proxy, Bob beside the server.
async fn alice_and_bob() -> (TestServer, Proxy, User, User) {
    let server = start_server().await;
    let proxy = Proxy::to(server.address).unwrap();
    let bob = User::online("Bob", &server).await;
    let mut alice = User::new("Alice");
    alice.joins(proxy.address()).await;
    (server, proxy, alice, bob)
}

#[tokio::test]
async fn asleep_for_ten_minutes_and_in_step_within_five_seconds() {
    let (_server, proxy, mut alice, bob) = alice_and_bob().await;
    proxy.become_black_hole();
    bob.says("while you slept").await;
    proxy.recover();
    let woke = Instant::now();
    alice.wakes_after(TEN_MINUTES);
    alice.sees("while you slept").await;
    assert!(woke.elapsed() < IN_STEP_WITHIN, "{:?}", woke.elapsed());
}

#[tokio::test]
async fn a_line_that_survived_the_sleep_is_no_worse() {
    let (_server, _proxy, mut alice, bob) = alice_and_bob().await;
    let woke = Instant::now();
    alice.wakes_after(TEN_MINUTES);
    bob.says("good morning").await;
    alice.sees("good morning").await;
    alice.says("good morning to you").await;
    alice.until("an empty outbox", |p| p.outbox.is_empty()).await;
    assert!(woke.elapsed() < IN_STEP_WITHIN, "{:?}", woke.elapsed());
}

/// A session that is in step, at the given time.
fn in_step(now: u64) -> Session {
    let mut session = Session::new();
    session.step(now, Input::Start(PersistedState::default()));
    session.step(now, Input::Opened);
    session.step(now, Input::Event(hello()));
    session
}

fn hello() -> ServerEvent {
    let millis = |time: Duration| u32::try_from(time.as_millis()).unwrap();
    ServerEvent::Hello(Hello {
        server: ServerInfo {
            id: ServerId(Uuid::nil()),
            name: name("Office"),
            software: String::new(),
        },
        protocol: 1,
        me: MemberId::guest(Uuid::nil()),
        name: name("Alice"),
        device: DeviceId(Uuid::nil()),
        lobby: RoomId(Uuid::nil()),
        rooms: Vec::new(),
        limits: LimitsInfo {
            text_bytes: 1_000,
            page_entries: 200,
            packet_bytes: 100_000,
            waiting_posts: 64,
            heads_every_ms: millis(HEADS_INTERVAL),
        },
        now: 0,
    })
}

#[test]
fn a_server_that_is_away_for_twenty_minutes_is_asked_rarely_and_never_given_up() {
    let minutes = |count: u64| count * 60_000;
    let mut session = in_step(0);
    let mut now = minutes(1);
    let mut attempts: Vec<u64> = Vec::new();
    while now < minutes(21) {
        let effects = session.step(now, Input::Closed { error: None });
        // As soon as it may, and refused at once: nobody asks more often.
        let wait = effects.iter().find_map(|effect| match effect {
            Effect::Connect { after_ms, .. } => Some(*after_ms),
            _ => None,
        });
        now += wait.expect("it never gives up");
        attempts.push(now);
    }
    let in_any = |window: u64| {
        let many = |from: &u64| {
            attempts
                .iter()
                .filter(|at| (*from..*from + window).contains(at))
                .count()
        };
        attempts.iter().map(many).max().unwrap()
    };
    assert!(in_any(1_000) <= 2, "two within the first second, and no more");
    assert!(in_any(10_000) < 10, "under one a second");
    assert!(attempts.len() <= 20 * 60 / 15 + 10, "{} attempts", attempts.len());
    // It is back: the next attempt succeeds.
    session.step(now, Input::Opened);
    let effects = session.step(now, Input::Event(hello()));
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Notify(ichat_client::session::Update::Hello(_))))
    );
}

#[test]
fn silence_is_noticed() {
    let mut session = in_step(0);
    let limit = u64::try_from(3 * HEADS_INTERVAL.as_millis()).unwrap();
    let noticed = (0..limit).step_by(100).find(|now| {
        let effects = session.step(*now, Input::Tick);
        effects.iter().any(|effect| matches!(effect, Effect::Close))
    });
    let heads = u64::try_from(HEADS_INTERVAL.as_millis()).unwrap();
    assert!(
        noticed.is_some_and(|at| at > 2 * heads),
        "{noticed:?}: one late sign of life is no silence"
    );
}
