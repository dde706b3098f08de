//! Runs a session: feeds the state machine with inputs, and carries out its effects.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ichat_protocol::{ErrorCode, ServerId, WireError};
use ichat_store::{Store, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
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
/// The pause after a failed write, before the session restarts from what is on disk.
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
    (sender, messages): (mpsc::Sender<SessionMessage>, mpsc::Receiver<SessionMessage>),
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
    let mut driver = SessionDriver {
        state,
        server,
        stop,
        messages,
        sender,
        session: Session::new(),
        store: store.clone(),
        connection: None,
        last_connection_id: 0,
        attempt_started_ms: 0,
        connect_at: None,
        wake_at: None,
    };
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
    let report = || {
        let update = Update::Connection(ConnectionStatus::Refused { error: error.clone() });
        state.updates.send(ClientUpdate::Session { server, update })
    };
    // Fails only without a receiver, which would be the only one to need it.
    drop(report().await);
    while let Some(Some(message)) = stop.run_until_cancelled(messages.recv()).await {
        match message {
            SessionMessage::Command(_, reply) => drop(reply.send(Err(CommandError::Storage(error.message.clone())))),
            SessionMessage::Refresh => drop(report().await),
            SessionMessage::Nudge | SessionMessage::Connection(..) => {}
        }
    }
}

impl SessionDriver {
    /// Runs sessions one after the other. A new one starts after a failed write.
    async fn run(&mut self) {
        while !self.stop.is_cancelled() {
            let Err(error) = self.run_session().await else { return };
            // The session believes that its changes are saved. Only the disk knows which ones are.
            tracing::error!(%error, server = %self.server, "failed to write the replica");
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

    /// Runs a session until it is stopped or a write fails.
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
        let never = Instant::now() + Duration::from_hours(24);
        let stop = self.stop.clone();
        tokio::select! {
            biased;
            () = stop.cancelled() => return None,
            first = self.messages.recv() => self.receive(first?, &mut inputs, &mut replies),
            () = sleep_until(self.connect_at.unwrap_or(never)), if self.connect_at.is_some() => self.connect(),
            () = sleep_until(self.wake_at.unwrap_or(never)), if self.wake_at.is_some() => {
                self.wake_at = None;
                inputs.push(Input::Tick);
            }
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
            Effect::Close => match &self.connection {
                Some(connection) => connection.close(),
                None => return Ok(Some(Input::Closed { error: None })),
            },
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
        if let Update::Hello(hello) = &update {
            self.state.update_server(server, Some(hello.server.name.clone()), &[]);
        }
        let sending = self.state.updates.send(ClientUpdate::Session { server, update });
        // Fails only without a receiver, which would be the only one to need it.
        drop(self.stop.run_until_cancelled(sending).await);
    }
}

/// Returns a random time between the bounds, so that the clients of a restarted server do not reconnect all at once.
fn random_delay(after_ms: u64, before_ms: u64) -> u64 {
    let width = before_ms.saturating_sub(after_ms).saturating_add(1);
    getrandom::u64().map_or(before_ms, |random| after_ms + random % width)
}
