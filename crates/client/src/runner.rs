//! Runs one session: brings its inputs together, and does what it wants done.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ichat_protocol::{ErrorCode, ServerId, WireError};
use ichat_store::{Store, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::error::CommandError;
use crate::inbox::{Inbox, News};
use crate::line::{Dial, Line};
use crate::replica;
use crate::session::{Change, ConnectionStatus, Effect, Input, LogRange, Session, Update};
use crate::shared::Shared;
use crate::socket::Heard;
use crate::updates::ClientUpdate;

/// How much of what waits is taken at once: its changes become one transaction.
const AT_ONCE: usize = 256;
/// How long to wait after the disk took nothing, before starting anew from what it holds.
const DISK_PAUSE: Duration = Duration::from_secs(5);

/// An attempt that takes longer may wait for what will never come.
const OLD_MS: u64 = 2_000;

type Waiting = Vec<oneshot::Sender<Result<(), CommandError>>>;

/// One session with its store and its line.
pub(crate) struct Runner {
    shared: Arc<Shared>,
    server: ServerId,
    stop: CancellationToken,
    inbox: mpsc::Receiver<Inbox>,
    outside: mpsc::Sender<Inbox>,
    machine: Session,
    store: Store,
    line: Option<Line>,
    lines: u64,
    /// When the last attempt began.
    dialled: u64,
    connect_at: Option<Instant>,
    wake_at: Option<Instant>,
}

/// Opens the store and runs the session until it is stopped. A store that can't be opened is told as a refused connection.
pub(crate) async fn run(
    shared: Arc<Shared>,
    server: ServerId,
    dir: PathBuf,
    (outside, inbox): (mpsc::Sender<Inbox>, mpsc::Receiver<Inbox>),
    stop: CancellationToken,
) {
    let store = match Store::open(&dir).await {
        Ok(store) => store,
        Err(error) => {
            tracing::error!(%error, "a server's history did not open");
            let error = WireError::new(ErrorCode::Storage, error.to_string());
            return refuse_all(&shared, server, &error, inbox, &stop).await;
        }
    };
    let mut runner = Runner {
        shared,
        server,
        inbox,
        outside,
        machine: Session::new(),
        store: store.clone(),
        line: None,
        lines: 0,
        dialled: 0,
        connect_at: None,
        wake_at: None,
        stop,
    };
    runner.live().await;
    drop(runner);
    store.close().await;
}

/// Without a store there is no session, but whoever asks is answered.
async fn refuse_all(
    shared: &Shared,
    server: ServerId,
    error: &WireError,
    mut inbox: mpsc::Receiver<Inbox>,
    stop: &CancellationToken,
) {
    let tell = || {
        let update = Update::Connection(ConnectionStatus::Refused { error: error.clone() });
        shared.updates.send(ClientUpdate::Session { server, update })
    };
    // Nobody listens: then nobody misses it.
    drop(tell().await);
    while let Some(Some(asked)) = stop.run_until_cancelled(inbox.recv()).await {
        match asked {
            Inbox::Command(_, answer) => drop(answer.send(Err(CommandError::Storage(error.message.clone())))),
            Inbox::Refresh => drop(tell().await),
            Inbox::Nudge | Inbox::Line(..) => {}
        }
    }
}

impl Runner {
    async fn live(&mut self) {
        while !self.stop.is_cancelled() {
            if let Err(error) = self.session().await {
                // What the machine believes to be saved is not: only the disk knows what holds.
                tracing::error!(%error, server = %self.server, "the history could not be written");
                self.line = None;
                self.tell(Update::Refused {
                    event: "save".into(),
                    room: None,
                    error: WireError::new(ErrorCode::Storage, error.to_string()),
                })
                .await;
                let pause = tokio::time::sleep(DISK_PAUSE);
                self.stop.run_until_cancelled(pause).await;
            }
        }
    }

    /// One life of the machine: until it is stopped, or the disk fails.
    async fn session(&mut self) -> Result<(), StoreError> {
        self.machine = Session::new();
        (self.connect_at, self.wake_at) = (None, None);
        let restored = replica::restored(&self.store).await?;
        self.step(vec![Input::Start(restored)], Vec::new()).await?;
        while let Some((inputs, waiting)) = self.next().await {
            self.step(inputs, waiting).await?;
        }
        Ok(())
    }

    /// What happens next, and what has happened by then; nothing once it is stopped.
    async fn next(&mut self) -> Option<(Vec<Input>, Waiting)> {
        let (mut inputs, mut waiting) = (Vec::new(), Vec::new());
        let never = Instant::now() + Duration::from_hours(24);
        let stop = self.stop.clone();
        tokio::select! {
            biased;
            () = stop.cancelled() => return None,
            first = self.inbox.recv() => self.take(first?, &mut inputs, &mut waiting),
            () = sleep_until(self.connect_at.unwrap_or(never)), if self.connect_at.is_some() => self.dial(),
            () = sleep_until(self.wake_at.unwrap_or(never)), if self.wake_at.is_some() => {
                self.wake_at = None;
                inputs.push(Input::Tick);
            }
        }
        while inputs.len() < AT_ONCE {
            let Ok(more) = self.inbox.try_recv() else { break };
            self.take(more, &mut inputs, &mut waiting);
        }
        Some((inputs, waiting))
    }

    fn take(&mut self, asked: Inbox, inputs: &mut Vec<Input>, waiting: &mut Waiting) {
        let news = match asked {
            Inbox::Command(command, answer) => {
                waiting.push(answer);
                return inputs.push(Input::Command(command));
            }
            Inbox::Refresh => return inputs.push(Input::Refresh),
            Inbox::Nudge => return inputs.push(Input::Nudge),
            Inbox::Line(number, news) if self.line.as_ref().is_some_and(|line| line.number == number) => news,
            // From a line that was given up.
            Inbox::Line(..) => return,
        };
        match news {
            News::Found(address, name) => self.shared.learn(self.server, Some(name), &[address]),
            News::Heard(Heard::Opened) => inputs.push(Input::Opened),
            News::Heard(Heard::Said(event)) => inputs.push(Input::Event(event)),
            News::Closed { error } => {
                self.line = None;
                inputs.push(Input::Closed { error });
            }
        }
    }

    /// Steps the machine, and does what it wants, in order but for this: what is to be saved is saved first, in one
    /// transaction. To save earlier than asked is never wrong.
    async fn step(&mut self, inputs: Vec<Input>, waiting: Waiting) -> Result<(), StoreError> {
        let mut inputs = VecDeque::from(inputs);
        let mut waiting = Some(waiting);
        while !inputs.is_empty() {
            let now = self.shared.clock.now_ms();
            let stepped = inputs.drain(..).flat_map(|input| self.machine.step(now, input));
            let effects: Vec<Effect> = stepped.collect();
            let saved = self.save(&effects).await;
            for answer in waiting.take().into_iter().flatten() {
                let saved = saved.as_ref().copied().map_err(CommandError::from);
                // Who asked may have stopped waiting.
                drop(answer.send(saved));
            }
            saved?;
            for effect in effects {
                inputs.extend(self.perform(effect).await?);
            }
        }
        Ok(())
    }

    async fn save(&self, effects: &[Effect]) -> Result<(), StoreError> {
        let changes = effects.iter().filter_map(|effect| match effect {
            Effect::Save(change) => Some(replica::change(Change::clone(change))),
            _ => None,
        });
        let changes: Vec<_> = changes.collect();
        if changes.is_empty() {
            return Ok(());
        }
        self.store.save(changes).await
    }

    async fn perform(&mut self, effect: Effect) -> Result<Option<Input>, StoreError> {
        match effect {
            Effect::Connect { after_ms, before_ms } if self.line.is_none() => {
                let wait = jitter(after_ms, before_ms);
                self.connect_at = Some(Instant::now() + Duration::from_millis(wait));
            }
            // An attempt that is under way goes on, unless a fresh one may be better: what was sent before a sleep is lost.
            Effect::Connect { before_ms, .. } => {
                let old = self.shared.clock.now_ms().saturating_sub(self.dialled) > OLD_MS;
                if let Some(line) = self.line.as_ref().filter(|_| before_ms == 0 && old) {
                    line.close();
                }
            }
            // What is to be saved is.
            Effect::Save(_) => {}
            Effect::Close => match &self.line {
                Some(line) => line.close(),
                None => return Ok(Some(Input::Closed { error: None })),
            },
            Effect::Emit(event) => {
                if let Some(line) = &self.line {
                    line.say(event);
                }
            }
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
            Effect::Notify(update) => self.tell(update).await,
            Effect::Wake { after_ms } => self.wake_at = Some(Instant::now() + Duration::from_millis(after_ms)),
        }
        Ok(None)
    }

    fn dial(&mut self) {
        self.connect_at = None;
        self.dialled = self.shared.clock.now_ms();
        self.lines += 1;
        let dial = Dial {
            asker: self.shared.asker.clone(),
            server: self.server,
            addresses: self.shared.addresses(self.server),
            identity: self.shared.identity(),
        };
        self.line = Some(Line::start(self.lines, dial, self.outside.clone()));
    }

    async fn tell(&self, update: Update) {
        let server = self.server;
        if let Update::Hello(hello) = &update {
            self.shared.learn(server, Some(hello.server.name.clone()), &[]);
        }
        let telling = self.shared.updates.send(ClientUpdate::Session { server, update });
        // Nobody listens, or it is the end: then nobody misses it.
        drop(self.stop.run_until_cancelled(telling).await);
    }
}

/// A time in the window, so that the clients of a server that came back don't all come at once.
fn jitter(after: u64, before: u64) -> u64 {
    let width = before.saturating_sub(after).saturating_add(1);
    getrandom::u64().map_or(before, |dice| after + dice % width)
}
