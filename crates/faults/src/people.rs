//! The checker's hold on a client: ours, or socket.io-client, each a process of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use ichat_protocol::{Body, EntryId, RoomId};
use serde_json::Value;

use crate::order::{Order, Status, View, Word};
use crate::process::{Process, Setting};
use crate::server::Server;

/// Longer than anything takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// Which client it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ours: `ichat-client`, with its outbox and replica on disk.
    Ours,
    /// socket.io-client, made after `docs/protocol.md` alone; its outbox is in memory.
    Foreign,
}

/// Somebody with a client. Cheap to clone: all clones are the same person.
#[derive(Clone)]
pub(crate) struct Person {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    kind: Kind,
    /// How the program and its first words are called.
    program: PathBuf,
    words: Vec<std::ffi::OsString>,
    setting: Setting,
    /// The round's folder.
    dir: PathBuf,
    life: Mutex<Life>,
}

struct Life {
    number: u32,
    process: Option<(Process, ChildStdin)>,
    lobby: Option<RoomId>,
    /// Posts that it was told to send, in this life.
    posts: usize,
    heard: Arc<Heard>,
}

#[derive(Default)]
struct Heard {
    now: Mutex<Now>,
    changed: Condvar,
}

/// What a person's process has said so far, in its present life.
#[derive(Clone, Debug, Default)]
pub(crate) struct Now {
    pub(crate) status: Status,
    pub(crate) answers: Vec<(EntryId, Vec<Value>)>,
    pub(crate) failures: Vec<String>,
    views: u32,
    ended: bool,
}

impl Now {
    /// Whether so many posts have their answers. An empty outbox alone may be one that is yet to be filled.
    pub(crate) fn has_nothing_waiting(&self, posted: usize) -> bool {
        let Status {
            online,
            handed,
            waiting,
            ..
        } = self.status;
        online && handed >= posted && waiting == 0
    }
}

impl Person {
    pub(crate) fn start(
        name: &str,
        kind: Kind,
        (program, words): (PathBuf, Vec<std::ffi::OsString>),
        dir: &Path,
        setting: Setting,
    ) -> Result<Self> {
        let person = Self {
            inner: Arc::new(Inner {
                name: name.to_owned(),
                kind,
                program,
                words,
                setting,
                dir: dir.to_owned(),
                life: Mutex::new(Life {
                    number: 0,
                    process: None,
                    lobby: None,
                    posts: 0,
                    heard: Arc::default(),
                }),
            }),
        };
        person.restarts()?;
        Ok(person)
    }

    pub(crate) fn name(&self) -> &str {
        &self.inner.name
    }

    pub(crate) fn kind(&self) -> Kind {
        self.inner.kind
    }

    /// The client's data folder.
    pub(crate) fn folder(&self) -> PathBuf {
        self.inner.dir.join("people").join(&self.inner.name)
    }

    /// What its client wrote on standard error.
    pub(crate) fn log(&self) -> PathBuf {
        self.inner.dir.join("logs").join(format!("{}.log", self.inner.name))
    }

    /// The records of all its lives so far.
    pub(crate) fn records(&self) -> Vec<PathBuf> {
        let lives = self.life().number;
        (1..=lives).map(|life| self.record(life)).collect()
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.life().process.is_some()
    }

    /// Where they stand, as last said.
    pub(crate) fn now(&self) -> Now {
        let heard = self.heard();
        let now = heard.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.clone()
    }

    /// The lobby's id; known once they were in.
    pub(crate) fn lobby(&self) -> Result<RoomId> {
        let known = self.life().lobby;
        known.with_context(|| format!("{} has not been in the lobby yet", self.inner.name))
    }

    /// Joins a server, and waits until they are in.
    pub(crate) fn joins(&self, server: &Server) -> Result<()> {
        self.joins_at(server.address())
    }

    /// Joins the server that is behind this address, and waits until they are in.
    pub(crate) fn joins_at(&self, address: SocketAddr) -> Result<()> {
        self.begins_to_join(address)?;
        self.is_in()
    }

