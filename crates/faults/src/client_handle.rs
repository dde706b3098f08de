//! The checker's handle of a client: ours, or socket.io-client, each a process of its own.

use std::ffi::OsString;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ChildStdin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use ichat_protocol::{Body, EntryId, RoomId};
use parking_lot::{Mutex, MutexGuard};
use serde_json::Value;

use crate::client_protocol::{Command, View};
use crate::client_state::{ClientState, Reports};
use crate::process::{Launch, Process};

/// Longer than anything takes on a busy machine.
pub(crate) const CLIENT_TIMEOUT: Duration = Duration::from_secs(40);

/// Which client it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientKind {
    /// `ichat-client`, with its outbox and its replica on disk.
    IChat,
    /// socket.io-client, written after `docs/protocol.md` alone. Its outbox is in memory.
    SocketIo,
}

/// Options for starting a client.
pub(crate) struct ClientOptions {
    pub(crate) kind: ClientKind,
    pub(crate) program: PathBuf,
    /// The program's first arguments.
    pub(crate) arguments: Vec<OsString>,
    pub(crate) launch: Launch,
}

/// A user's client. Cheap to clone: all clones are the same client.
#[derive(Clone)]
pub(crate) struct ClientHandle {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    options: ClientOptions,
    /// The round's folder.
    dir: PathBuf,
    lobby: Mutex<Option<RoomId>>,
    incarnation: Mutex<Incarnation>,
}

/// The present process, or the last one. Killing a client and starting it again begins the next incarnation.
#[derive(Default)]
struct Incarnation {
    number: u32,
    running: Option<(Process, ChildStdin)>,
    /// Posts that this process was given.
    posts: usize,
    reports: Reports,
}

impl ClientHandle {
    pub(crate) fn start(name: &str, options: ClientOptions, dir: &Path) -> Result<Self> {
        let client = Self {
            inner: Arc::new(Inner {
                name: name.to_owned(),
                options,
                dir: dir.to_owned(),
                lobby: Mutex::default(),
                incarnation: Mutex::default(),
            }),
        };
        client.restart()?;
        Ok(client)
    }

    pub(crate) fn name(&self) -> &str {
        &self.inner.name
    }

    pub(crate) fn kind(&self) -> ClientKind {
        self.inner.options.kind
    }

    /// Returns the client's data folder.
    pub(crate) fn data(&self) -> PathBuf {
        data_folder(&self.inner.dir, &self.inner.name)
    }

    /// Returns the file with the client's standard error.
    pub(crate) fn log(&self) -> PathBuf {
        self.inner.dir.join("logs").join(format!("{}.log", self.inner.name))
    }

    /// Returns the history files of all incarnations so far.
    pub(crate) fn histories(&self) -> Vec<PathBuf> {
        let incarnations = self.incarnation().number;
        (1..=incarnations).map(|number| self.history(number)).collect()
    }

    pub(crate) fn is_running(&self) -> bool {
        self.incarnation().running.is_some()
    }

    /// Returns what the client has last reported.
    pub(crate) fn state(&self) -> ClientState {
        self.reports().now()
    }

    /// Returns the lobby's id, once the client has joined.
    pub(crate) fn lobby(&self) -> Result<RoomId> {
        let lobby = *self.inner.lobby.lock();
        lobby.with_context(|| format!("{} has not joined the lobby yet", self.inner.name))
    }

    /// Joins the server at this address, and waits until the client shows the lobby.
    pub(crate) fn join(&self, server: SocketAddr) -> Result<()> {
        self.start_joining(server)?;
        self.wait_joined()
    }

    /// Tells the client to join the server at this address, without waiting.
    pub(crate) fn start_joining(&self, server: SocketAddr) -> Result<()> {
        let address = server.to_string();
        self.send(&Command::Join { address })
    }

    /// Waits until the client shows the lobby.
    pub(crate) fn wait_joined(&self) -> Result<()> {
        self.wait_until("having joined the lobby", |now| {
            now.status.online && now.status.lobby.is_some() && now.status.last.0 > 0
        })?;
        let lobby = self.state().status.lobby;
        *self.inner.lobby.lock() = lobby;
        Ok(())
    }

    /// Posts a message to the lobby, without waiting.
    pub(crate) fn say(&self, text: &str) -> Result<EntryId> {
        self.post(Body::Message {
            text: text.to_owned(),
            reply_to: None,
            mentions: Vec::new(),
        })
    }

    /// Posts to the lobby, without waiting.
    pub(crate) fn post(&self, body: Body) -> Result<EntryId> {
        let (room, id) = (self.lobby()?, EntryId::fresh());
        self.send(&Command::Post { room, id, body })?;
        Ok(id)
    }

    /// Emits one post several times in parallel, and returns the acknowledgement of each (socket.io-client only).
    pub(crate) fn post_in_parallel(&self, id: EntryId, body: Body, times: u32) -> Result<Vec<Value>> {
        let room = self.lobby()?;
        let before = self.state().acks.len();
        self.send(&Command::PostInParallel { room, id, body, times })?;
        self.wait_until("an acknowledgement of every post", |now| now.acks.len() > before)?;
        Ok(self.state().acks.remove(before).1)
    }

    /// Posts once, and returns the acknowledgement (socket.io-client only).
    pub(crate) fn post_and_await(&self, id: EntryId, body: Body) -> Result<Value> {
        let ack = self.post_in_parallel(id, body, 1)?.pop();
        ack.context("the acknowledgement is missing")
    }

