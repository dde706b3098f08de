//! The servers that are measured, each a process of its own.

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
            Product::Ichat => Wire::IChat,
            _ => Wire::Classic,
        }
    }

    /// Whether everybody is promised the same order. Socketioxide runs handlers side by side.
    pub(crate) fn has_one_order(self) -> bool {
        self != Product::Socketioxide
    }

    fn command(self, data: &Path) -> Result<Command> {
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
                        "--listen",
                        "127.0.0.1:0",
                        "--no-announce",
                        "--log",
                        "error",
                        "--max-connections",
                        "20000",
                    ])
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
    pub(crate) address: SocketAddr,
    process: Child,
    _data: TempDir,
}

impl Server {
    pub(crate) fn start(product: Product) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let mut command = product.command(data.path())?;
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{command:?} can't be started; `cargo xtask bench` builds what it needs"))?;
        let mut line = String::new();
        let stdout = process.stdout.take().context("a piped stdout is there")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on http://").map(str::parse);
        let mut server = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            process,
            _data: data,
        };
        match address {
            Some(Ok(address)) => server.address = address,
            _ => bail!("{command:?} did not say where it listens, but {line:?}"),
        }
        Ok(server)
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
