//! The driver of a session:
//!
//! - a server that stops regularly counts as one failed attempt
//! - rooms that change in one batch are listed once, and before their entries
//! - messages do not delay a timer
//! - who writes neither ends an attempt nor shortens the wait after a refusal
//! - an attempt that does not try a new address is replaced
//! - while the replica can't be read, commands are refused
//! - a session without a replica stops although its updates wait
//! - a room whose entries can't be saved is reset, and the rest of the replica is kept
//! - a damaged post in the outbox is reported once, and the rest goes on; also after a session that ended before that

use std::fs;

use ichat_protocol::{
    Body, Closing, ClosingReason, DeviceId, Entry, EntryId, Epoch, Head, Hello, LimitsInfo, MemberId, Name, Page,
    RoomId, RoomSummary, Seq, ServerEvent, ServerInfo,
};
use tempfile::TempDir;
use tokio::time::timeout;
use uuid::Uuid;

use super::refuse_all::refuse_all;
use super::*;
use crate::Clock;
use crate::profile::Identity;
use crate::session::{Change, Command, ConnectionStatus, OutboxItem, OutboxState, PersistedState};

/// Longer than anything takes on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(1);
const SERVER: ServerId = ServerId(Uuid::nil());

/// A driver that is not running, with the queue of its updates and the folder of its replica.
struct TestDriver {
    driver: SessionDriver,
    updates: mpsc::Receiver<ClientUpdate>,
    dir: TempDir,
}

async fn test_driver() -> TestDriver {
    let dir = tempfile::tempdir().unwrap();
    let (sender, updates) = mpsc::channel(100);
    let clock = Clock::new(|| Duration::from_secs(100));
    let state = ClientState::open(clock, dir.path(), |dir| Identity::open(dir, None), sender).unwrap();
    let store = Store::open(&dir.path().join("replica")).await.unwrap();
    let (sender, messages) = mpsc::channel(100);
    let driver = SessionDriver::new(
        Arc::new(state),
        SERVER,
        store,
        sender,
        messages,
        CancellationToken::new(),
    );
    TestDriver { driver, updates, dir }
}

#[tokio::test]
async fn a_regular_stop_of_the_server_is_one_failed_attempt() {
    let TestDriver {
        mut driver,
        mut updates,
        dir: _dir,
    } = test_driver().await;
    let start = Input::Start(replica::load(&driver.store).await.unwrap().state);
    driver.process(vec![start], Vec::new()).await.unwrap();
    driver.connect();
    let events = [
        ConnectionEvent::Socket(SocketEvent::Opened),
        ConnectionEvent::Socket(SocketEvent::Received(hello(), BytePermit::default())),
        ConnectionEvent::Socket(SocketEvent::Received(closing(), BytePermit::default())),
        ConnectionEvent::Closed { error: None },
    ];
    let (mut inputs, mut replies) = (Vec::new(), Vec::new());
    for event in events {
        let message = SessionMessage::Connection(driver.last_connection_id, event);
        driver.receive(message, &mut inputs, &mut replies);
    }
    driver.process(inputs, replies).await.unwrap();
    let mut attempts = Vec::new();
    while let Ok(update) = updates.try_recv() {
        if let ClientUpdate::Session {
            update: Update::Connection(ConnectionStatus::Reconnecting { attempts: failed, .. }),
            ..
        } = update
        {
            attempts.push(failed);
        }
    }
    assert_eq!(attempts.last(), Some(&1), "{attempts:?}");
}

#[tokio::test]
async fn rooms_of_one_batch_are_listed_once_and_before_their_entries() {
    let TestDriver {
        mut driver,
        mut updates,
        dir: _dir,
    } = test_driver().await;
    let start = Input::Start(replica::load(&driver.store).await.unwrap().state);
    let online = vec![start, Input::Opened, Input::Event(hello())];
    driver.process(online, Vec::new()).await.unwrap();
    while updates.try_recv().is_ok() {}
    let rooms: Vec<_> = (1..=20).map(room_summary).collect();
    let head = rooms[0].head;
    let mut inputs: Vec<_> = rooms
        .iter()
        .cloned()
        .map(|room| Input::Event(ServerEvent::Room(room)))
        .collect();
    inputs.push(Input::Event(ServerEvent::Page(Page {
        room: rooms[0].id,
        head,
        entries: Vec::new(),
        later: Vec::new(),
    })));
    driver.process(inputs, Vec::new()).await.unwrap();
    let mut shown = Vec::new();
    while let Ok(ClientUpdate::Session { update, .. }) = updates.try_recv() {
        if let Update::Rooms { rooms, .. } = update {
            shown.push(("rooms", rooms.len()));
        } else if let Update::Entries { entries, .. } = update {
            shown.push(("entries", entries.len()));
        }
    }
    assert_eq!(shown, [("rooms", 20), ("entries", 0)]);
}

