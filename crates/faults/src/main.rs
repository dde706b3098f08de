//! The checker: real clients, a real server, faults on purpose, and the books held against the log afterwards.
//!
//! ```text
//!   cases ── run one round ──▶ round ──┬── server    the real program, killed and brought back
//!     (S1, D4 …)                       └── people    clients: ours (`person`), and socket.io-client
//!                                            │            each keeps a record, fsynced: sent, acknowledged, shown
//!                                            ▼
//!   verify ◀── records, views, the log over the wire, the log on disk
//! ```
//!
//! Between two people there may be a line that delays, loses and swallows (`net`, Linux), and around them a crowd of light
//! clients (`swarm`).
//!
//! `cargo xtask faults` builds what it needs and runs it. A round that fails says which seed plays it again, and its
//! folder is kept.

// This program is one whose words go to a terminal.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod cases;
#[cfg(target_os = "linux")]
mod disk;
mod history;
#[cfg(target_os = "linux")]
mod net;
mod order;
mod people;
mod person;
mod process;
mod record;
mod round;
mod run;
mod server;
mod swarm;
mod verify;
mod watch;
mod wire;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Breaks things on purpose, and checks that what was shown as sent is never lost, never doubled, never moved.
#[derive(Parser)]
#[command(name = "ichat-faults")]
struct Cli {
    #[command(subcommand)]
    be: Option<Be>,
    #[command(flatten)]
    options: run::Options,
}

#[derive(Subcommand)]
enum Be {
    /// A client of ours, as the checker starts it.
    #[command(hide = true)]
    Person(person::Options),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.be {
        Some(Be::Person(options)) => person::live(options),
        None => run::run(&cli.options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
