//! Measures I-Chat, compared with servers that do less. `cargo xtask bench` builds what it needs and runs it.
//!
//! Each server is a process of its own on the loopback interface; its CPU time and its memory are what the kernel
//! accounts to it. All servers get the same load from the same load generator, and every run is checked: every client
//! gets every message once, in one order.
//!
//! ```text
//!   fanout, idle, resume    the benchmarks; they print figures, as lines of JSON
//!   attack                  one more: what attacks cost the people beside
//!      ├── product          a server as a process: I-Chat's program, a script for Node, or …
//!      │     └── peers      … this program again: the baseline, plain socketioxide
//!      └── swarm            the load generator: thousands of clients in one thread
//!   report                  a table of targets, and plots, from the figures
//! ```

mod attack;
mod case;
mod fanout;
mod figures;
mod idle;
mod kernel;
mod output;
mod peers;
mod product;
mod report;
mod resume;
mod swarm;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand, ValueEnum as _};

use crate::attack::Attack;
use crate::case::Case;
use crate::fanout::Effort;
use crate::output::{Failures, print_line};
use crate::product::Product;

#[derive(Parser)]
#[command(name = "ichat-bench", about = "Measures I-Chat, compared with servers that do less")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The cost of delivering a message to many clients
    Fanout(FanoutOptions),
    /// The memory of a connection that sends nothing
    Idle(Options),
    /// All clients return after the server was killed, and request what they missed
    Resume(Options),
    /// The cost of attacks for the server, and for the people who talk there
    Attack(AttackOptions),
    /// A table of targets, and plots, from the figures in a folder
    Report {
        folder: PathBuf,
        /// Another folder for the plots
        #[arg(long)]
        publish: Option<PathBuf>,
    },
    /// Run one of the servers to compare with
    #[command(hide = true)]
    Peer { peer: peers::Peer },
}

#[derive(Args)]
struct FanoutOptions {
    /// 1000x10 is 1,000 clients of which 10 send flat out, 100@50 is 100 clients and 50 messages per second; may be
    /// repeated
    #[arg(long)]
    case: Vec<Case>,
    /// The cases that show how the cost grows, instead of those of the table
    #[arg(long, conflicts_with = "case")]
    growth: bool,
    /// Measure only these, separated by commas
    #[arg(long, value_delimiter = ',')]
    product: Vec<Product>,
    /// The number of rounds
    #[arg(long)]
    rounds: Option<usize>,
    /// The least duration of each run, in seconds
    #[arg(long)]
    seconds: Option<f64>,
    /// One short round
    #[arg(long)]
    quick: bool,
    /// Seconds in which to attach a profiler to each server before it is measured
    #[arg(long)]
    pause: Option<f64>,
}

#[derive(Args)]
struct Options {
    /// The number of connections
    #[arg(long)]
    clients: Option<usize>,
    /// Measure only these, separated by commas
    #[arg(long, value_delimiter = ',')]
    product: Vec<Product>,
    /// The number of rounds
    #[arg(long)]
    rounds: Option<usize>,
    /// One short round
    #[arg(long)]
    quick: bool,
}

#[derive(Args)]
struct AttackOptions {
    /// Only these attacks, separated by commas
    #[arg(long, value_delimiter = ',')]
    attack: Vec<Attack>,
    /// Short attacks
    #[arg(long)]
    quick: bool,
}

/// The cases of the table.
const TABLE_CASES: &[&str] = &["1000x10", "5000x10", "1000x1", "100@50"];

/// More cases for the plots: by clients, with ten senders or one, and by rate.
const GROWTH_CASES: &[&str] = &[
    "10x10", "100x10", "300x10", "3000x10", "10x1", "100x1", "5000x1", "100@10", "100@200", "100@1000",
];

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_line(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Peer { peer } => peers::serve(peer),
        Command::Report { folder, publish } => report::report(&folder, publish.as_deref()),
        Command::Fanout(options) => fanout(&options),
        Command::Idle(options) => idle(&options),
        Command::Resume(options) => resume(&options),
        Command::Attack(options) => attacks(&options),
    }
}

fn fanout(options: &FanoutOptions) -> Result<()> {
    raise_file_limit()?;
    let quick = options.quick;
    let seconds = options.seconds.unwrap_or(if quick { 1.0 } else { 4.0 });
    let effort = Effort {
        rounds: options.rounds.unwrap_or(if quick { 1 } else { 5 }),
        duration: Duration::try_from_secs_f64(seconds)?,
        messages: if quick { 50 } else { 500 },
        warm_up: Duration::from_millis(if quick { 300 } else { 1_000 }),
        profiler_pause: options.pause.map(Duration::try_from_secs_f64).transpose()?,
    };
    let products = or_all(&options.product, &Product::all());
    let mut cases = options.case.clone();
    if cases.is_empty() {
        let names = if options.growth { GROWTH_CASES } else { TABLE_CASES };
        cases = names.iter().map(|case| case.parse()).collect::<Result<_, _>>()?;
    }
    let mut failures = Failures::default();
    for case in cases {
        fanout::measure(case, &products, effort, &mut failures);
    }
    failures.verdict()
}

fn idle(options: &Options) -> Result<()> {
    use Product::{Bare, Ichat, Node, Socketioxide};
    raise_file_limit()?;
    let products = or_all(&options.product, &[Ichat, Bare, Socketioxide, Node]);
    let clients = options.clients.unwrap_or(if options.quick { 500 } else { 10_000 });
    let rounds = options.rounds.unwrap_or(if options.quick { 1 } else { 3 });
    let mut failures = Failures::default();
    idle::measure(clients, &products, rounds, &mut failures);
    failures.verdict()
}

fn resume(options: &Options) -> Result<()> {
    raise_file_limit()?;
    if !or_all(&options.product, &[Product::Ichat]).contains(&Product::Ichat) {
        print_line("of these products only ichat can resume");
        return Ok(());
    }
    let clients = options.clients.unwrap_or(if options.quick { 200 } else { 5_000 });
    let rounds = options.rounds.unwrap_or(if options.quick { 1 } else { 3 });
    for clients in [clients / 10, clients / 3, clients].map(|step| step.max(1)) {
        resume::measure(clients, rounds)?;
    }
    Ok(())
}

fn attacks(options: &AttackOptions) -> Result<()> {
    raise_file_limit()?;
    let effort = attack::Effort {
        phase: Duration::from_secs(if options.quick { 2 } else { 10 }),
        rooms: if options.quick { 500 } else { 10_000 },
    };
    let attacks = if options.attack.is_empty() {
        Attack::value_variants()
    } else {
        &options.attack
    };
    let mut outcomes = Vec::new();
    let mut failures = Failures::default();
    for attack in attacks {
        match attack::measure(*attack, effort) {
            Ok(outcome) => outcomes.push(outcome),
            Err(error) => failures.print(1, Product::Ichat, &error),
        }
    }
    attack::print_table(&outcomes);
    failures.verdict()
}

fn raise_file_limit() -> Result<()> {
    rlimit::increase_nofile_limit(u64::MAX).context("the limit of open files can't be raised")?;
    Ok(())
}

fn or_all(chosen: &[Product], all: &[Product]) -> Vec<Product> {
    if chosen.is_empty() { all } else { chosen }.to_vec()
}
