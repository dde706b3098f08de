//! A computer of one's own: a network namespace that a thread of ours lives in.
//!
//! It has no name and is mounted nowhere, so it ends with this process, however that ends.

use std::ffi::OsString;
use std::process::Command;
use std::sync::mpsc::{self, Sender};

use anyhow::{Context as _, Result, anyhow, bail};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::gettid;
use tun_rs::{DeviceBuilder, SyncDevice};

/// The computer's card.
const CARD: &str = "line";

type Job = Box<dyn FnOnce() + Send>;

/// A network namespace.
pub(crate) struct Computer {
    /// The namespace, for as long as this process lives.
    path: String,
    /// What is to be done inside it. The thread ends with this.
    jobs: Sender<Job>,
}

impl Computer {
    pub(crate) fn new() -> Result<Self> {
        let (jobs, to_do) = mpsc::channel::<Job>();
        let (told, moved) = mpsc::channel();
        std::thread::spawn(move || {
            let moved = unshare(CloneFlags::CLONE_NEWNET).map(|()| gettid());
            // Whoever asked waits for it.
            let _ = told.send(moved);
            for job in to_do {
                job();
            }
        });
        let thread = moved.recv()?.context("no network namespace can be made")?;
        let path = format!("/proc/{}/task/{thread}/ns/net", std::process::id());
        let computer = Self { path, jobs };
        computer.ip("link set lo up")?;
        Ok(computer)
    }

    /// Words ahead of a program that let it run on this computer; they become the program.
    pub(crate) fn prefix(&self) -> Vec<OsString> {
        vec!["nsenter".into(), format!("--net={}", self.path).into()]
    }

    /// Does something on this computer: sockets and processes that come of it are there.
    pub(crate) fn does<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let (told, done) = mpsc::channel();
        let job = Box::new(move || drop(told.send(job())));
        self.jobs.send(job).map_err(|_| anyhow!("the computer has gone"))?;
        Ok(done.recv()?)
    }

    /// Gives the computer this address, in the network of all of them.
    pub(crate) fn is_at(&self, address: &str) -> Result<()> {
        self.ip(&format!("addr add {address}/16 dev {CARD}"))
    }

    /// Takes the old address away and gives a new one, as when a laptop goes to another room.
    pub(crate) fn moves(&self, from: &str, to: &str) -> Result<()> {
        self.ip(&format!("addr del {from}/16 dev {CARD}"))?;
        self.is_at(to)
    }

    /// The card, switched on; what goes through it is read and written here.
    pub(super) fn card(&self) -> Result<SyncDevice> {
        let card = self.does(|| DeviceBuilder::new().name(CARD).mtu(1_500).build_sync())?;
        card.context("no TUN device can be made")
    }

    fn ip(&self, words: &str) -> Result<()> {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let said = format!("ip {}", words.join(" "));
        let output = self.does(move || Command::new("ip").args(words).output())?;
        let output = output.context("ip can't be started")?;
        if !output.status.success() {
            bail!("{said}: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(())
    }
}
