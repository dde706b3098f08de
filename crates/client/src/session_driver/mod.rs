//! Runs a session: feeds the state machine with inputs, and carries out its effects.

mod refuse_all;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ichat_protocol::{ErrorCode, ServerId, WireError};
use ichat_store::{Store, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::refuse_all::refuse_all;
use crate::Address;
use crate::connection::{ConnectParams, Connection};
use crate::error::CommandError;
use crate::message::{ConnectionEvent, SessionMessage};
use crate::replica::{self, LoadedReplica};
use crate::session::{Effect, Input, Session, Update};
use crate::socket::{BytePermit, SocketEvent};
use crate::state::ClientState;
use crate::updates::ClientUpdate;

/// The number of inputs that are processed together. Their changes are saved in one transaction.
const INPUT_BATCH: usize = 256;
/// The pause after a storage error, before the session restarts from what is on disk.
const STORAGE_RETRY_DELAY: Duration = Duration::from_secs(5);
/// An attempt that is older than this may have lost its packets while the machine was suspended.
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
    /// The addresses that the last attempt tries.
    attempt_addresses: Vec<Address>,
    connect_at: Option<Instant>,
    wake_at: Option<Instant>,
    /// The permits of the events that are being processed. Until they are, the connection reads no more than its bound.
    permits: Vec<BytePermit>,
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
            attempt_addresses: Vec::new(),
            connect_at: None,
            wake_at: None,
            permits: Vec::new(),
        }
    }

    /// Runs sessions one after the other. A new one starts after a storage error.
    async fn run(&mut self) {
        while !self.stop.is_cancelled() {
            let Err(error) = self.run_session().await else { return };
            // The session believes that its changes are saved. Only the disk knows which ones are.
            tracing::error!(%error, server = %self.server, "the replica failed; the session restarts from what is on disk");
            self.connection = None;
            self.notify_storage_error(error.to_string()).await;
            self.refuse_commands(&error, STORAGE_RETRY_DELAY).await;
        }
    }

    /// Refuses every command for a while, since a command that waits for a replica may wait forever. Other messages are
    /// dropped: the next session connects and reports everything by itself.
    async fn refuse_commands(&mut self, error: &StoreError, duration: Duration) {
        let end = Instant::now() + duration;
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep_until(end) => return,
                message = self.messages.recv() => if let Some(SessionMessage::Command(_, reply)) = message {
                    // The caller may have stopped waiting.
                    drop(reply.send(Err(CommandError::from(error))));
                },
            }
        }
    }

    /// Runs a session until it is stopped or the replica fails.
    async fn run_session(&mut self) -> Result<(), StoreError> {
        self.session = Session::new();
        (self.connect_at, self.wake_at) = (None, None);
        let LoadedReplica { state, lost_posts } = replica::load(&self.store).await?;
        if !lost_posts.is_empty() {
            self.report_lost_posts(lost_posts).await;
        }
        self.process(vec![Input::Start(state)], Vec::new()).await?;
        while let Some((inputs, replies)) = self.next_inputs().await {
            self.process(inputs, replies).await?;
        }
        Ok(())
    }

    /// Informs the user about lost posts, and then removes what is left of them. A session that ends in between reports them
    /// again when it starts the next time.
    async fn report_lost_posts(&self, rows: Vec<i64>) {
        self.notify_storage_error(lost_posts_message(rows.len())).await;
        if self.stop.is_cancelled() {
            return;
        }
        if let Err(error) = replica::remove_lost_posts(&self.store, rows).await {
            tracing::error!(%error, server = %self.server, "failed to remove what is left of lost posts");
        }
    }

    /// Waits for inputs. Returns `None` when the session is stopped.
    async fn next_inputs(&mut self) -> Option<(Vec<Input>, Replies)> {
        let (mut inputs, mut replies) = (Vec::new(), Vec::new());
        self.permits.clear();
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
            SessionMessage::Reconnect => inputs.push(Input::Reconnect),
            SessionMessage::Hurry if self.connection.is_none() => inputs.push(Input::Nudge),
            SessionMessage::Hurry => {}
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
                self.state.set_found(self.server, name, address);
                None
            }
            ConnectionEvent::Socket(SocketEvent::Opened) => Some(Input::Opened),
            ConnectionEvent::Socket(SocketEvent::Received(event, permit)) => {
                self.permits.push(permit);
                Some(Input::Event(event))
            }
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
            let mut effects = Vec::new();
            while let Some(input) = inputs.pop_front() {
                effects.extend(self.session.step_of_batch(now, input, !inputs.is_empty()));
            }
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
        let changes = effects.iter().filter_map(|effect| {
            let Effect::Save(change) = effect else {
                return None;
            };
            Some(change.clone())
        });
        replica::save(&self.store, changes.collect()).await
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
                return Ok(Some(replica::load_range(&self.store, room, range).await?));
            }
            Effect::Notify(update) => self.notify(update).await,
            Effect::Wake { after_ms } => self.wake_at = Some(Instant::now() + Duration::from_millis(after_ms)),
        }
        Ok(None)
    }

    fn schedule_connect(&mut self, after_ms: u64, before_ms: u64) {
        // Only a nudge connects without a delay while an attempt is running.
        if before_ms == 0 && self.is_attempt_stale() {
            self.connection = None;
        }
        if self.connection.is_none() {
            let delay = random_delay(after_ms, before_ms);
            self.connect_at = Some(Instant::now() + Duration::from_millis(delay));
        }
    }

    /// Returns whether a new attempt may succeed where the last one may not.
    fn is_attempt_stale(&self) -> bool {
        let age = self.state.clock.now_ms().saturating_sub(self.attempt_started_ms);
        let has_new_address = || {
            let addresses = self.state.addresses(self.server);
            addresses
                .iter()
                .any(|address| !self.attempt_addresses.contains(address))
        };
        age > STALE_ATTEMPT_MS || has_new_address()
    }

    fn connect(&mut self) {
        self.connect_at = None;
        self.attempt_started_ms = self.state.clock.now_ms();
        self.attempt_addresses = self.state.addresses(self.server);
        self.last_connection_id += 1;
        let params = ConnectParams {
            prober: self.state.prober.clone(),
            server: self.server,
            addresses: self.attempt_addresses.clone(),
            identity: self.state.identity(),
        };
        self.connection = Some(Connection::start(self.last_connection_id, params, self.sender.clone()));
    }

    async fn notify_storage_error(&self, message: String) {
        self.notify(Update::Refused {
            event: "save".into(),
            room: None,
            id: None,
            error: WireError::new(ErrorCode::Storage, message),
        })
        .await;
    }

    async fn notify(&self, update: Update) {
        let server = self.server;
        let sending = self.state.updates.send(ClientUpdate::Session { server, update });
        // Fails only without a receiver, which would be the only one to need it.
        drop(self.stop.run_until_cancelled(sending).await);
    }
}

fn lost_posts_message(count: usize) -> String {
    match count {
        1 => "A message that waited to be sent is damaged on this disk, and lost.".into(),
        count => format!("{count} messages that waited to be sent are damaged on this disk, and lost."),
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
