//! Runs a session: feeds the state machine with inputs, and carries out its effects.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ichat_protocol::{ErrorCode, ServerId, WireError};
use ichat_store::{Store, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::connection::{ConnectParams, Connection};
use crate::error::CommandError;
use crate::message::{ConnectionEvent, SessionMessage};
use crate::replica;
use crate::session::{ConnectionStatus, Effect, Input, LogRange, Session, Update};
use crate::socket::SocketEvent;
use crate::state::ClientState;
use crate::updates::ClientUpdate;

/// The number of inputs that are processed together. Their changes are saved in one transaction.
const INPUT_BATCH: usize = 256;
/// The pause after a storage error, before the session restarts from what is on disk.
const STORAGE_RETRY_DELAY: Duration = Duration::from_secs(5);
/// A nudge replaces an attempt that is older than this: its packets may have been lost while the machine was suspended.
const STALE_ATTEMPT_MS: u64 = 2_000;

type Replies = Vec<oneshot::Sender<Result<(), CommandError>>>;

/// A session with its replica and its connection.
pub(crate) struct SessionDriver {
    state: Arc<ClientState>,
    server: ServerId,
    stop: CancellationToken,
    messages: mpsc::Receiver<SessionMessage>,
    /// The sender for `messages`, for connections.
    sender: mpsc::Sender<SessionMessage>,
    session: Session,
    store: Store,
    connection: Option<Connection>,
    last_connection_id: u64,
    attempt_started_ms: u64,
    connect_at: Option<Instant>,
    wake_at: Option<Instant>,
}

/// Opens the replica in `dir` and runs the session until `stop` is cancelled.
pub(crate) async fn run(
    state: Arc<ClientState>,
    server: ServerId,
    dir: PathBuf,
    sender: mpsc::Sender<SessionMessage>,
    messages: mpsc::Receiver<SessionMessage>,
    stop: CancellationToken,
) {
    let store = match Store::open(&dir).await {
        Ok(store) => store,
        Err(error) => {
            tracing::error!(%error, %server, "failed to open the replica");
            let error = WireError::new(ErrorCode::Storage, error.to_string());
            return refuse_all(&state, server, &error, messages, &stop).await;
        }
    };
    let mut driver = SessionDriver::new(state, server, store.clone(), sender, messages, stop);
    driver.run().await;
    drop(driver);
    store.close().await;
}

/// Replaces a session whose replica can't be opened: reports a refused connection and refuses every command.
async fn refuse_all(
    state: &ClientState,
    server: ServerId,
    error: &WireError,
    mut messages: mpsc::Receiver<SessionMessage>,
    stop: &CancellationToken,
) {
    let report = async || {
        let update = Update::Connection(ConnectionStatus::Refused { error: error.clone() });
        let sending = state.updates.send(ClientUpdate::Session { server, update });
        // Fails only without a receiver, which would be the only one to need it.
        drop(stop.run_until_cancelled(sending).await);
    };
    report().await;
    while let Some(Some(message)) = stop.run_until_cancelled(messages.recv()).await {
        match message {
            SessionMessage::Command(_, reply) => drop(reply.send(Err(CommandError::Storage(error.message.clone())))),
            SessionMessage::Refresh => report().await,
            SessionMessage::Nudge | SessionMessage::Connection(..) => {}
        }
    }
}

impl SessionDriver {
    fn new(
        state: Arc<ClientState>,
        server: ServerId,
        store: Store,
        sender: mpsc::Sender<SessionMessage>,
        messages: mpsc::Receiver<SessionMessage>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            state,
            server,
            stop,
            messages,
            sender,
            session: Session::new(),
            store,
            connection: None,
            last_connection_id: 0,
            attempt_started_ms: 0,
            connect_at: None,
            wake_at: None,
        }
    }

    /// Runs sessions one after the other. A new one starts after a storage error.
    async fn run(&mut self) {
        while !self.stop.is_cancelled() {
            let Err(error) = self.run_session().await else { return };
            // The session believes that its changes are saved. Only the disk knows which ones are.
            tracing::error!(%error, server = %self.server, "the replica failed; the session restarts from what is on disk");
            self.connection = None;
            self.notify(Update::Refused {
                event: "save".into(),
                room: None,
                error: WireError::new(ErrorCode::Storage, error.to_string()),
            })
            .await;
            let delay = tokio::time::sleep(STORAGE_RETRY_DELAY);
            self.stop.run_until_cancelled(delay).await;
        }
    }

    /// Runs a session until it is stopped or the replica fails.
    async fn run_session(&mut self) -> Result<(), StoreError> {
        self.session = Session::new();
        (self.connect_at, self.wake_at) = (None, None);
        let persisted = replica::load(&self.store).await?;
        self.process(vec![Input::Start(persisted)], Vec::new()).await?;
        while let Some((inputs, replies)) = self.next_inputs().await {
            self.process(inputs, replies).await?;
        }
        Ok(())
    }

    /// Waits for inputs. Returns `None` when the session is stopped.
    async fn next_inputs(&mut self) -> Option<(Vec<Input>, Replies)> {
        let (mut inputs, mut replies) = (Vec::new(), Vec::new());
        // Biased, so that a flood of messages delays neither the stop nor the timers.
        tokio::select! {
            biased;
            () = self.stop.cancelled() => return None,
            () = sleep_until(self.connect_at) => self.connect(),
            () = sleep_until(self.wake_at) => {
                self.wake_at = None;
                inputs.push(Input::Tick);
            }
            first = self.messages.recv() => self.receive(first?, &mut inputs, &mut replies),
        }
        while inputs.len() < INPUT_BATCH {
            let Ok(message) = self.messages.try_recv() else { break };
            self.receive(message, &mut inputs, &mut replies);
        }
        Some((inputs, replies))
    }

    fn receive(&mut self, message: SessionMessage, inputs: &mut Vec<Input>, replies: &mut Replies) {
        match message {
            SessionMessage::Command(command, reply) => {
                replies.push(reply);
                inputs.push(Input::Command(command));
            }
            SessionMessage::Refresh => inputs.push(Input::Refresh),
            SessionMessage::Nudge => inputs.push(Input::Nudge),
            SessionMessage::Connection(id, event) => {
                let is_current = self.connection.as_ref().is_some_and(|current| current.id == id);
                if is_current {
                    inputs.extend(self.receive_connection_event(event));
                }
            }
        }
    }

    fn receive_connection_event(&mut self, event: ConnectionEvent) -> Option<Input> {
        match event {
            ConnectionEvent::ServerFound(address, name) => {
                self.state.update_server(self.server, Some(name), &[address]);
                None
            }
            ConnectionEvent::Socket(SocketEvent::Opened) => Some(Input::Opened),
            ConnectionEvent::Socket(SocketEvent::Received(event)) => Some(Input::Event(event)),
            ConnectionEvent::Closed { error } => {
                self.connection = None;
                Some(Input::Closed { error })
            }
        }
    }

    /// Steps the session and carries out the effects. All changes are saved first, in one transaction: saving earlier than
    /// requested is always safe. Effects can lead to further inputs, which are processed as well.
    async fn process(&mut self, inputs: Vec<Input>, replies: Replies) -> Result<(), StoreError> {
        let mut inputs = VecDeque::from(inputs);
        let mut replies = Some(replies);
        while !inputs.is_empty() {
            let now = self.state.clock.now_ms();
            let stepped = inputs.drain(..).flat_map(|input| self.session.step(now, input));
            let effects: Vec<Effect> = stepped.collect();
            let saved = self.save(&effects).await;
            for reply in replies.take().into_iter().flatten() {
                // The caller may have stopped waiting.
                drop(reply.send(saved.as_ref().copied().map_err(CommandError::from)));
            }
            saved?;
            for effect in effects {
                inputs.extend(self.perform(effect).await?);
            }
        }
        Ok(())
    }

    async fn save(&self, effects: &[Effect]) -> Result<(), StoreError> {
        let mut changes = Vec::new();
        for effect in effects {
            if let Effect::Save(change) = effect {
                changes.push(replica::to_store(change.clone()));
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        self.store.save(changes).await
    }

    async fn perform(&mut self, effect: Effect) -> Result<Option<Input>, StoreError> {
        match effect {
            Effect::Connect { after_ms, before_ms } => self.schedule_connect(after_ms, before_ms),
            Effect::Close => {
                // Without a connection, its `Closed` was an input of the same batch.
                if let Some(connection) = &self.connection {
                    connection.close();
                }
            }
            Effect::Emit(event) => {
                if let Some(connection) = &self.connection {
                    connection.send(event);
                }
            }
            // Done by `save`.
            Effect::Save(_) => {}
            Effect::Load { room, range } => {
                let LogRange { before, after, limit } = range;
                let page = self.store.page(room, before, after, limit).await?;
                let (entries, later) = page.map(|page| (page.entries, page.later)).unwrap_or_default();
                return Ok(Some(Input::Loaded {
                    room,
                    range,
                    entries,
                    later,
                }));
            }
            Effect::Notify(update) => self.notify(update).await,
            Effect::Wake { after_ms } => self.wake_at = Some(Instant::now() + Duration::from_millis(after_ms)),
        }
        Ok(None)
    }

    fn schedule_connect(&mut self, after_ms: u64, before_ms: u64) {
        let Some(connection) = &self.connection else {
            let delay = random_delay(after_ms, before_ms);
            self.connect_at = Some(Instant::now() + Duration::from_millis(delay));
            return;
        };
        let age = self.state.clock.now_ms().saturating_sub(self.attempt_started_ms);
        // Only a nudge connects without a delay while an attempt is running.
        if before_ms == 0 && age > STALE_ATTEMPT_MS {
            connection.close();
        }
    }

    fn connect(&mut self) {
        self.connect_at = None;
        self.attempt_started_ms = self.state.clock.now_ms();
        self.last_connection_id += 1;
        let params = ConnectParams {
            prober: self.state.prober.clone(),
            server: self.server,
            addresses: self.state.addresses(self.server),
            identity: self.state.identity(),
        };
        self.connection = Some(Connection::start(self.last_connection_id, params, self.sender.clone()));
    }

    async fn notify(&self, update: Update) {
        let server = self.server;
        let sending = self.state.updates.send(ClientUpdate::Session { server, update });
        // Fails only without a receiver, which would be the only one to need it.
        drop(self.stop.run_until_cancelled(sending).await);
    }
}

/// Waits until the deadline, or forever if there is none.
async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Returns a random time between the bounds, so that the clients of a restarted server do not reconnect all at once.
fn random_delay(after_ms: u64, before_ms: u64) -> u64 {
    let width = before_ms.saturating_sub(after_ms).saturating_add(1);
    getrandom::u64().map_or(before_ms, |random| after_ms + random % width)
}

#[cfg(test)]
mod tests {
    use ichat_protocol::{Closing, DeviceId, Hello, LimitsInfo, MemberId, Name, RoomId, ServerEvent, ServerInfo};
    use tempfile::TempDir;
    use tokio::time::timeout;
    use uuid::Uuid;

    use super::*;
    use crate::Clock;

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
        let state = ClientState::open(Clock::system(), dir.path(), None, sender).unwrap();
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
        let start = Input::Start(replica::load(&driver.store).await.unwrap());
        driver.process(vec![start], Vec::new()).await.unwrap();
        driver.connect();
        let events = [
            ConnectionEvent::Socket(SocketEvent::Opened),
            ConnectionEvent::Socket(SocketEvent::Received(hello())),
            ConnectionEvent::Socket(SocketEvent::Received(closing())),
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
    async fn messages_do_not_delay_a_timer() {
        let TestDriver { mut driver, .. } = test_driver().await;
        driver.sender.try_send(SessionMessage::Nudge).unwrap();
        driver.wake_at = Instant::now().checked_sub(Duration::from_secs(1));
        let (inputs, _) = driver.next_inputs().await.unwrap();
        assert!(inputs.contains(&Input::Tick), "{inputs:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_without_a_replica_stops_while_its_updates_wait() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, _updates) = mpsc::channel(1);
        let state = ClientState::open(Clock::system(), dir.path(), None, sender).unwrap();
        state.updates.try_send(ClientUpdate::Servers(Vec::new())).unwrap();
        let error = WireError::new(ErrorCode::Storage, "The disk is full.");
        let (_sender, messages) = mpsc::channel(1);
        let stop = CancellationToken::new();
        stop.cancel();
        let refusing = refuse_all(&state, SERVER, &error, messages, &stop);
        timeout(Duration::from_secs(1), refusing).await.unwrap();
    }

    fn closing() -> ServerEvent {
        ServerEvent::Closing(Closing {
            message: "The server is restarting.".into(),
        })
    }

    fn hello() -> ServerEvent {
        ServerEvent::Hello(Hello {
            server: ServerInfo {
                id: SERVER,
                name: Name::parse("Office").unwrap(),
                software: String::new(),
            },
            protocol: 1,
            me: MemberId::guest(Uuid::nil()),
            name: Name::parse("Alice").unwrap(),
            device: DeviceId(Uuid::nil()),
            lobby: RoomId(Uuid::nil()),
            rooms: Vec::new(),
            limits: LimitsInfo::current(),
            now: 0,
        })
    }
}
