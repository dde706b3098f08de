//! `ichat-server`: I-Chat's server without a window, and what looks after its history.

mod announce;
mod care;
mod logs;
mod settings;

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser as _;
use ichat_protocol::Name;
use ichat_server::ListenError;
use ichat_store::{MaintenanceError, OpenError, Store};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::care::Care;
use crate::settings::{Flags, Settings, SettingsError};

/// It could not start: wrong settings, a port in use, a data folder that can't be used.
const COULD_NOT_START: u8 = 2;

/// Files open besides connections: the database, the logs, discovery, and what is being accepted.
const BESIDES_CONNECTIONS: u64 = 128;

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { care, flags } = Arguments::parse();
    let done = match care {
        Some(care) => look_after(&care, flags),
        None => start(flags).await.map(|()| ExitCode::SUCCESS),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            // Whoever closed standard error does not want to hear it.
            drop(writeln!(std::io::stderr(), "ichat-server: {error}"));
            match error {
                Error::Serve(_) => ExitCode::FAILURE,
                _ => ExitCode::from(COULD_NOT_START),
            }
        }
    }
}

/// An I-Chat server without a window: rooms for everybody who can reach it, from the app or from a browser.
///
/// Every option can be given as a flag, in the environment, or in a TOML file under the flag's name (`max-connections = 500`).
/// A flag wins over the environment, the environment over the file, the file over the default.
#[derive(Debug, clap::Parser)]
#[command(name = "ichat-server", version, args_conflicts_with_subcommands = false)]
struct Arguments {
    #[command(subcommand)]
    care: Option<Care>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("{0}")]
    Settings(#[from] SettingsError),
    #[error("{0}")]
    Listen(#[from] ListenError),
    #[error("{0}")]
    Open(#[from] OpenError),
    #[error("The signals that stop the program can't be heard: {0}.")]
    Signals(std::io::Error),
    #[error("{0}")]
    Care(#[from] MaintenanceError),
    #[error("{0}")]
    Serve(#[from] ichat_server::ServeError),
}

/// These block, and nothing else runs meanwhile.
fn look_after(care: &Care, flags: Flags) -> Result<ExitCode, Error> {
    let settings = Settings::decide(flags)?;
    Ok(care.run(&settings.data)?)
}

async fn start(flags: Flags) -> Result<(), Error> {
    let settings = Settings::decide(flags)?;
    logs::start(settings.log, settings.log_format);
    let listener = ichat_server::listen(settings.listen)?;
    let store = Store::open_server(&settings.data, &lobby_name()).await?;
    let address = listener.local_addr().unwrap_or(settings.listen);
    let shutdown = CancellationToken::new();
    let signals = Signals::listen().map_err(Error::Signals)?;
    tokio::spawn({
        let shutdown = shutdown.clone();
        async move {
            signals.heard().await;
            shutdown.cancel();
        }
    });
    allow_open_files(settings.server.max_connections);
    let (people, told) = watch::channel(0);
    let announced = if settings.announce {
        announce::start(&store, &settings.server, address, told)
    } else {
        None
    };
    // Whoever closed standard output does not want to hear it.
    drop(writeln!(std::io::stdout(), "listening on http://{}", shown(address)));
    let served = ichat_server::run(listener, store.clone(), settings.server, people, shutdown).await;
    if let Some(announced) = announced {
        announced.stop().await;
    }
    store.close().await;
    Ok(served?)
}

/// Systems allow a program few open files (often 1,024) unless it asks for more. Each connection is one.
fn allow_open_files(connections: usize) {
    let wanted = u64::try_from(connections)
        .unwrap_or(u64::MAX)
        .saturating_add(BESIDES_CONNECTIONS);
    match rlimit::increase_nofile_limit(wanted) {
        Ok(allowed) if allowed >= wanted => {}
        Ok(allowed) => tracing::warn!(
            allowed,
            wanted,
            "the system allows fewer open files than connections are allowed"
        ),
        Err(error) => tracing::warn!(%error, "the number of open files could not be raised"),
    }
}

/// An address that can be opened in a browser on this machine.
fn shown(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    }
}

fn lobby_name() -> Name {
    #[expect(clippy::expect_used, reason = "a literal")]
    Name::parse("Lobby").expect("five plain letters are a name")
}

/// The signals that ask the program to end.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(windows)]
    close: tokio::signal::windows::CtrlClose,
    #[cfg(windows)]
    shutdown: tokio::signal::windows::CtrlShutdown,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn heard(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(windows)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::windows::{ctrl_c, ctrl_close, ctrl_shutdown};
        Ok(Self {
            close: ctrl_close()?,
            shutdown: ctrl_shutdown()?,
            interrupt: ctrl_c()?,
        })
    }

    async fn heard(mut self) {
        tokio::select! {
            _ = self.close.recv() => {}
            _ = self.shutdown.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
