//! Our client in a process of its own: it takes commands on standard input, records its history, and reports its
//! status.
//!
//! ```text
//!   stdin ── Command ──▶ ClientProcess ── ichat_client::Client ── updates ──▶ Shown ── Report ──▶ stdout
//!                             └────────────── Recorder ◀──────────────────────┘
//! ```

mod shown;

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, anyhow};
use ichat_client::session::{self, LogRange};
use ichat_client::{Client, ClientUpdate, Clock, Profile, Updates};
use ichat_protocol::limits::MAX_PAGE_ENTRIES;
use ichat_protocol::{Body, EntryId, Name, RoomId, Seq};
use tokio::sync::mpsc;
use tokio::task::unconstrained;

use self::shown::SharedShown;
use crate::client_protocol::{Command, Report};
use crate::history::{Event, Recorder};

/// Commands that are taken together, so that their posts are on their way at the same time.
const COMMAND_BATCH: usize = 128;

/// `ichat-faults client`: started by the checker.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The client's data folder
    #[arg(long)]
    data: PathBuf,
    /// The user's name
    #[arg(long)]
    name: String,
    /// The file for the history of this process
    #[arg(long)]
    history: PathBuf,
}

/// Runs the client until the command to shut down, or the end of standard input.
pub(crate) fn run(options: Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(ClientProcess::run(options))
}

struct ClientProcess {
    client: Client,
    /// The time for which the machine was suspended, in milliseconds.
    suspended_ms: Arc<AtomicU64>,
    recorder: Recorder,
    shown: Arc<SharedShown>,
}

impl ClientProcess {
    async fn run(options: Options) -> Result<()> {
        let name = Name::parse(&options.name)?;
        let recorder = Recorder::create(&options.history)?;
        let suspended_ms = Arc::<AtomicU64>::default();
        let (start, suspended) = (Instant::now(), Arc::clone(&suspended_ms));
        let clock = Clock::new(move || start.elapsed() + Duration::from_millis(suspended.load(Ordering::SeqCst)));
        let (client, updates) = Client::open_with_clock(clock, &options.data, Some(name))?;
        let profile = client.profile();
        let started = Event::Started {
            me: profile.member.clone(),
            device: profile.device,
        };
        recorder.record_ahead(vec![started]).await;
        let shown = Arc::new(SharedShown::default());
        tokio::spawn(apply_updates(Arc::clone(&shown), updates, profile, recorder.clone()));
        tokio::spawn(report_status(Arc::clone(&shown)));
        let process = Self {
            client,
            suspended_ms,
            recorder,
            shown,
        };
        let mut commands = read_commands();
        let mut batch = Vec::new();
        while commands.recv_many(&mut batch, COMMAND_BATCH).await > 0 {
            if process.execute(std::mem::take(&mut batch)).await == Next::ShutDown {
                break;
            }
        }
        process.client.shutdown().await;
        Ok(())
    }

    async fn execute(&self, commands: Vec<Command>) -> Next {
        let mut posts = Vec::new();
        for command in commands {
            if let Command::Post { room, id, body } = command {
                posts.push((room, id, body));
                continue;
            }
            self.post(std::mem::take(&mut posts)).await;
            let result = match command {
                Command::Post { .. } => Ok(()), // Above.
                Command::PostInParallel { .. } => Err(anyhow!("our client posts an entry only once")),
                Command::Join { address } => self.join(&address).await,
                Command::Nudge => {
                    self.client.nudge().await;
                    Ok(())
                }
                Command::Wake { after_ms } => {
                    self.suspended_ms.fetch_add(after_ms, Ordering::SeqCst);
                    Ok(())
                }
                Command::WriteView { file } => self.write_view(&file).await,
                Command::ShutDown => return Next::ShutDown,
            };
            if let Err(error) = result {
                let reason = format!("{error:#}");
                report(&Report::Failed { reason });
            }
        }
        self.post(posts).await;
        Next::Continue
    }

    async fn join(&self, address: &str) -> Result<()> {
        self.client.join(&[address.parse()?]).await?;
        Ok(())
    }

