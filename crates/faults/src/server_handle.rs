//! The real server program. Its data folder and its address stay the same when it is killed and started again.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use ichat_testkit::ReservedPort;
use parking_lot::{Mutex, MutexGuard};

use crate::process::{Launch, Process};

/// Longer than a server takes to shut down on a busy machine.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(40);

/// Options for starting a server.
#[derive(Clone, Debug)]
pub(crate) struct ServerOptions {
    pub(crate) launch: Launch,
    /// The address to listen at; without it a free port of the loopback interface.
    pub(crate) listen: Option<SocketAddr>,
    /// The data folder; without it a new one in the round's folder.
    pub(crate) data: Option<PathBuf>,
    pub(crate) flags: Vec<OsString>,
    pub(crate) log_level: &'static str,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            launch: Launch::default(),
            listen: None,
            data: None,
            flags: Vec::new(),
            log_level: "warn",
        }
    }
}

/// A server process. Cheap to clone: all clones are the same server.
#[derive(Clone)]
pub(crate) struct ServerHandle {
    inner: Arc<Inner>,
}

struct Inner {
    program: PathBuf,
    data: PathBuf,
    log: PathBuf,
    options: ServerOptions,
    address: SocketAddr,
    /// Keeps the address free while the server is down.
    _port: Option<ReservedPort>,
    process: Mutex<Option<Process>>,
}

impl ServerHandle {
    /// Starts the server, and returns when it listens.
    pub(crate) fn start(program: &Path, dir: &Path, options: ServerOptions) -> Result<Self> {
        let (address, port) = if let Some(address) = options.listen {
            (address, None)
        } else {
            let port = ReservedPort::new()?;
            (port.address(), Some(port))
        };
        let server = Self {
            inner: Arc::new(Inner {
                program: program.to_owned(),
                data: options.data.clone().unwrap_or_else(|| dir.join("server")),
                log: dir.join("server.log"),
                options,
                address,
                _port: port,
                process: Mutex::default(),
            }),
        };
        server.restart()?;
        Ok(server)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.inner.address
    }

    /// Returns how to start a program in the server's network namespace.
    pub(crate) fn launch_beside(&self) -> Launch {
        Launch {
            prefix: self.inner.options.launch.prefix.clone(),
            env: Vec::new(),
        }
    }

    pub(crate) fn data(&self) -> &Path {
        &self.inner.data
    }

    /// Returns the file with the server's standard error.
    pub(crate) fn log(&self) -> &Path {
        &self.inner.log
    }

    pub(crate) fn is_running(&self) -> bool {
        self.process().is_some()
    }

    /// Returns the process id, if the server runs.
    pub(crate) fn process_id(&self) -> Option<u32> {
        self.process().as_ref().map(Process::id)
    }

    /// Kills the server with `SIGKILL`, if it runs.
    pub(crate) fn kill(&self) -> Result<()> {
        match self.process().take() {
            Some(mut process) => process.kill(),
            None => Ok(()),
        }
    }

    /// Shuts the server down in order, if it runs.
    pub(crate) fn stop(&self) -> Result<()> {
        let Some(mut process) = self.process().take() else {
            return Ok(());
        };
        let status = process.terminate(SHUTDOWN_TIMEOUT)?;
        if !status.success() {
            bail!("the server ended with {status}; see {}", self.inner.log.display());
        }
        Ok(())
    }

    /// Starts the server again with the same data folder at the same address. Kills it first if it runs.
    pub(crate) fn restart(&self) -> Result<()> {
        self.kill()?;
        let inner = &self.inner;
        let mut running = self.process();
        let mut command = inner.options.launch.command(&inner.program, &inner.log)?;
        command
            .args(["--no-announce", "--log", inner.options.log_level])
            // The people of the checker post as fast as they can.
            .args(["--max-rate-per-person", "0", "--max-rate-per-address", "0"])
            .args(["--max-entries-per-day", "0", "--max-mib-per-day", "0"])
            .args(["--max-guest-entries-per-day", "0", "--max-guest-mib-per-day", "0"])
            // Some cases fill a small disk to its end.
            .args(["--disk-reserve", "0", "--guest-disk-reserve", "0"])
            .arg("--listen")
            .arg(inner.address.to_string())
            .arg("--data")
            .arg(&inner.data)
            .args(&inner.options.flags);
        let mut process = Process::start(&mut command)?;
        let stdout = process.take_stdout().context("the server has no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        if line.trim() != format!("listening on http://{}", inner.address) {
            let log = std::fs::read_to_string(&inner.log).unwrap_or_default();
            bail!("the server did not start: {}", log.lines().last().unwrap_or_default());
        }
        *running = Some(process);
        Ok(())
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.inner.process.lock()
    }
}

/// Runs a maintenance command of the server program (`backup`, `restore`) on a data folder, and returns its output, be
/// it an error.
pub(crate) fn maintenance_output(program: &Path, command: &str, data: &Path, file: &Path) -> Result<Output> {
    let mut process = std::process::Command::new(program);
    Ok(process.arg(command).arg("--data").arg(data).arg(file).output()?)
}

/// Runs a maintenance command that must succeed.
pub(crate) fn run_maintenance(program: &Path, command: &str, data: &Path, file: &Path) -> Result<()> {
    let output = maintenance_output(program, command, data, file)?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        bail!(
            "`ichat-server {command}` ended with {}: {}",
            output.status,
            error.trim()
        );
    }
    Ok(())
}