    /// Tells them to join, and goes on.
    pub(crate) fn begins_to_join(&self, address: SocketAddr) -> Result<()> {
        let address = address.to_string();
        self.does(&Order::Join { address })
    }

    /// Waits until they are in the lobby.
    pub(crate) fn is_in(&self) -> Result<()> {
        self.until("being in the lobby", |now| {
            now.status.online && now.status.lobby.is_some() && now.status.last.0 > 0
        })?;
        let lobby = self.now().status.lobby;
        self.life().lobby = lobby;
        Ok(())
    }

    /// Says something in the lobby, and goes on.
    pub(crate) fn says(&self, text: &str) -> Result<EntryId> {
        self.posts(Body::Message {
            text: text.to_owned(),
            reply_to: None,
        })
    }

    /// Posts to the lobby, and goes on.
    pub(crate) fn posts(&self, body: Body) -> Result<EntryId> {
        let id = EntryId::fresh();
        self.posts_as(id, body)?;
        Ok(id)
    }

    /// Posts to the lobby under an id that the case chose, and goes on.
    pub(crate) fn posts_as(&self, id: EntryId, body: Body) -> Result<()> {
        let room = self.lobby()?;
        self.does(&Order::Post { room, id, body })
    }

    /// Emits a post so many times at once, and waits for the answer to each (socket.io-client only).
    pub(crate) fn asks(&self, id: EntryId, body: Body, times: u32) -> Result<Vec<Value>> {
        let room = self.lobby()?;
        let before = self.now().answers.len();
        self.does(&Order::PostAtOnce { room, id, body, times })?;
        self.until("an answer to every post", |now| now.answers.len() > before)?;
        Ok(self.now().answers.remove(before).1)
    }

    /// The network came back: they don't wait any longer.
    pub(crate) fn is_nudged(&self) -> Result<()> {
        self.does(&Order::Nudge)
    }

    /// Stands still, as on a laptop whose lid is shut: nothing of it runs, and nobody is told.
    #[cfg(unix)]
    pub(crate) fn stands_still(&self) -> Result<()> {
        self.signal(nix::sys::signal::Signal::SIGSTOP)
    }

    /// Goes on after that.
    #[cfg(unix)]
    pub(crate) fn goes_on(&self) -> Result<()> {
        self.signal(nix::sys::signal::Signal::SIGCONT)
    }

    #[cfg(unix)]
    fn signal(&self, signal: nix::sys::signal::Signal) -> Result<()> {
        let life = self.life();
        let process = life.process.as_ref().map(|(process, _)| process.id());
        let process = process.with_context(|| format!("{} has no client running", self.inner.name))?;
        let process = nix::unistd::Pid::from_raw(i32::try_from(process)?);
        Ok(nix::sys::signal::kill(process, signal)?)
    }

    /// `kill -9`.
    pub(crate) fn kill(&self) -> Result<()> {
        match self.life().process.take() {
            Some((mut process, _)) => process.kill(),
            None => Ok(()),
        }
    }

    /// Starts the client again, with the folder that it had. Where it lived, it is killed first.
    pub(crate) fn restarts(&self) -> Result<()> {
        self.kill()?;
        let inner = &self.inner;
        let mut life = self.life();
        life.number += 1;
        life.posts = 0;
        let logs = inner.dir.join("logs");
        for folder in [&logs, &inner.dir.join("records"), &inner.dir.join("people")] {
            std::fs::create_dir_all(folder)?;
        }
        let log = self.log();
        let mut command = inner.setting.command(&inner.program, &log)?;
        command
            .args(&inner.words)
            .arg("--name")
            .arg(&inner.name)
            .arg("--dir")
            .arg(self.folder())
            .arg("--record")
            .arg(self.record(life.number));
        let mut process = Process::start(&mut command)?;
        let told = process.take_stdin().context("the client has no standard input")?;
        let says = process.take_stdout().context("the client has no standard output")?;
        let heard = Arc::<Heard>::default();
        life.heard = Arc::clone(&heard);
        std::thread::spawn(move || listen(&heard, says));
        life.process = Some((process, told));
        Ok(())
    }

