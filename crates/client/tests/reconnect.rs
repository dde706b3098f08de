//! Reconnecting: after the machine was suspended, and while the server is away or silent.
//!
//! - the machine was suspended for ten minutes and the connection broke: the client catches up after waking
//! - the connection survived a short suspend: it is kept if the server answers the probe, and closed otherwise
//! - the server is away for twenty minutes: the client tries less and less often, and never gives up
//! - the server falls silent: the client closes the connection after two to three heads intervals

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

mod common;

use std::time::Duration;

use common::{User, name, start_server};
use ichat_client::session::{Effect, Input, PersistedState, Session, Update};
use ichat_protocol::limits::HEADS_INTERVAL;
use ichat_protocol::{DeviceId, Heads, Hello, LimitsInfo, MemberId, RoomId, ServerEvent, ServerId, ServerInfo};
use ichat_testkit::TestServer;
use ichat_testkit::proxy::Proxy;
use uuid::Uuid;

const SUSPEND: Duration = Duration::from_mins(10);
const MINUTE_MS: u64 = 60_000;

/// Alice connects through a proxy, Bob directly.
async fn alice_and_bob() -> (TestServer, Proxy, User, User) {
    let server = start_server().await;
    let proxy = Proxy::to(server.address).unwrap();
    let bob = User::online("Bob", &server).await;
    let mut alice = User::new("Alice");
    alice.joins(proxy.address()).await;
    (server, proxy, alice, bob)
}

#[tokio::test]
async fn a_client_catches_up_when_a_suspend_broke_the_connection() {
    let (_server, proxy, mut alice, bob) = alice_and_bob().await;
    proxy.become_black_hole();
    bob.says("while you slept").await;
    proxy.recover();
    alice.wakes_after(SUSPEND);
    alice.sees("while you slept").await;
}

#[test]
fn a_connection_is_kept_if_the_server_answers_the_probe_after_a_suspend() {
    let mut session = online_session(0);
    let mut closes = |now, input| session.step(now, input).contains(&Effect::Close);
    let heads = || Input::Event(ServerEvent::Heads(Heads { heads: [].into() }));
    // Without rooms there is nothing to request. The next `heads` is the answer, for which the server has 5 s and 3 s.
    assert!(!closes(2_000, Input::Nudge));
    assert!(!closes(9_000, heads()));
    assert!(!closes(20_000, Input::Tick), "the server answered");
    assert!(!closes(20_000, heads()));
    assert!(!closes(21_000, Input::Nudge));
    assert!(!closes(28_999, Input::Tick));
    assert!(closes(29_000, Input::Tick), "the server did not answer");
}

#[test]
fn a_client_tries_less_and_less_often_and_never_gives_up() {
    let mut session = online_session(0);
    let mut now = MINUTE_MS;
    let mut attempts: Vec<u64> = Vec::new();
    while now < 21 * MINUTE_MS {
        let effects = session.step(now, Input::Closed { error: None });
        // The shortest possible delay, and an attempt that fails at once: no client tries more often.
        let delay = effects.iter().find_map(connect_delay);
        now += delay.expect("the client gave up");
        attempts.push(now);
    }
    let most_within = |window: u64| {
        let following = |start: &u64| {
            let end = *start + window;
            attempts.iter().filter(|at| (*start..end).contains(at)).count()
        };
        attempts.iter().map(following).max().unwrap()
    };
    assert!(most_within(1_000) <= 2, "more than two attempts within a second");
    assert!(most_within(10_000) < 10, "more than one attempt per second");
    assert!(attempts.len() <= 20 * 60 / 15 + 10, "{} attempts", attempts.len());
    // The server is back: the next attempt succeeds.
    session.step(now, Input::Opened);
    let effects = session.step(now, Input::Event(hello()));
    let is_hello = |effect: &Effect| matches!(effect, Effect::Notify(Update::Hello(_)));
    assert!(effects.iter().any(is_hello), "{effects:?}");
}

#[test]
fn a_silent_server_is_given_up() {
    let heads_interval = u64::try_from(HEADS_INTERVAL.as_millis()).unwrap();
    let mut session = online_session(0);
    let closed_at = (0..3 * heads_interval).step_by(100).find(|now| {
        let effects = session.step(*now, Input::Tick);
        effects.contains(&Effect::Close)
    });
    assert!(
        closed_at.is_some_and(|at| at > 2 * heads_interval),
        "closed at {closed_at:?}: a single late event is no silence"
    );
}

fn connect_delay(effect: &Effect) -> Option<u64> {
    if let Effect::Connect { after_ms, .. } = effect {
        return Some(*after_ms);
    }
    None
}

fn online_session(now: u64) -> Session {
    let mut session = Session::new();
    session.step(now, Input::Start(PersistedState::default()));
    session.step(now, Input::Opened);
    session.step(now, Input::Event(hello()));
    session
}

fn hello() -> ServerEvent {
    ServerEvent::Hello(Box::new(Hello {
        server: ServerInfo {
            id: ServerId(Uuid::nil()),
            name: name("Office"),
            software: String::new(),
        },
        protocol: 1,
        me: MemberId::guest(Uuid::nil()),
        name: name("Alice"),
        device: DeviceId(Uuid::nil()),
        guest_secret: None,
        lobby: RoomId(Uuid::nil()),
        rooms: Vec::new(),
        more: false,
        limits: LimitsInfo::current(),
        now: 0,
    }))
}