#[tokio::test]
async fn messages_do_not_delay_a_timer() {
    let TestDriver { mut driver, .. } = test_driver().await;
    driver.sender.try_send(SessionMessage::Nudge).unwrap();
    driver.wake_at = Instant::now().checked_sub(Duration::from_secs(1));
    let (inputs, _) = driver.next_inputs().await.unwrap();
    assert!(inputs.contains(&Input::Tick), "{inputs:?}");
}

#[tokio::test]
async fn who_writes_neither_ends_an_attempt_nor_shortens_the_wait_after_a_refusal() {
    let TestDriver {
        mut driver,
        updates: _updates,
        dir: _dir,
    } = test_driver().await;
    let closed = |driver: &SessionDriver, error| {
        SessionMessage::Connection(driver.last_connection_id, ConnectionEvent::Closed { error })
    };
    let start = Input::Start(PersistedState::default());
    driver.process(vec![start], Vec::new()).await.unwrap();
    driver.connect();
    assert_eq!(attempt_after(&mut driver, SessionMessage::Hurry).await, None);
    let refused = closed(&driver, Some(WireError::new(ErrorCode::Busy, "The server is full.")));
    let next = attempt_after(&mut driver, refused).await;
    assert!(next > Some(Instant::now()));
    assert_eq!(attempt_after(&mut driver, SessionMessage::Hurry).await, next);
    driver.connect();
    let unreachable = closed(&driver, None);
    attempt_after(&mut driver, unreachable).await;
    assert!(attempt_after(&mut driver, SessionMessage::Hurry).await <= Some(Instant::now()));
}

#[tokio::test]
async fn an_attempt_that_does_not_try_a_new_address_is_replaced() {
    let TestDriver {
        mut driver, dir: _dir, ..
    } = test_driver().await;
    let [old, new] = [1, 2].map(|port| Address::new([127, 0, 0, 1].into(), port).unwrap());
    let name = Name::parse("Office").unwrap();
    driver.state.add_server(SERVER, name, old, &[]).unwrap();
    driver.connect();
    driver.schedule_connect(0, 0);
    assert!(driver.connection.is_some(), "it tries all addresses");
    driver.state.set_announced(SERVER, &[new]);
    driver.schedule_connect(0, 0);
    assert!(driver.connection.is_none() && driver.connect_at.is_some());
}