    /// Ends politely: everything is on disk then.
    pub(crate) fn ends(&self) -> Result<()> {
        if self.is_alive() {
            self.does(&Order::End)?;
        }
        let Some((mut process, told)) = self.life().process.take() else {
            return Ok(());
        };
        drop(told);
        let status = process.ended_within(PATIENCE)?;
        if !status.success() {
            bail!("{}'s client ended with {status}", self.inner.name);
        }
        Ok(())
    }

    /// Waits until they know what became of everything that they were told to post in this life.
    pub(crate) fn has_nothing_waiting(&self) -> Result<()> {
        let posted = self.posted();
        self.until("an empty outbox", |now| now.has_nothing_waiting(posted))
    }

    /// How many posts they were told to make in this life.
    pub(crate) fn posted(&self) -> usize {
        self.life().posts
    }

    /// What they show, back to the beginning.
    pub(crate) fn view(&self) -> Result<View> {
        let file = self.inner.dir.join(format!("{}.view.json", self.inner.name));
        let before = self.now().views;
        self.does(&Order::View { file: file.clone() })?;
        self.until("having written down what they show", |now| now.views > before)?;
        let view = std::fs::read(&file)?;
        serde_json::from_slice(&view).with_context(|| format!("{} can't be read", file.display()))
    }

    /// Waits until it is so.
    pub(crate) fn until(&self, what: &str, so: impl Fn(&Now) -> bool) -> Result<()> {
        self.until_within(PATIENCE, what, so)
    }

    /// Waits until it is so, for so long.
    pub(crate) fn until_within(&self, patience: Duration, what: &str, so: impl Fn(&Now) -> bool) -> Result<()> {
        let by = Instant::now() + patience;
        let heard = self.heard();
        let mut now = heard.now.lock().unwrap_or_else(PoisonError::into_inner);
        while !so(&now) {
            let left = by.saturating_duration_since(Instant::now());
            if now.ended {
                bail!("{}'s client ended by itself, before {what}", self.inner.name);
            }
            if left.is_zero() {
                bail!(
                    "{}: {what} did not happen within {patience:?}; {:?}",
                    self.inner.name,
                    *now
                );
            }
            let waited = heard.changed.wait_timeout(now, left);
            now = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    /// Tells the client to do something, and goes on.
    pub(crate) fn does(&self, order: &Order) -> Result<()> {
        let mut words = serde_json::to_vec(order)?;
        words.push(b'\n');
        let mut life = self.life();
        life.posts += usize::from(matches!(order, Order::Post { .. }));
        let Some((_, told)) = &mut life.process else {
            bail!("{} has no client running", self.inner.name);
        };
        told.write_all(&words)
            .with_context(|| format!("{}'s client takes no orders", self.inner.name))
    }

    fn record(&self, life: u32) -> PathBuf {
        let name = format!("{}.{life}.jsonl", self.inner.name);
        self.inner.dir.join("records").join(name)
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.inner.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the present life says.
    fn heard(&self) -> Arc<Heard> {
        Arc::clone(&self.life().heard)
    }
}

fn listen(life: &Heard, told: ChildStdout) {
    for line in BufReader::new(told).lines() {
        let word = line
            .map_err(anyhow::Error::from)
            .and_then(|line| Ok(serde_json::from_str(&line)?));
        let mut now = life.now.lock().unwrap_or_else(PoisonError::into_inner);
        match word {
            Ok(Word::Now(status)) => now.status = status,
            Ok(Word::Answers { id, answers }) => now.answers.push((id, answers)),
            Ok(Word::Viewed) => now.views += 1,
            Ok(Word::Failed { what }) => now.failures.push(what),
            Err(error) => now.failures.push(format!("what it said can't be read: {error:#}")),
        }
        life.changed.notify_all();
    }
    life.now.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
    life.changed.notify_all();
}
