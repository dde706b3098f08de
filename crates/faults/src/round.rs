//! One round of a case: its folder, its random numbers, its server and its clients, and the check at the end.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use ichat_protocol::Entry;

use crate::checker::{self, Observations};
use crate::client_handle::{ClientHandle, ClientKind, ClientOptions};
use crate::client_protocol::View;
use crate::collect::{history_after_kill, history_in_sync};
use crate::process::Launch;
use crate::room_log::{self, RoomLog};
use crate::server_handle::{ServerHandle, ServerOptions};

/// Violations that are printed; the others are in a file.
const MAX_PRINTED_VIOLATIONS: usize = 5;

/// The programs under test.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    /// `ichat-server`.
    pub(crate) server: PathBuf,
    /// This program, which also runs our clients.
    pub(crate) checker: PathBuf,
    pub(crate) node: PathBuf,
    /// The folder `ui`, where socket.io-client is installed.
    pub(crate) ui: PathBuf,
}

/// The duration of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Pace {
    /// Seconds, in `cargo xtask test`.
    Short,
    /// The whole proof.
    Full,
    /// Their real minutes: the case was asked for by name.
    Named,
}

impl Pace {
    /// Returns the seconds that a fault lasts at this pace.
    pub(crate) fn duration(self, short: u64, full: u64, named: u64) -> Duration {
        Duration::from_secs(match self {
            Pace::Short => short,
            Pace::Full => full,
            Pace::Named => named,
        })
    }

    /// Returns how much later than promised something may happen. `cargo xtask test` may share the machine with other
    /// programs, so that it judges times less strictly.
    pub(crate) fn grace(self) -> Duration {
        match self {
            Pace::Short => Duration::from_secs(10),
            Pace::Full | Pace::Named => Duration::ZERO,
        }
    }
}