    /// Gives the posts to the client in their order, without waiting for one before the next.
    async fn post(&self, posts: Vec<(RoomId, EntryId, Body)>) {
        if posts.is_empty() {
            return;
        }
        let Some(server) = self.client.servers().first().map(|server| server.id) else {
            let reason = "post: the client has not joined a server".to_owned();
            return report(&Report::Failed { reason });
        };
        self.shown.expect_posts(posts.iter().map(|(_, id, body)| (*id, body)));
        let events = posts.iter().map(|(room, id, body)| Event::Invoked {
            room: *room,
            id: *id,
            body: body.clone(),
        });
        self.recorder.record_ahead(events.collect()).await;
        let sending = posts.into_iter().map(|(room, id, body)| {
            Box::pin(unconstrained(async move {
                let command = session::Command::Send {
                    room,
                    id,
                    body,
                    written: unix_ms(),
                };
                match self.client.command(server, command).await {
                    Ok(()) => self.recorder.record(Event::Queued { id }),
                    Err(error) => {
                        self.shown.forget_post(id);
                        report(&Report::Failed {
                            reason: format!("post {id}: {error}"),
                        });
                    }
                }
            }))
        });
        // Polling each once, in their order, gives each its position in the client's queue. `join_all` alone polls in
        // an order of its own, and without `unconstrained` Tokio makes a future yield after some hundred others.
        let mut pending = Vec::new();
        for mut send in sending {
            if futures_util::poll!(&mut send).is_pending() {
                pending.push(send);
            }
        }
        futures_util::future::join_all(pending).await;
    }

    /// Scrolls back to the beginning of every room, and writes down what is shown then.
    async fn write_view(&self, file: &Path) -> Result<()> {
        let server = self.client.servers().first().map(|server| server.id);
        let server = server.context("the client has not joined a server")?;
        for room in self.shown.rooms() {
            loop {
                let first = self.shown.newest_range_start(room);
                if first <= Seq(1) {
                    break;
                }
                let range = LogRange::before(first, MAX_PAGE_ENTRIES);
                let history = session::Command::History { room, range };
                self.client.command(server, history).await?;
                self.shown
                    .changed_until(|shown| shown.newest_range_start(room) < first)
                    .await;
            }
        }
        let view = self.shown.view(&self.client.profile());
        let view = serde_json::to_vec(&view)?;
        std::fs::write(file, view).with_context(|| format!("the view {} can't be written", file.display()))?;
        report(&Report::ViewWritten);
        Ok(())
    }
}

/// The next step after a batch of commands.
#[derive(PartialEq, Eq)]
enum Next {
    Continue,
    ShutDown,
}

/// Applies the client's updates as they come: the sessions wait for this.
async fn apply_updates(shown: Arc<SharedShown>, mut updates: Updates, profile: Profile, recorder: Recorder) {
    while let Some(update) = updates.next().await {
        if let ClientUpdate::Session { update, .. } = update {
            shown.apply(update, &profile, &recorder);
        }
    }
}

/// Reports the status whenever it has changed.
async fn report_status(shown: Arc<SharedShown>) {
    let mut reported = None;
    loop {
        let changed = shown.changed();
        let status = shown.status();
        if reported.as_ref() != Some(&status) {
            report(&Report::Status(status.clone()));
            reported = Some(status);
        }
        changed.await;
    }
}

/// Reads commands from standard input, in a thread of its own.
fn read_commands() -> mpsc::Receiver<Command> {
    let (sender, commands) = mpsc::channel(COMMAND_BATCH);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let command = line
                .map_err(anyhow::Error::from)
                .and_then(|line| Ok(serde_json::from_str(&line)?));
            match command {
                Ok(command) => {
                    if sender.blocking_send(command).is_err() {
                        break;
                    }
                }
                Err(error) => report(&Report::Failed {
                    reason: format!("a command can't be read: {error:#}"),
                }),
            }
        }
    });
    commands
}

fn report(report: &Report) {
    if let Ok(mut line) = serde_json::to_string(report) {
        line.push('\n');
        // Without the checker standard input ends too, and with it this process.
        drop(std::io::stdout().lock().write_all(line.as_bytes()));
    }
}

fn unix_ms() -> u64 {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