    /// Makes the client reconnect now instead of waiting for its next attempt.
    pub(crate) fn nudge(&self) -> Result<()> {
        self.send(&Command::Nudge)
    }

    /// Suspends the process, as on a laptop whose lid is closed. Its connections stay open.
    #[cfg(unix)]
    pub(crate) fn suspend(&self) -> Result<()> {
        self.signal(nix::sys::signal::Signal::SIGSTOP)
    }

    /// Resumes the suspended process.
    #[cfg(unix)]
    pub(crate) fn resume(&self) -> Result<()> {
        self.signal(nix::sys::signal::Signal::SIGCONT)
    }

    #[cfg(unix)]
    fn signal(&self, signal: nix::sys::signal::Signal) -> Result<()> {
        let incarnation = self.incarnation();
        let process = incarnation.running.as_ref().map(|(process, _)| process.id());
        let process = process.with_context(|| format!("{} is not running", self.inner.name))?;
        let process = nix::unistd::Pid::from_raw(i32::try_from(process)?);
        Ok(nix::sys::signal::kill(process, signal)?)
    }

    /// Kills the client with `SIGKILL`, if it runs.
    pub(crate) fn kill(&self) -> Result<()> {
        match self.incarnation().running.take() {
            Some((mut process, _)) => process.kill(),
            None => Ok(()),
        }
    }

    /// Starts the client again with the same data folder. Kills it first if it runs.
    pub(crate) fn restart(&self) -> Result<()> {
        self.kill()?;
        let inner = &self.inner;
        let mut incarnation = self.incarnation();
        incarnation.number += 1;
        incarnation.posts = 0;
        for folder in ["logs", "histories", "clients"] {
            std::fs::create_dir_all(inner.dir.join(folder))?;
        }
        let mut command = inner.options.launch.command(&inner.options.program, &self.log())?;
        command
            .args(&inner.options.arguments)
            .arg("--name")
            .arg(&inner.name)
            .arg("--data")
            .arg(self.data())
            .arg("--history")
            .arg(self.history(incarnation.number));
        let mut process = Process::start(&mut command)?;
        let stdin = process.take_stdin().context("the client has no standard input")?;
        let stdout = process.take_stdout().context("the client has no standard output")?;
        incarnation.reports = Reports::read_in_background(stdout);
        incarnation.running = Some((process, stdin));
        Ok(())
    }

    /// Ends the client in order, if it runs: everything is on disk then.
    pub(crate) fn shut_down(&self) -> Result<()> {
        if self.is_running() {
            self.send(&Command::ShutDown)?;
        }
        let Some((mut process, stdin)) = self.incarnation().running.take() else {
            return Ok(());
        };
        drop(stdin);
        let status = process.wait(CLIENT_TIMEOUT)?;
        if !status.success() {
            bail!("{}: the client ended with {status}", self.inner.name);
        }
        Ok(())
    }

    /// Waits until the client knows the outcome of every post that it was given in this incarnation.
    pub(crate) fn wait_for_empty_outbox(&self) -> Result<()> {
        let posts = self.posts();
        self.wait_until("an empty outbox", |now| now.has_sent_all(posts))
    }

    /// Returns the number of posts that the client was given in this incarnation.
    pub(crate) fn posts(&self) -> usize {
        self.incarnation().posts
    }

    /// Returns what the client shows, back to the beginning of each room.
    pub(crate) fn view(&self) -> Result<View> {
        let file = self.inner.dir.join(format!("{}.view.json", self.inner.name));
        let before = self.state().views_written;
        self.send(&Command::WriteView { file: file.clone() })?;
        self.wait_until("the view", |now| now.views_written > before)?;
        let view = std::fs::read(&file)?;
        serde_json::from_slice(&view).with_context(|| format!("{} can't be read", file.display()))
    }

    /// Waits until the condition holds.
    pub(crate) fn wait_until(&self, what: &str, condition: impl Fn(&ClientState) -> bool) -> Result<()> {
        self.wait_until_within(CLIENT_TIMEOUT, what, condition)
    }

    /// Waits until the condition holds, and fails after the timeout.
    pub(crate) fn wait_until_within(
        &self,
        timeout: Duration,
        what: &str,
        condition: impl Fn(&ClientState) -> bool,
    ) -> Result<()> {
        self.reports().wait_until(&self.inner.name, what, timeout, condition)
    }

    /// Sends a command, without waiting.
    pub(crate) fn send(&self, command: &Command) -> Result<()> {
        let mut line = serde_json::to_vec(command)?;
        line.push(b'\n');
        let mut incarnation = self.incarnation();
        incarnation.posts += usize::from(matches!(command, Command::Post { .. }));
        let Some((_, stdin)) = &mut incarnation.running else {
            bail!("{} is not running", self.inner.name);
        };
        stdin
            .write_all(&line)
            .with_context(|| format!("{}: the client takes no commands", self.inner.name))
    }

    fn history(&self, incarnation: u32) -> PathBuf {
        let name = format!("{}.{incarnation}.jsonl", self.inner.name);
        self.inner.dir.join("histories").join(name)
    }

    fn incarnation(&self) -> MutexGuard<'_, Incarnation> {
        self.inner.incarnation.lock()
    }

    fn reports(&self) -> Reports {
        self.incarnation().reports.clone()
    }
}

/// Returns the data folder of a client in a round's folder.
pub(crate) fn data_folder(round: &Path, client: &str) -> PathBuf {
    round.join("clients").join(client)
}
