//! The servers that are compared, each a process of its own.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use ichat_testkit::ReservedPort;
use tempfile::TempDir;

use crate::kernel;
use crate::swarm::Protocol;

/// A server that is compared: I-Chat, or a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Product {
    /// I-Chat's headless program as shipped: durable, ordered, with receipts
    Ichat,
    /// The same with its default limits, behind a reverse proxy that names its clients
    #[value(hide = true)]
    IchatLimited,
    /// The baseline: frames made once, and one write to each client for everything that was waiting
    Bare,
    /// The baseline with one write to each client for each message
    BareEach,
    /// Plain socketioxide that broadcasts and stores nothing
    Socketioxide,
    /// Node's socket.io that broadcasts and stores nothing
    Node,
    /// Node's socket.io that stores each message first, as at the end of the tutorial
    NodeSqlite,
    /// The baseline, but a message does not reach every client
    #[value(hide = true)]
    Dropping,
    /// The baseline, but some clients get a message twice
    #[value(hide = true)]
    Doubling,
    /// The baseline, but some clients get messages in another order
    #[value(hide = true)]
    Reordering,
}

impl Product {
    /// Returns all products that are worth a figure. The others are wrong on purpose.
    pub(crate) fn all() -> Vec<Self> {
        let is_shown = |product: &Self| product.to_possible_value().is_some_and(|value| !value.is_hide_set());
        Self::value_variants().iter().copied().filter(is_shown).collect()
    }

    pub(crate) fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    pub(crate) fn protocol(self) -> Protocol {
        match self {
            Product::Ichat | Product::IchatLimited => Protocol::Guest,
            Product::Bare
            | Product::BareEach
            | Product::Socketioxide
            | Product::Node
            | Product::NodeSqlite
            | Product::Dropping
            | Product::Doubling
            | Product::Reordering => Protocol::Tutorial,
        }
    }

    /// Returns whether the product promises the same order to all clients. Socketioxide runs handlers in parallel.
    pub(crate) fn has_one_order(self) -> bool {
        self != Product::Socketioxide
    }

    fn command(self, data: &Path, listen: SocketAddr, log_level: &str) -> Result<Command> {
        let this_program = std::env::current_exe()?;
        Ok(match self {
            Product::Ichat => {
                let mut command = ichat_server(&this_program, data, listen, log_level);
                // The other products have no limit either.
                for limit in [
                    "--max-rate-per-person",
                    "--max-rate-per-address",
                    "--max-rooms-per-day",
                    "--max-rooms-per-person",
                    "--max-entries-per-day",
                    "--max-mib-per-day",
                    "--max-guest-entries-per-day",
                    "--max-guest-mib-per-day",
                ] {
                    command.args([limit, "0"]);
                }
                for limit in ["--max-connections", "--max-connections-per-address"] {
                    command.args([limit, "20000"]);
                }
                command
            }
            Product::IchatLimited => {
                let mut command = ichat_server(&this_program, data, listen, log_level);
                command.args(["--trusted-proxy", "127.0.0.1"]);
                command
            }
            Product::Node => node("broadcast.mjs", data),
            Product::NodeSqlite => node("stored.mjs", data),
            Product::Bare
            | Product::BareEach
            | Product::Socketioxide
            | Product::Dropping
            | Product::Doubling
            | Product::Reordering => {
                let mut command = Command::new(&this_program);
                command.args(["peer", &self.name()]);
                command
            }
        })
    }
}

fn ichat_server(this_program: &Path, data: &Path, listen: SocketAddr, log_level: &str) -> Command {
    let mut command = Command::new(server_program(this_program));
    command
        .args(["--no-announce", "--log-format", "json", "--log", log_level])
        .arg("--listen")
        .arg(listen.to_string())
        .arg("--data")
        .arg(data_folder(data));
    command
}

/// Returns the folder of I-Chat's data: one of its own, since the server wants one that nobody else looks into, and its log is beside.
fn data_folder(data: &Path) -> PathBuf {
    data.join("data")
}

fn node(script: &str, data: &Path) -> Command {
    let mut command = Command::new("node");
    command
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(script))
        .arg(data);
    command
}

/// Returns I-Chat's program: the one in the environment, or the one beside this program.
fn server_program(this_program: &Path) -> PathBuf {
    std::env::var_os("ICHAT_SERVER_BIN").map_or_else(
        || this_program.with_file_name(format!("ichat-server{}", std::env::consts::EXE_SUFFIX)),
        PathBuf::from,
    )
}

/// A running server. Dropping it kills it.
pub(crate) struct Server {
    product: Product,
    pub(crate) address: SocketAddr,
    /// Keeps the address free while the server is down.
    _port: ReservedPort,
    process: Child,
    data: TempDir,
}

impl Server {
    pub(crate) fn start(product: Product) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let port = ReservedPort::new()?;
        let (process, address) = spawn(product, data.path(), port.address(), "error")?;
        Ok(Self {
            product,
            address,
            _port: port,
            process,
            data,
        })
    }

    /// Kills the server, and starts another product with the same data at the same address.
    pub(crate) fn restart_as(&mut self, product: Product, log_level: &str) -> Result<()> {
        self.product = product;
        self.restart(log_level)
    }

    /// Kills the server, and starts it again with the same data at the same address.
    pub(crate) fn restart(&mut self, log_level: &str) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        (self.process, self.address) = spawn(self.product, self.data.path(), self.address, log_level)?;
        Ok(())
    }

    /// Returns the log since the last start.
    pub(crate) fn log(&self) -> Result<String> {
        Ok(std::fs::read_to_string(log_file(self.data.path()))?)
    }

    pub(crate) fn cpu(&self) -> Result<Duration> {
        kernel::cpu(self.process.id())
    }

    pub(crate) fn pss_bytes(&self) -> Result<u64> {
        kernel::pss_bytes(self.process.id())
    }

    /// Returns the size of the data, in bytes.
    pub(crate) fn disk_bytes(&self) -> Result<u64> {
        let mut bytes = 0;
        for entry in std::fs::read_dir(data_folder(self.data.path()))? {
            bytes += entry?.metadata()?.len();
        }
        Ok(bytes)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Starts a server, and waits until it prints its address.
fn spawn(product: Product, data: &Path, listen: SocketAddr, log_level: &str) -> Result<(Child, SocketAddr)> {
    let mut command = product.command(data, listen, log_level)?;
    let log = File::create(log_file(data))?;
    let mut process = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .with_context(|| format!("{command:?} can't be started; `cargo xtask bench` builds what it needs"))?;
    let mut line = String::new();
    let stdout = process.stdout.take().context("the server has no standard output")?;
    BufReader::new(stdout).read_line(&mut line)?;
    let address = line.trim().strip_prefix("listening on http://").map(str::parse);
    if let Some(Ok(address)) = address {
        return Ok((process, address));
    }
    // It has most likely ended already.
    drop(process.kill());
    process.wait()?;
    bail!(
        "{command:?} did not print its address, but {line:?} {}",
        std::fs::read_to_string(log_file(data))?.trim()
    )
}

fn log_file(data: &Path) -> PathBuf {
    data.join("stderr")
}