#[tokio::test]
async fn commands_are_refused_while_the_replica_cannot_be_read() {
    let TestDriver {
        mut driver,
        updates: _updates,
        dir: _dir,
    } = test_driver().await;
    driver.store.close().await;
    let (reply, refused) = oneshot::channel();
    let command = SessionMessage::Command(
        Command::Browse {
            query: None,
            after: None,
        },
        reply,
    );
    driver.sender.try_send(command).unwrap();
    let stop = driver.stop.clone();
    let running = tokio::spawn(async move { driver.run().await });
    let refused = timeout(TIMEOUT, refused).await.unwrap().unwrap();
    assert!(matches!(refused, Err(CommandError::Storage(_))), "{refused:?}");
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_session_without_a_replica_stops_while_its_updates_wait() {
    let dir = tempfile::tempdir().unwrap();
    let (sender, _updates) = mpsc::channel(1);
    let state = ClientState::open(Clock::system(), dir.path(), |dir| Identity::open(dir, None), sender).unwrap();
    state.updates.try_send(ClientUpdate::Servers(Vec::new())).unwrap();
    let error = WireError::new(ErrorCode::Storage, "The disk is full.");
    let (_sender, messages) = mpsc::channel(1);
    let stop = CancellationToken::new();
    stop.cancel();
    let refusing = refuse_all(&state, SERVER, &error, messages, &stop);
    timeout(Duration::from_secs(1), refusing).await.unwrap();
}

#[tokio::test]
async fn a_room_whose_entries_cannot_be_saved_is_reset() {
    let TestDriver { driver, dir: _dir, .. } = test_driver().await;
    let epoch = Epoch::fresh();
    let entry = |seq| Entry {
        seq: Seq(seq),
        id: EntryId::fresh(),
        author: MemberId::guest(Uuid::nil()),
        device: DeviceId(Uuid::nil()),
        at: 1_000,
        body: Body::Left,
    };
    let [office, lunch] = [1, 2].map(|number| RoomId(Uuid::from_u128(number)));
    let save = async |room, seq| {
        let entries = vec![entry(seq)];
        let effect = Effect::Save(Change::Entries { room, epoch, entries });
        driver.save(&[effect]).await
    };
    for room in [office, lunch] {
        save(room, 1).await.unwrap();
    }
    let beyond_a_gap = save(office, 3).await;
    assert!(
        matches!(beyond_a_gap, Err(StoreError::OutOfSync(_))),
        "{beyond_a_gap:?}"
    );
    let stored = async |room| {
        driver
            .store
            .page(room, None, None, 10)
            .await
            .unwrap()
            .unwrap()
            .entries
            .len()
    };
    assert_eq!((stored(office).await, stored(lunch).await), (0, 1));
}

#[tokio::test]
async fn a_damaged_post_is_reported_once() {
    let (mut driver, mut updates, _dir) = driver_with_a_damaged_post().await;
    let first = run_until_started(&mut driver, &mut updates).await;
    assert_eq!(first, Started { reports: 1, posts: 1 });
    let second = run_until_started(&mut driver, &mut updates).await;
    assert_eq!(second, Started { reports: 0, posts: 1 });
}

#[tokio::test]
async fn a_damaged_post_is_reported_again_after_a_session_that_ended_before_it_was() {
    let (mut driver, mut updates, _dir) = driver_with_a_damaged_post().await;
    driver.stop.cancel();
    driver.run_session().await.unwrap();
    let next = run_until_started(&mut driver, &mut updates).await;
    assert_eq!(next, Started { reports: 1, posts: 1 });
}

fn closing() -> ServerEvent {
    ServerEvent::Closing(Closing {
        message: "The server is restarting.".into(),
        reason: ClosingReason::Shutdown,
    })
}

fn hello() -> ServerEvent {
    ServerEvent::Hello(Box::new(Hello {
        server: ServerInfo {
            id: SERVER,
            name: Name::parse("Office").unwrap(),
            software: String::new(),
        },
        protocol: 1,
        me: MemberId::guest(Uuid::nil()),
        name: Name::parse("Alice").unwrap(),
        device: DeviceId(Uuid::nil()),
        guest_secret: None,
        lobby: RoomId(Uuid::nil()),
        rooms: Vec::new(),
        more: false,
        limits: LimitsInfo::current(),
        now: 0,
    }))
}

fn room_summary(number: u128) -> RoomSummary {
    RoomSummary {
        id: RoomId(Uuid::from_u128(number)),
        name: Name::parse(&format!("Room {number}")).unwrap(),
        topic: String::new(),
        members: 1,
        head: Head {
            epoch: Epoch(Uuid::nil()),
            seq: Seq(0),
        },
        joined: true,
        read: Seq(0),
        unread: 0,
    }
}

/// The updates of a session's start: the number of errors, and of the posts that wait.
#[derive(Debug, PartialEq)]
struct Started {
    reports: usize,
    posts: usize,
}

/// Runs a session until it shows its outbox, and stops it.
async fn run_until_started(driver: &mut SessionDriver, updates: &mut mpsc::Receiver<ClientUpdate>) -> Started {
    driver.stop = CancellationToken::new();
    let stop = driver.stop.clone();
    let started = async {
        let mut reports = 0;
        loop {
            let Some(ClientUpdate::Session { update, .. }) = updates.recv().await else {
                continue;
            };
            if let Update::Refused { .. } = update {
                reports += 1;
            } else if let Update::Outbox { items, .. } = update {
                stop.cancel();
                return Started {
                    reports,
                    posts: items.len(),
                };
            }
        }
    };
    let (ran, started) = tokio::join!(driver.run_session(), started);
    ran.unwrap();
    started
}

/// Returns a driver whose outbox has a post that is damaged on the disk, and a sound one.
async fn driver_with_a_damaged_post() -> (SessionDriver, mpsc::Receiver<ClientUpdate>, TempDir) {
    let TestDriver { driver, updates, dir } = test_driver().await;
    let save = |text: &str| {
        Effect::Save(Change::Outbox(OutboxItem {
            id: EntryId::fresh(),
            room: RoomId(Uuid::nil()),
            body: Body::Message {
                text: text.into(),
                reply_to: None,
                mentions: Vec::new(),
            },
            written: 1,
            state: OutboxState::Sending,
            sent: false,
        }))
    };
    driver.save(&[save("is lost"), save("is there")]).await.unwrap();
    let SessionDriver {
        state,
        store,
        sender,
        messages,
        stop,
        ..
    } = driver;
    store.close().await;
    let file = dir.path().join("replica/ichat.db");
    let mut bytes = fs::read(&file).unwrap();
    let position = bytes.windows(9).position(|found| found == b"\"is lost\"").unwrap();
    bytes[position] = b'!';
    fs::write(&file, bytes).unwrap();
    let store = Store::open(&dir.path().join("replica")).await.unwrap();
    let driver = SessionDriver::new(state, SERVER, store, sender, messages, stop);
    (driver, updates, dir)
}

/// Processes a message, and returns the time of the next attempt.
async fn attempt_after(driver: &mut SessionDriver, message: SessionMessage) -> Option<Instant> {
    let (mut inputs, mut replies) = (Vec::new(), Vec::new());
    driver.receive(message, &mut inputs, &mut replies);
    driver.process(inputs, replies).await.unwrap();
    driver.connect_at
}
