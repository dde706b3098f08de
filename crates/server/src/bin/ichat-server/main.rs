//! `ichat-server`: the server without a window.

mod announce;
mod logs;
mod maintenance;
mod output;
mod settings;
mod signals;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser as _;
use ichat_protocol::Name;
use ichat_server::{ListenError, ServeError};
use ichat_store::{MaintenanceError, OpenError, Store};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::maintenance::MaintenanceCommand;
use crate::settings::{Flags, Settings, SettingsError};
use crate::signals::Signals;

/// The exit code of a program that could not start (wrong settings, a port in use, a data folder that can't be used),
/// or of a command that failed.
const COULD_NOT_START: u8 = 2;

/// Open files other than connections: the database, the logs, discovery, and sockets that are being accepted.
const OTHER_OPEN_FILES: u64 = 128;

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { command, flags } = Arguments::parse();
    let result = match command {
        Some(command) => run_maintenance(&command, flags),
        None => serve(flags).await.map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        output::print_error(format_args!("ichat-server: {error}\n"));
        match error {
            Error::Serve(ServeError::Stuck | ServeError::Failed(_)) => ExitCode::FAILURE,
            Error::Serve(ServeError::Store(_) | ServeError::Random(_))
            | Error::Settings(_)
            | Error::Listen(_)
            | Error::Open(_)
            | Error::Signals(_)
            | Error::Maintenance(_) => ExitCode::from(COULD_NOT_START),
        }
    })
}

/// An I-Chat server without a window: for people who join from the app or from a browser.
///
/// Every option can be given as a flag, in the environment, or in a TOML file under the flag's name
/// (`max-connections = 500`). A flag wins over the environment, the environment over the file, the file over the default.
#[derive(Debug, clap::Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<MaintenanceCommand>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("The signals that stop the program can't be received: {0}.")]
    Signals(std::io::Error),
    #[error(transparent)]
    Maintenance(#[from] MaintenanceError),
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Runs a command. It blocks the runtime, on which nothing else runs.
fn run_maintenance(command: &MaintenanceCommand, flags: Flags) -> Result<ExitCode, Error> {
    let settings = Settings::resolve(flags)?;
    Ok(command.run(&settings.data)?)
}

/// Serves until a signal stops the program.
async fn serve(flags: Flags) -> Result<(), Error> {
    let settings = Settings::resolve(flags)?;
    logs::start(settings.log, settings.log_format);
    let listener = ichat_server::listen(settings.listen)?;
    let store = Store::open_server(&settings.data, &lobby_name()).await?;
    let address = listener.local_addr().unwrap_or(settings.listen);
    let shutdown = CancellationToken::new();
    let signals = Signals::listen().map_err(Error::Signals)?;
    tokio::spawn({
        let shutdown = shutdown.clone();
        async move {
            signals.recv().await;
            shutdown.cancel();
        }
    });
    raise_open_files_limit(settings.server.max_open_connections());
    let (online_count, announced_count) = watch::channel(0);
    let announcement = if settings.announce {
        announce::start(&store, &settings.server, address, announced_count)
    } else {
        None
    };
    output::print(format_args!("listening on http://{}", browser_address(address)));
    let served = ichat_server::run(listener, store.clone(), settings.server, online_count, shutdown).await;
    if let Some(announcement) = announcement {
        announcement.stop().await;
    }
    store.close().await;
    Ok(served?)
}

/// Raises the system's limit on open files, which is often 1,024. Each connection is one.
fn raise_open_files_limit(connections: usize) {
    let wanted = u64::try_from(connections)
        .unwrap_or(u64::MAX)
        .saturating_add(OTHER_OPEN_FILES);
    match rlimit::increase_nofile_limit(wanted) {
        Ok(allowed) if allowed >= wanted => {}
        Ok(allowed) => tracing::warn!(
            allowed,
            wanted,
            "the system's limit on open files is lower than the number of connections that may be open"
        ),
        Err(error) => tracing::warn!(%error, "raising the limit on open files failed"),
    }
}

/// Returns the address in a form that a browser on this machine can open.
fn browser_address(address: SocketAddr) -> String {
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