/// One round. Everything random in it comes from `rng`, so that the seed repeats it.
pub(crate) struct Round {
    pub(crate) seed: u64,
    pub(crate) rng: fastrand::Rng,
    /// The round's folder: data, histories, logs. Kept when the round fails.
    pub(crate) dir: PathBuf,
    pub(crate) programs: Programs,
    pub(crate) pace: Pace,
    clients: Vec<ClientHandle>,
    servers: Vec<ServerHandle>,
    is_restored: bool,
    /// The logs at the end, for what a case checks itself.
    logs: Vec<RoomLog>,
    /// The round's measurements, printed with the case's result: names and values.
    pub(crate) measurements: Vec<(&'static str, f64)>,
}

impl Round {
    pub(crate) fn new(seed: u64, dir: &Path, programs: Programs, pace: Pace) -> Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("{} can't be created", dir.display()))?;
        Ok(Self {
            seed,
            rng: fastrand::Rng::with_seed(seed),
            dir: dir.to_owned(),
            programs,
            pace,
            clients: Vec::new(),
            servers: Vec::new(),
            is_restored: false,
            logs: Vec::new(),
            measurements: Vec::new(),
        })
    }

    /// Starts a server. The first one of the round is the one that is checked.
    pub(crate) fn server(&mut self) -> Result<ServerHandle> {
        self.server_with(ServerOptions::default())
    }

    pub(crate) fn server_with(&mut self, options: ServerOptions) -> Result<ServerHandle> {
        let server = ServerHandle::start(&self.programs.server, &self.dir, options)?;
        self.servers.push(server.clone());
        Ok(server)
    }

    /// Starts a user's client: ours.
    pub(crate) fn client(&mut self, name: &str) -> Result<ClientHandle> {
        self.client_with(name, ClientKind::IChat, Launch::default())
    }

    /// Starts a user's client: socket.io-client.
    pub(crate) fn socket_io_client(&mut self, name: &str) -> Result<ClientHandle> {
        self.client_with(name, ClientKind::SocketIo, Launch::default())
    }

    pub(crate) fn client_with(&mut self, name: &str, kind: ClientKind, launch: Launch) -> Result<ClientHandle> {
        let (program, arguments) = match kind {
            ClientKind::IChat => (self.programs.checker.clone(), vec!["client".into()]),
            ClientKind::SocketIo => {
                let script = self.programs.ui.join("tests/faults/client.mjs");
                (self.programs.node.clone(), vec![script.into()])
            }
        };
        let options = ClientOptions {
            kind,
            program,
            arguments,
            launch,
        };
        let client = ClientHandle::start(name, options, &self.dir)?;
        self.clients.push(client.clone());
        Ok(client)
    }

    /// Sleeps for a random time below so many milliseconds.
    pub(crate) fn sleep_up_to(&mut self, ms: u64) {
        let sleep = self.rng.u64(..ms.saturating_mul(1_000).max(1));
        std::thread::sleep(Duration::from_micros(sleep));
    }

    pub(crate) fn record_count(&mut self, name: &'static str, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.measurements.push((name, f64::from(count)));
    }

    /// Records a time in milliseconds. The name contains the unit.
    pub(crate) fn record_ms(&mut self, name: &'static str, time: Duration) {
        self.measurements.push((name, time.as_secs_f64() * 1_000.0));
    }

    /// Notes that an older log was restored on purpose.
    pub(crate) fn note_restored_log(&mut self) {
        self.is_restored = true;
    }

    /// Waits until every client is in sync, ends the clients and the server, and checks what they leave behind.
    pub(crate) fn check(&mut self) -> Result<()> {
        let server = self.servers.first().cloned().context("the round had no server")?;
        let witness = self.witness(&server);
        self.check_after(&server, witness)
    }

    /// Returns what a client sees that joins after all others have sent what they had.
    fn witness(&mut self, server: &ServerHandle) -> Result<View> {
        if !server.is_running() {
            server.restart()?;
        }
        let running: Vec<_> = self.clients.iter().filter(|client| client.is_running()).collect();
        for client in &running {
            client.nudge()?;
        }
        for client in running {
            client.wait_for_empty_outbox()?;
        }
        let witness = self.client_with("witness", ClientKind::IChat, server.launch_beside())?;
        witness.join(server.address())?;
        witness.view()
    }

    /// Checks even if a client is not in sync, or the server can't be stopped: a violation says more than a timeout.
    fn check_after(&mut self, server: &ServerHandle, witness: Result<View>) -> Result<()> {
        let (witness, mut failure) = match witness {
            Ok(witness) => (Some(witness), None),
            Err(error) => (None, Some(error)),
        };
        let rooms = witness.iter().flat_map(|view| &view.rooms);
        let head = rooms
            .filter_map(|room| room.entries.last())
            .map(|entry| entry.seq)
            .max();
        let mut clients = Vec::new();
        for client in &self.clients {
            let history = match head {
                Some(head) if failure.is_none() && client.is_running() => history_in_sync(client, head),
                Some(_) | None => history_after_kill(client),
            };
            match history {
                Ok(history) => clients.push(history),
                Err(error) => {
                    failure.get_or_insert(error);
                    clients.push(history_after_kill(client)?);
                }
            }
        }
        let ended = if failure.is_none() {
            server.stop()
        } else {
            server.kill()
        };
        if let Err(error) = ended {
            failure.get_or_insert(error);
        }
        let observations = Observations {
            logs: room_log::read(server.data())?,
            witness,
            clients,
            is_restored: self.is_restored,
        };
        let violations = checker::check(&observations).into_iter();
        let failures: Vec<String> = failure
            .map(|error| format!("{error:#}"))
            .into_iter()
            .chain(self.first_panic())
            .chain(violations.map(|violation| violation.to_string()))
            .collect();
        self.logs = observations.logs;
        self.fail_with(&failures)
    }

    fn fail_with(&self, failures: &[String]) -> Result<()> {
        if failures.is_empty() {
            return Ok(());
        }
        std::fs::write(self.dir.join("violations.txt"), failures.join("\n"))?;
        let printed = failures.iter().take(MAX_PRINTED_VIOLATIONS);
        let printed: Vec<_> = printed.map(|failure| format!("\n  {failure}")).collect();
        bail!(
            "{} violations (all of them are in violations.txt):{}",
            failures.len(),
            printed.concat()
        );
    }

    /// Returns the lobby's log at the end of the round.
    pub(crate) fn log(&self) -> Result<&[Entry]> {
        // The store orders logs by the room's key, and the lobby is the first room that is made.
        let lobby = self.logs.first().context("the round has not been checked yet")?;
        Ok(&lobby.entries)
    }

    /// Returns the first panic in the logs of the clients and the servers.
    fn first_panic(&self) -> Option<String> {
        let logs = self.clients.iter().map(ClientHandle::log);
        let mut logs = logs.chain(self.servers.iter().map(|server| server.log().to_owned()));
        logs.find_map(|log| {
            let text = std::fs::read(&log).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let line = text.lines().find(|line| line.contains("panicked at"))?;
            Some(format!("{}: {line}", log.display()))
        })
    }
}
