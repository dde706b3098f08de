//! One server process: start, stop, CPU and memory as the kernel accounts them.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The headless program, as shipped.
    IChat,
    /// `ui/bench/node-broadcast.mjs`.
    Node,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::IChat => "ichat",
            Kind::Node => "node",
        }
    }
}

pub(crate) struct Peer {
    pub(crate) kind: Kind,
    pub(crate) address: String,
    process: Child,
    _data: TempDir,
}

impl Peer {
    pub(crate) fn start(kind: Kind) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let mut command = match kind {
            Kind::IChat => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_ichat-server"));
                command
                    .args(["--listen", "127.0.0.1:0", "--no-announce", "--log", "error", "--data"])
                    .arg(data.path());
                command
            }
            Kind::Node => {
                let mut command = Command::new("node");
                command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/bench/node-broadcast.mjs"));
                command
            }
        };
        let mut process = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{command:?} can't be started"))?;
        let mut line = String::new();
        let stdout = process.stdout.take().context("a piped stdout is there")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let Some(address) = line.trim().strip_prefix("listening on http://") else {
            bail!("{command:?} did not say where it listens, but {line:?} (is `npm ci` done in ui/?)");
        };
        Ok(Self {
            kind,
            address: address.to_owned(),
            process,
            _data: data,
        })
    }

    /// User and system time so far.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The command's name stands in parentheses and may hold spaces; fields 14 and 15 (proc(5)) are 12 and 13 behind it.
        let fields: Vec<&str> = stat.rsplit_once(')').context("proc(5)")?.1.split_whitespace().collect();
        let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
        // USER_HZ is 100 on every Linux that Rust runs on.
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Resident memory.
    pub(crate) fn memory_kib(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("proc(5)")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do about that here.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
