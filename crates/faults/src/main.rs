//! The fault checker: it injects faults into a real server and real clients, and checks their histories against the
//! log.
//!
//! ```text
//!   runner ── runs the cases of cases/, round by round
//!     └ round ──┬── server_handle    the server program: killed, started again
//!               ├── client_handle    clients: ours (client_process), and socket.io-client. Each records its history,
//!               │                    fsynced: what it sent, what was acknowledged, what it showed
//!               ├── the nemesis      disk (loses its power), wall_clock (jumps), ichat_testkit::Proxy (drops packets),
//!               │                    ichat_testkit::net (delays, loses, becomes a black hole)
//!               ├── generator        random posts; crowd: thousands of light clients
//!               └── checker ◀─────── histories, views, the log over the wire, the log on disk
//! ```
//!
//! The words are [Jepsen's](https://jepsen.io): a *generator* makes operations, *clients* carry them out and record a
//! *history*, the *nemesis* injects faults, and the *checker* finds what the history must not contain.
//!
//! `cargo xtask faults` builds what it needs and runs it. A round that fails tells the seed that repeats it, and its
//! folder is kept. To add a case, see [`cases`].

// The output of this program is for a terminal.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod case;
mod cases;
mod checker;
mod client_handle;
mod client_process;
mod client_protocol;
mod client_state;
mod collect;
mod crowd;
#[cfg(target_os = "linux")]
mod disk;
mod generator;
mod history;
mod process;
mod room_log;
mod round;
mod runner;
mod server_handle;
#[cfg(target_os = "linux")]
mod wall_clock;
mod watchdog;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Injects faults, and checks that no message shown as sent is lost, doubled or moved.
#[derive(Parser)]
#[command(name = "ichat-faults")]
struct Cli {
    #[command(subcommand)]
    mode: Option<Mode>,
    #[command(flatten)]
    options: runner::Options,
}

#[derive(Subcommand)]
enum Mode {
    /// Run as one of the clients under test
    #[command(hide = true)]
    Client(client_process::Options),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.mode {
        Some(Mode::Client(options)) => client_process::run(options),
        None => runner::run(&cli.options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
