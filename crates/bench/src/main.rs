//! Measures I-Chat beside servers that do less. `cargo xtask bench` builds what it needs and runs it.
//!
//! Every server is a process of its own on loopback; its CPU and memory are what the kernel accounts to it. All are driven by
//! the same swarm of clients, and every run is checked: everybody has every message once, in one order.
//!
//! ```text
//!   fanout, idle, resume    the figures, as lines of JSON
//!      ├── product          a server as a process: I-Chat's program, a script of Node's, or …
//!      │     └── peers      … this program again: the bare writer, plain socketioxide
//!      └── swarm            the clients: one thread that connects, sends, and hears
//! ```

mod case;
mod fanout;
mod figures;
mod idle;
mod kernel;
mod peers;
mod product;
mod report;
mod resume;
mod swarm;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Parser, Subcommand};

use crate::case::Case;
use crate::fanout::Effort;
use crate::product::Product;

#[derive(Parser)]
#[command(name = "ichat-bench", about = "Measures I-Chat beside servers that do less")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// What it costs to bring a message to many people.
    Fanout(Fanout),
    /// The memory of a connection that says nothing.
    Idle(Idle),
    /// Everybody comes back after the server was killed, and asks for what they missed.
    Resume(Idle),
    /// A table of targets, and plots, from the figures in a folder.
    Report {
        folder: PathBuf,
        /// Where the plots go as well.
        #[arg(long)]
        publish: Option<PathBuf>,
    },
    /// One of the servers that are measured.
    #[command(hide = true)]
    Peer { peer: peers::Peer },
}

#[derive(Args)]
struct Fanout {
    /// 1000x10 is 1,000 clients of whom 10 send flat out, 100@50 is 100 clients and 50 messages a second; may be repeated
    #[arg(long)]
    case: Vec<Case>,
    /// Instead of the cases of the table those that show how the cost grows
    #[arg(long, conflicts_with = "case")]
    growth: bool,
    /// Only these, with commas between them
    #[arg(long, value_delimiter = ',')]
    product: Vec<Product>,
    /// How often everything is measured
    #[arg(long)]
    rounds: Option<usize>,
    /// How many seconds each run takes, at least
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
struct Idle {
    /// How many connections
    #[arg(long)]
    clients: Option<usize>,
    /// Only these, with commas between them
    #[arg(long, value_delimiter = ',')]
    product: Vec<Product>,
    /// How often everything is measured
    #[arg(long)]
    rounds: Option<usize>,
    /// One short round
    #[arg(long)]
    quick: bool,
}

/// The cases of the table.
const CASES: &[&str] = &["1000x10", "5000x10", "1000x1", "100@50"];

/// More cases for the plots: with the clients, with one sender or ten, and with the rate.
const GROWTH: &[&str] = &[
    "10x10", "100x10", "300x10", "3000x10", "10x1", "100x1", "5000x1", "100@10", "100@200", "100@1000",
];

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Peer { peer } => peers::serve(peer),
        Command::Idle(options) => idle(&options),
        Command::Resume(options) => resume(&options),
        Command::Report { folder, publish } => report::report(&folder, publish.as_deref()),
        Command::Fanout(options) => fanout(&options),
    }
}

fn fanout(options: &Fanout) -> Result<()> {
    rlimit::increase_nofile_limit(u64::MAX).context("the number of open files can't be raised")?;
    let seconds = |chosen: Option<f64>, default| Duration::try_from_secs_f64(chosen.unwrap_or(default));
    let effort = Effort {
        rounds: options.rounds.unwrap_or(if options.quick { 1 } else { 5 }),
        time: seconds(options.seconds, if options.quick { 1.0 } else { 4.0 })?,
        messages: if options.quick { 50 } else { 500 },
        warm_up: Duration::from_millis(if options.quick { 300 } else { 1_000 }),
        pause: options.pause.map(Duration::try_from_secs_f64).transpose()?,
    };
    let products = or_all(&options.product, &Product::all());
    let mut cases = options.case.clone();
    if cases.is_empty() {
        let chosen = if options.growth { GROWTH } else { CASES };
        cases = chosen.iter().map(|case| case.parse()).collect::<Result<_, _>>()?;
    }
    let mut failures = Failures::default();
    for case in cases {
        fanout::measure(case, &products, effort, &mut failures);
    }
    failures.verdict()
}

fn idle(options: &Idle) -> Result<()> {
    use Product::{Bare, Ichat, Node, Socketioxide};
    rlimit::increase_nofile_limit(u64::MAX).context("the number of open files can't be raised")?;
    let products = or_all(&options.product, &[Ichat, Bare, Socketioxide, Node]);
    let clients = options.clients.unwrap_or(if options.quick { 500 } else { 10_000 });
    let rounds = options.rounds.unwrap_or(if options.quick { 1 } else { 3 });
    let mut failures = Failures::default();
    idle::measure(clients, &products, rounds, &mut failures);
    failures.verdict()
}

fn resume(options: &Idle) -> Result<()> {
    rlimit::increase_nofile_limit(u64::MAX).context("the number of open files can't be raised")?;
    if !or_all(&options.product, &[Product::Ichat]).contains(&Product::Ichat) {
        say("of these products only ichat can be resumed");
        return Ok(());
    }
    let clients = options.clients.unwrap_or(if options.quick { 200 } else { 5_000 });
    for clients in [clients / 10, clients / 3, clients] {
        resume::measure(clients, options.rounds.unwrap_or(if options.quick { 1 } else { 3 }))?;
    }
    Ok(())
}

/// Runs that gave no figure. A peer's are told and forgotten; I-Chat promises to have none.
#[derive(Default)]
struct Failures {
    ours: usize,
}

impl Failures {
    fn note(&mut self, product: Product) {
        self.ours += usize::from(product == Product::Ichat);
    }

    fn verdict(&self) -> Result<()> {
        match self.ours {
            0 => Ok(()),
            1 => bail!("I-Chat failed once; the reason stands above"),
            more => bail!("I-Chat failed {more} times; the reasons stand above"),
        }
    }
}

fn or_all(chosen: &[Product], all: &[Product]) -> Vec<Product> {
    if chosen.is_empty() { all } else { chosen }.to_vec()
}

#[expect(clippy::print_stdout, reason = "for people, between the figures")]
fn say(line: &str) {
    println!("{line}");
}
