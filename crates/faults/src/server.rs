//! The real server program, with a data folder and an address that stay when it is killed.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::process::{Process, Setting};

/// How long the server may take to end when it is asked to.
const PATIENCE: Duration = Duration::from_secs(40);

/// How a server is to be started.
#[derive(Clone, Debug)]
pub(crate) struct ServerSetting {
    pub(crate) setting: Setting,
    /// Where it listens; port 0 takes a free one, and keeps it over restarts.
    pub(crate) listen: SocketAddr,
    /// Its data folder; without it a new one in the round's folder.
    pub(crate) data: Option<PathBuf>,
    /// Another program than the one that is tested.
    pub(crate) program: Option<PathBuf>,
    pub(crate) flags: Vec<OsString>,
    /// How much it logs.
    pub(crate) log: &'static str,
}

impl Default for ServerSetting {
    fn default() -> Self {
        Self {
            setting: Setting::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data: None,
            program: None,
            flags: Vec::new(),
            log: "warn",
        }
    }
}

/// A server. Cheap to clone: all clones are the same one.
#[derive(Clone)]
pub(crate) struct Server {
    inner: Arc<Inner>,
}

struct Inner {
    program: PathBuf,
    data: PathBuf,
    log: PathBuf,
    setting: ServerSetting,
    running: Mutex<Running>,
}

struct Running {
    process: Option<Process>,
    address: SocketAddr,
}

impl Server {
    /// Starts it, and returns when it listens.
    pub(crate) fn start(program: &Path, dir: &Path, setting: ServerSetting) -> Result<Self> {
        let server = Self {
            inner: Arc::new(Inner {
                program: setting.program.clone().unwrap_or_else(|| program.to_owned()),
                data: setting.data.clone().unwrap_or_else(|| dir.join("server")),
                log: dir.join("server.log"),
                running: Mutex::new(Running {
                    process: None,
                    address: setting.listen,
                }),
                setting,
            }),
        };
        server.restart()?;
        Ok(server)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running().address
    }

    /// How to start a program where the server is.
    pub(crate) fn place(&self) -> Setting {
        Setting {
            prefix: self.inner.setting.setting.prefix.clone(),
            env: Vec::new(),
        }
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> &Path {
        &self.inner.data
    }

    /// What it wrote on standard error.
    pub(crate) fn log(&self) -> &Path {
        &self.inner.log
    }

    pub(crate) fn is_running(&self) -> bool {
        self.running().process.is_some()
    }

    /// The process's number, while it runs.
    pub(crate) fn process_id(&self) -> Option<u32> {
        self.running().process.as_ref().map(Process::id)
    }

    /// `kill -9`.
    pub(crate) fn kill(&self) -> Result<()> {
        match self.running().process.take() {
            Some(mut process) => process.kill(),
            None => Ok(()),
        }
    }

    /// Has the program do something else with the data folder: `backup`, `restore`.
    pub(crate) fn runs(&self, what: &str, with: &[&Path]) -> Result<()> {
        let inner = &self.inner;
        let mut command = inner.setting.setting.command(&inner.program, &inner.log)?;
        command.arg(what).arg("--data").arg(&inner.data).args(with);
        let status = command.stdout(std::process::Stdio::null()).status()?;
        if !status.success() {
            bail!("`ichat-server {what}` ended with {status}; see {}", inner.log.display());
        }
        Ok(())
    }

    /// Goes down politely; nothing when it is down.
    pub(crate) fn stop(&self) -> Result<()> {
        let Some(mut process) = self.running().process.take() else {
            return Ok(());
        };
        let status = process.ask_to_end(PATIENCE)?;
        if !status.success() {
            bail!("the server ended with {status}; see {}", self.inner.log.display());
        }
        Ok(())
    }

    /// Runs again, with the data and at the address that it had. Where it ran, it is killed first.
    pub(crate) fn restart(&self) -> Result<()> {
        self.kill()?;
        let inner = &self.inner;
        let mut running = self.running();
        let mut command = inner.setting.setting.command(&inner.program, &inner.log)?;
        command
            .args(["--no-announce", "--log", inner.setting.log, "--listen"])
            .arg(running.address.to_string())
            .arg("--data")
            .arg(&inner.data)
            .args(&inner.setting.flags);
        let mut process = Process::start(&mut command)?;
        let told = process.take_stdout().context("the server has no standard output")?;
        let mut line = String::new();
        BufReader::new(told).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on http://");
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            let log = std::fs::read_to_string(&inner.log).unwrap_or_default();
            bail!("the server did not start: {}", log.lines().last().unwrap_or_default());
        };
        running.address = address;
        running.process = Some(process);
        Ok(())
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.inner.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
