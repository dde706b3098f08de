//! The servers that are measured, each a process of its own.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use tempfile::TempDir;

use crate::kernel::{self, Memory};
use crate::swarm::Wire;

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Product {
    /// I-Chat's headless program as shipped: durable, ordered, with receipts
    Ichat,
    /// The limit: pre-framed bytes, one write to each client for all that was waiting
    Bare,
    /// The same, with one write to each client for each message
    BareEach,
    /// Plain socketioxide that broadcasts and stores nothing
    Socketioxide,
    /// Node's socket.io that broadcasts and stores nothing
    Node,
    /// The same, storing each message first, as the tutorial's readers do
    NodeSqlite,
    /// The bare writer, but a message doesn't reach everybody
    #[value(hide = true)]
    Dropping,
    /// The bare writer, but some get a message twice
    #[value(hide = true)]
    Doubling,
    /// The bare writer, but some get messages in another order
    #[value(hide = true)]
    Reordering,
}

impl Product {
    /// Those that are worth a figure; the others are wrong on purpose.
    pub(crate) fn all() -> Vec<Self> {
        let is_shown = |product: &Self| product.to_possible_value().is_some_and(|value| !value.is_hide_set());
        Self::value_variants().iter().copied().filter(is_shown).collect()
    }

    pub(crate) fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    pub(crate) fn wire(self) -> Wire {
        match self {
            Product::Ichat => Wire::Guest,
            _ => Wire::Classic,
        }
    }

    /// Whether everybody is promised the same order. Socketioxide runs handlers side by side.
    pub(crate) fn has_one_order(self) -> bool {
        self != Product::Socketioxide
    }

    fn command(self, data: &Path, listen: SocketAddr, log: &str) -> Result<Command> {
        let own = std::env::current_exe()?;
        let node = |script: &str| {
            let mut command = Command::new("node");
            command
                .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(script))
                .arg(data);
            command
        };
        Ok(match self {
            Product::Ichat => {
                let mut command = Command::new(server_program(&own));
                command
                    .args([
                        "--no-announce",
                        "--max-connections",
                        "20000",
                        "--log-format",
                        "json",
                        "--log",
                        log,
                    ])
                    .arg("--listen")
                    .arg(listen.to_string())
                    .arg("--data")
                    .arg(data);
                command
            }
            Product::Node => node("broadcast.mjs"),
            Product::NodeSqlite => node("stored.mjs"),
            // These are this program again, under the same names.
            _ => {
                let mut command = Command::new(&own);
                command.args(["peer", &self.name()]);
                command
            }
        })
    }
}

/// I-Chat's program: the one that is named, or the one beside this.
fn server_program(own: &Path) -> PathBuf {
    std::env::var_os("ICHAT_SERVER_BIN").map_or_else(
        || own.with_file_name(format!("ichat-server{}", std::env::consts::EXE_SUFFIX)),
        PathBuf::from,
    )
}

/// A server that runs.
pub(crate) struct Server {
    product: Product,
    pub(crate) address: SocketAddr,
    process: Child,
    data: TempDir,
}

impl Server {
    pub(crate) fn start(product: Product) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let (process, address) = spawn(product, data.path(), SocketAddr::from(([127, 0, 0, 1], 0)), "error")?;
        Ok(Self {
            product,
            address,
            process,
            data,
        })
    }

    /// Kills it, and starts it anew with the same data at the same address.
    pub(crate) fn restart(&mut self, log: &str) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        (self.process, self.address) = spawn(self.product, self.data.path(), self.address, log)?;
        Ok(())
    }

    /// What it logged since it was started.
    pub(crate) fn logged(&self) -> Result<String> {
        Ok(std::fs::read_to_string(log_file(self.data.path()))?)
    }

    pub(crate) fn cpu(&self) -> Result<Duration> {
        kernel::cpu(self.process.id())
    }

    pub(crate) fn memory(&self) -> Result<Memory> {
        kernel::memory(self.process.id())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do about that here.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Starts it, and waits until it says where it listens.
fn spawn(product: Product, data: &Path, listen: SocketAddr, log: &str) -> Result<(Child, SocketAddr)> {
    let mut command = product.command(data, listen, log)?;
    let log = File::create(log_file(data))?;
    let mut process = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .with_context(|| format!("{command:?} can't be started; `cargo xtask bench` builds what it needs"))?;
    let mut line = String::new();
    let stdout = process.stdout.take().context("a piped stdout is there")?;
    BufReader::new(stdout).read_line(&mut line)?;
    let address = line.trim().strip_prefix("listening on http://").map(str::parse);
    if let Some(Ok(address)) = address {
        return Ok((process, address));
    }
    // It has most likely ended already.
    drop(process.kill());
    process.wait()?;
    bail!(
        "{command:?} did not say where it listens, but {line:?} {}",
        std::fs::read_to_string(log_file(data))?.trim()
    )
}

fn log_file(data: &Path) -> PathBuf {
    data.join("stderr")
}
