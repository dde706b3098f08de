//! The commands of the README: `cargo xtask run`, `test`, `faults`, `bench`, `bundle`. Each does its own set-up first.
//!
//! ```text
//!   run ──┐               ┌── packages   what the system lacks, by apt-get
//!   test ─┼──▶ setup ─────┼── ui         npm packages, and the two builds of the interface
//!   bench ┤               └── python     a virtual environment for a client that is not ours
//!   faults┤
//!   bundle┘
//!   test ──▶ steps (what there is to run) ──▶ process (one step: a group of processes with a time limit)
//! ```

// This program is the one whose words go to a terminal.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod addresses;
mod bench;
mod bundle;
mod faults;
mod packages;
mod peers;
mod process;
mod programs;
mod python;
mod repo;
mod run;
mod screen;
mod setup;
mod steps;
mod test;
mod ui;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::repo::Repo;

/// Builds, runs and tests I-Chat. Every command installs what it needs first.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Opens the app; where there is no display, serves browsers and prints the address and a QR code.
    Run(run::Options),
    /// Runs every test, or the steps that are named.
    Test(test::Options),
    /// Checks format, lints and types, and the licences when cargo-deny is installed.
    Check,
    /// Measures; the figures go to target/bench as lines of JSON.
    Bench(bench::Options),
    /// Breaks things on purpose, and checks that nothing that was shown as sent is lost, doubled or moved.
    Faults(faults::Options),
    /// Makes the installers, the headless server and the command-line client.
    Bundle,
    /// Installs what running, testing and bundling need, and builds the interface.
    Setup,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let repo = Repo::here();
    let done = process::catch_signals().and_then(|()| match cli.command {
        Command::Run(options) => run::run(&repo, &options),
        Command::Test(options) => test::test(&repo, &options),
        Command::Check => test::check(&repo),
        Command::Bench(options) => bench::bench(&repo, &options),
        Command::Faults(options) => faults::faults(&repo, &options),
        Command::Bundle => bundle::bundle(&repo),
        Command::Setup => setup::everything(&repo),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
