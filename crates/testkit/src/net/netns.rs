//! A network namespace, which a thread of this process lives in.
//!
//! It has no name and is mounted nowhere, so it ends with this process, however that ends.

use std::ffi::{OsStr, OsString};
use std::process::Command;
use std::sync::mpsc::{self, Sender};

use anyhow::{Context as _, Result, anyhow, bail};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::gettid;

type Job = Box<dyn FnOnce() + Send>;

/// A network namespace: a host of its own as far as the network goes. Clones are the same one.
#[derive(Clone)]
pub struct Netns {
    /// The namespace's file, for `ip` and `nsenter`.
    path: String,
    /// Sends work to the thread, which ends with the last sender.
    jobs: Sender<Job>,
}

impl Netns {
    /// Makes a namespace that has only the loopback interface.
    pub fn new() -> Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let (send_thread, thread) = mpsc::channel();
        std::thread::spawn(move || {
            let thread = unshare(CloneFlags::CLONE_NEWNET).map(|()| gettid());
            // The receiver waits below.
            let _ = send_thread.send(thread);
            for job in queue {
                job();
            }
        });
        let thread = thread.recv()?.context("no network namespace can be made")?;
        let path = format!("/proc/{}/task/{thread}/ns/net", std::process::id());
        let netns = Self { path, jobs };
        netns.ip("link set lo up")?;
        Ok(netns)
    }

    /// Runs a function inside the namespace: the sockets that it opens and the processes that it starts are there.
    pub fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let (send_result, result) = mpsc::channel();
        let job = Box::new(move || drop(send_result.send(job())));
        self.jobs.send(job).map_err(|_| anyhow!("the namespace has ended"))?;
        Ok(result.recv()?)
    }

    /// Returns the words in front of a command that run it inside the namespace. The process becomes the command.
    pub fn command_prefix(&self) -> Vec<OsString> {
        vec!["nsenter".into(), format!("--net={}", self.path).into()]
    }

    /// Returns a command that runs inside the namespace.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let prefix = self.command_prefix();
        let mut command = Command::new(&prefix[0]);
        command.args(&prefix[1..]).arg(program);
        command
    }

    /// Runs `ip` inside the namespace.
    pub fn ip(&self, arguments: &str) -> Result<String> {
        self.output(&format!("ip {arguments}"))
    }

    /// Adds an interface that is up, has an address, and reaches no other host: as Docker's, or a VPN's.
    pub fn add_isolated_interface(&self, name: &str, address: &str) -> Result<()> {
        self.ip(&format!("link add {name} type veth peer name {name}-peer"))?;
        self.ip(&format!("link set {name}-peer up"))?;
        self.ip(&format!("addr add {address} dev {name}"))?;
        self.ip(&format!("link set {name} up"))?;
        Ok(())
    }

    /// Drops everything that leaves through the interface. The interface stays up.
    pub fn drop_outgoing(&self, interface: &str) -> Result<()> {
        self.output(&format!("tc qdisc add dev {interface} root pfifo limit 0"))?;
        Ok(())
    }

    /// Undoes [`drop_outgoing`](Self::drop_outgoing).
    pub fn send_outgoing(&self, interface: &str) -> Result<()> {
        self.output(&format!("tc qdisc del dev {interface} root"))?;
        Ok(())
    }

    /// Returns the namespace's file.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Runs a command inside the namespace, and returns its standard output.
    fn output(&self, command: &str) -> Result<String> {
        let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        let output = self.run(move || Command::new(&words[0]).args(&words[1..]).output())?;
        let output = output.with_context(|| format!("{command:?} can't be started"))?;
        if !output.status.success() {
            bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
