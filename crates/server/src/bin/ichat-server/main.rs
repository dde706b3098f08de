//! `ichat-server`: the server without a window.

mod announce;
mod config_command;
mod line_limit;
mod logs;
mod maintenance;
mod output;
mod settings;
mod signals;
mod start;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser};
use ichat_manual::ManualCommand;
use ichat_server::{Config, ServeError};
use ichat_store::MaintenanceError;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config_command::ConfigCommand;
use crate::maintenance::MaintenanceCommand;
use crate::settings::{Settings, SettingsError};
use crate::signals::Signals;
use crate::start::{Opened, StartError};

/// The exit code of a program that can't start until a person changes something, or of a command that failed. Failures that
/// may pass by themselves have the exit code 1.
const EXIT_PERMANENT: u8 = 2;

/// Open files other than connections: the database, the logs, discovery, and sockets that are being accepted.
const OTHER_OPEN_FILES: u64 = 128;

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Arguments::parse() {
        Ok((Arguments { command: Some(command) }, matches)) => run_command(&command, &matches),
        Ok((Arguments { command: None }, matches)) => serve(&matches).await.map(|()| ExitCode::SUCCESS),
        // Prints also the help.
        Err(error) => error.exit(),
    };
    result.unwrap_or_else(|error| {
        output::print_error(format_args!("ichat-server: {error}\n"));
        error.exit_code()
    })
}

/// An I-Chat server without a window: for people who join from the app or from a browser.
///
/// Every setting can be given as a flag, as a variable, or in a TOML file under the flag's name
/// (`max-connections = 500`). A flag overrides the variable, the variable the file, the file the default.
#[derive(Debug, Parser)]
#[command(name = "ichat-server", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    #[command(flatten)]
    Maintenance(MaintenanceCommand),
    /// Look at the settings
    #[command(subcommand)]
    Config(ConfigCommand),
    #[command(flatten)]
    Manual(ManualCommand),
}

impl Arguments {
    /// Parses the command line. The matches have the settings.
    fn parse() -> Result<(Self, ArgMatches), clap::Error> {
        let matches = Self::with_flags().try_get_matches()?;
        Ok((Self::from_arg_matches(&matches)?, matches))
    }

    /// Returns the command line with the flags of the settings, also after `config check`.
    fn with_flags() -> clap::Command {
        Self::command()
            .args(settings::flags())
            .mut_subcommand("config", |config| {
                config.mut_subcommand("check", |check| check.args(settings::flags()))
            })
    }
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("The signals that stop the program can't be received: {0}.")]
    Signals(std::io::Error),
    #[error("The settings can't be printed: {0}.")]
    Report(std::io::Error),
    #[error("The description of the program can't be written: {0}.")]
    Manual(std::io::Error),
    #[error(transparent)]
    Maintenance(#[from] MaintenanceError),
    #[error(transparent)]
    Serve(#[from] ServeError),
}

impl Error {
    fn exit_code(&self) -> ExitCode {
        let may_pass = match self {
            Self::Start(error) => error.is_transient(),
            Self::Serve(_) => true,
            Self::Settings(_) | Self::Signals(_) | Self::Report(_) | Self::Manual(_) | Self::Maintenance(_) => false,
        };
        if may_pass {
            ExitCode::FAILURE
        } else {
            ExitCode::from(EXIT_PERMANENT)
        }
    }
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Runs a command. It blocks the runtime, on which nothing else runs.
fn run_command(command: &Command, matches: &ArgMatches) -> Result<ExitCode, Error> {
    // The settings can stand before and after the command.
    let mut flags = vec![matches];
    while let Some((_, matches)) = flags.last().and_then(|matches| matches.subcommand()) {
        flags.push(matches);
    }
    match command {
        Command::Maintenance(command) => Ok(command.run(&Settings::resolve_data(&flags, &variable)?)?),
        Command::Config(command) => {
            command
                .run(&Settings::resolve(&flags, &variable)?)
                .map_err(Error::Report)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Manual(command) => {
            command.run(Arguments::with_flags()).map_err(Error::Manual)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Serves until a signal stops the program.
async fn serve(flags: &ArgMatches) -> Result<(), Error> {
    let settings = Settings::resolve(&[flags], &variable)?;
    let line_limit = logs::start(settings.log, settings.log_format, settings.server.metrics.clone());
    tokio::spawn(line_limit.clone().report_regularly());
    let served = serve_with(settings).await;
    line_limit.report_all();
    served
}

async fn serve_with(settings: Settings) -> Result<(), Error> {
    let shutdown = CancellationToken::new();
    let signals = Signals::listen().map_err(Error::Signals)?;
    tokio::spawn({
        let shutdown = shutdown.clone();
        async move {
            signals.recv().await;
            shutdown.cancel();
        }
    });
    let Some(opened) = shutdown.run_until_cancelled(start::open(&settings)).await else {
        return Ok(());
    };
    let Opened {
        listener,
        metrics_listener,
        store,
    } = opened?;
    if let Some(warning) = settings::unknown_variables(std::env::vars_os().map(|(name, _)| name)) {
        tracing::warn!("{warning}");
    }
    let address = listener.local_addr().unwrap_or(settings.listen);
    raise_open_files_limit(settings.server.max_open_connections());
    let (online_count, announced_count) = watch::channel(0);
    let announcement = if settings.announce {
        announce::start(&store, &settings.server, address, announced_count)
    } else {
        None
    };
    let base_path = &settings.server.base_path;
    let path = if base_path.is_root() { "" } else { base_path.as_str() };
    output::print(format_args!("listening on http://{}{path}", browser_address(address)));
    if let Some(listener) = metrics_listener {
        serve_metrics(listener, &settings.server, shutdown.clone());
    }
    let served = ichat_server::run(listener, store.clone(), settings.server, online_count, shutdown).await;
    if let Some(announcement) = announcement {
        announcement.stop().await;
    }
    store.close().await;
    Ok(served?)
}

/// Serves the metrics beside the server, until shutdown.
fn serve_metrics(listener: TcpListener, config: &Config, shutdown: CancellationToken) {
    if let Ok(address) = listener.local_addr() {
        output::print(format_args!("metrics on http://{}/metrics", browser_address(address)));
        if address.ip().is_unspecified() {
            tracing::warn!(%address, "every address of this machine has the metrics: who can reach the port can read them");
        }
    }
    let config = config.clone();
    tokio::spawn(async move { ichat_server::serve_metrics(listener, &config, shutdown).await });
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
