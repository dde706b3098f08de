//! The development commands: `cargo xtask run`, `test`, `check`, `faults`, `walk`, `bench`, `bundle`, `setup`. Each
//! does its own set-up first.
//!
//! ```text
//!   run ──┐               ┌── packages   missing system packages, through apt
//!   test ─┼──▶ setup ─────┼── ui         npm packages, and the two builds of the interface
//!   faults┤               └── python     a virtual environment for python-socketio
//!   walk  ┤
//!   bundle┤
//!   bench ┴─────────────────▶ peers      the servers that I-Chat is compared with
//!   test ──▶ steps (the table of all steps) ──▶ runner ──▶ process (a process group with a timeout)
//! ```

// This is a program for the terminal.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod addresses;
mod apt;
mod bench;
mod bundle;
mod failures;
mod faults;
mod packages;
mod peers;
mod process;
mod programs;
mod python;
mod repo;
mod run;
mod runner;
mod server_package;
mod setup;
mod step_log;
mod steps;
mod test;
mod ui;
mod walk;
mod xvfb;

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
    /// Start the app; without a display, start the headless server and print its address and a QR code.
    Run(run::Options),
    /// Run every test, or only the named steps.
    Test(test::Options),
    /// Check formatting, lints and types, and licences if cargo-deny is installed.
    Check,
    /// Run the benchmarks; the figures go to target/bench as lines of JSON.
    Bench(bench::Options),
    /// Inject faults, and check that no message shown as sent is lost, doubled or moved.
    Faults(faults::Options),
    /// Take random walks through the interface in a browser.
    Walk(walk::Options),
    /// Build the installers, the headless server and the command-line client.
    Bundle,
    /// Install what all commands need, and build the interface.
    Setup,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let repo = Repo::locate();
    let result = process::catch_signals().and_then(|()| match cli.command {
        Command::Run(options) => run::run(&repo, &options),
        Command::Test(options) => test::test(&repo, &options),
        Command::Check => test::check(&repo),
        Command::Bench(options) => bench::bench(&repo, &options),
        Command::Faults(options) => faults::faults(&repo, &options),
        Command::Walk(options) => walk::walk(&repo, &options),
        Command::Bundle => bundle::bundle(&repo),
        Command::Setup => setup::everything(&repo),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
