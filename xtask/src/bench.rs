//! `cargo xtask bench`: runs the benchmarks, prints the table of figures and draws the plots.
//!
//! A benchmark prints its figures as lines of JSON (`crates/bench/src/figures.rs` defines them), which are saved in
//! `target/bench/<name>.json`. Its other lines are for people. The figures of short and partial runs are saved in
//! `target/bench/part/` instead.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::packages::Purpose;
use crate::process::ProcessGroup;
use crate::repo::Repo;
use crate::xvfb::under_xvfb;
use crate::{packages, peers, process, setup};

#[derive(Args)]
pub(crate) struct Options {
    /// Run only these benchmarks.
    names: Vec<String>,
    /// List the benchmarks and run none.
    #[arg(long)]
    list: bool,
    /// Run a short form, which shows that everything works and gives rough figures.
    #[arg(long)]
    quick: bool,
    /// Run only this case of the fan-out: 1000x10 is 1,000 clients of which 10 send as fast as they can, 100@50 is 100 clients and 50 messages a second. May be repeated.
    #[arg(long)]
    case: Vec<String>,
    /// Measure only these products, separated by commas: ichat, bare, bare-each, socketioxide, node, node-sqlite.
    #[arg(long)]
    product: Option<String>,
    /// The number of rounds.
    #[arg(long)]
    rounds: Option<usize>,
    /// The build profile; `bench-fast` builds faster, for experiments.
    #[arg(long, default_value = "release")]
    profile: String,
    /// Also write the plots to docs/performance, unless a benchmark fails.
    #[arg(long)]
    publish: bool,
}

impl Options {
    /// Returns whether the figures are unfit for publishing: not all of the table, fewer rounds, or not from a release build.
    fn is_partial(&self) -> bool {
        self.quick
            || !self.case.is_empty()
            || self.product.is_some()
            || self.rounds.is_some()
            || self.profile != "release"
    }
}

/// A row of the table of benchmarks.
struct Bench {
    name: &'static str,
    about: &'static str,
    command: fn(&Repo, &Options) -> Command,
    needs: &'static [Need],
}

/// A requirement of a benchmark.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    /// I-Chat's headless server.
    Server,
    /// The Node.js servers that I-Chat is compared with.
    Peers,
    /// The desktop app, and a virtual display.
    App,
}

/// All benchmarks, in the order in which they run. To add one, add a row.
const BENCHES: &[Bench] = &[
    Bench {
        name: "store",
        about: "commits per second, one entry at a time and in batches",
        command: |repo, _| repo.cargo(&["bench", "--package", "ichat-store", "--bench", "commit"]),
        needs: &[],
    },
    Bench {
        name: "large",
        about: "a room of 1,000,000 messages: size on disk, opening, searching",
        command: |repo, options| {
            let messages = if options.quick { "20000" } else { "1000000" };
            let mut command = repo.cargo(&["bench", "--package", "ichat-store", "--bench", "commit"]);
            command.args(["--", "large", messages]);
            command
        },
        needs: &[],
    },
    Bench {
        name: "catchup",
        about: "10,000 missed entries, until the replica and the caller have them",
        command: |repo, _| repo.cargo(&["bench", "--package", "ichat-client", "--bench", "catchup"]),
        needs: &[],
    },
    Bench {
        name: "screen",
        about: "10,000 missed entries, until a browser shows the newest",
        command: |repo, options| node(repo, options, "ui/bench/catchup.mjs"),
        needs: &[Need::Server],
    },
    Bench {
        name: "fanout",
        about: "CPU and latency per delivered message, compared with servers that do less",
        command: |repo, options| {
            let mut command = ichat_bench(repo, options, "fanout");
            command.args(options.case.iter().flat_map(|case| ["--case", case]));
            command
        },
        needs: &[Need::Server, Need::Peers],
    },
    Bench {
        name: "growth",
        about: "the same for growing numbers of clients and message rates, for the plots",
        command: |repo, options| {
            let mut command = ichat_bench(repo, options, "fanout");
            command.arg("--growth");
            command
        },
        needs: &[Need::Server, Need::Peers],
    },
    Bench {
        name: "resume",
        about: "5,000 clients that resume at once after the server was killed",
        command: |repo, options| ichat_bench(repo, options, "resume"),
        needs: &[Need::Server],
    },
    Bench {
        name: "idle",
        about: "memory of 10,000 idle connections, compared with other servers",
        command: |repo, options| ichat_bench(repo, options, "idle"),
        needs: &[Need::Server, Need::Peers],
    },
    Bench {
        name: "attack",
        about: "what attacks cost a server, and a hundred people who talk there",
        command: |repo, options| {
            // It has no other product and no rounds.
            let mut command = repo.command(program(repo, options, "ichat-bench"));
            command.arg("attack").args(options.quick.then_some("--quick"));
            command
        },
        needs: &[Need::Server],
    },
    Bench {
        name: "app",
        about: "first paint and memory of the app, compared with an empty window",
        command: |repo, options| under_xvfb(&node(repo, options, "ui/bench/app.mjs")),
        needs: &[Need::App, Need::Server],
    },
];

const BENCH_TIMEOUT: Duration = Duration::from_hours(2);

pub(crate) fn bench(repo: &Repo, options: &Options) -> Result<()> {
    if let Some(unknown) = options
        .names
        .iter()
        .find(|name| BENCHES.iter().all(|bench| bench.name != **name))
    {
        bail!("there is no benchmark \"{unknown}\"; `cargo xtask bench --list` shows them");
    }
    let selected: Vec<_> = BENCHES
        .iter()
        .filter(|bench| options.names.is_empty() || options.names.iter().any(|name| name == bench.name))
        .collect();
    if options.list {
        for bench in selected {
            println!("{:10} {}", bench.name, bench.about);
        }
        return Ok(());
    }
    if options.publish && options.is_partial() {
        bail!(
            "only full runs of release builds are published: leave out --quick, --case, --product, --rounds and --profile"
        );
    }
    prepare(repo, options, &selected)?;
    let folder = repo.target(if options.is_partial() { "bench/part" } else { "bench" });
    fs::create_dir_all(&folder).context("the target folder can't be written to")?;
    let mut failed = Vec::new();
    for bench in selected {
        println!("\n── {}: {}", bench.name, bench.about);
        if let Err(error) = run_benchmark(repo, bench, options, &folder) {
            if process::interrupted() {
                return Err(error);
            }
            println!("{}: {error:#}", bench.name);
            failed.push(bench.name);
        }
    }
    // The figures of a benchmark that failed are missing, so the plots would be incomplete.
    report(repo, options, &folder, options.publish && failed.is_empty())?;
    if !failed.is_empty() {
        bail!("these benchmarks failed (see above): {}", failed.join(", "));
    }
    Ok(())
}

/// Installs and builds what the selected benchmarks need.
fn prepare(repo: &Repo, options: &Options, selected: &[&Bench]) -> Result<()> {
    let needs = |need| selected.iter().any(|bench| bench.needs.contains(&need));
    let mut build = repo.cargo(&["build", "--profile", &options.profile, "--package", "ichat-bench"]);
    if needs(Need::App) {
        setup::for_app(repo)?;
        packages::install(&[Purpose::Window])?;
        build.args([
            "--package",
            "ichat",
            "--package",
            "ichat-client",
            "--bins",
            "--example",
            "empty",
        ]);
    } else {
        setup::for_server(repo)?;
    }
    if needs(Need::Server) {
        build.args(["--package", "ichat-server"]);
    }
    process::run(&mut build)?;
    if needs(Need::Peers) {
        peers::install(repo)?;
    }
    Ok(())
}

/// Runs one benchmark and saves its figures.
fn run_benchmark(repo: &Repo, bench: &Bench, options: &Options, folder: &Path) -> Result<()> {
    let path = folder.join(format!("{}.json", bench.name));
    let mut figures = File::create(&path).with_context(|| format!("{} can't be written", path.display()))?;
    let mut command = (bench.command)(repo, options);
    let mut group = ProcessGroup::start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let stdout = group.take_stdout().context("the benchmark has no output")?;
    let reader = std::thread::spawn(move || -> std::io::Result<()> {
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if line.starts_with('{') {
                writeln!(figures, "{line}")?;
            } else {
                println!("{line}");
            }
        }
        Ok(())
    });
    let status = group.wait(Some(BENCH_TIMEOUT))?;
    drop(group);
    match reader.join() {
        Ok(read) => read.context("the figures can't be saved")?,
        Err(_) => bail!("the thread that reads the figures panicked"),
    }
    if !status.success() {
        bail!("`{}` ended with {status}", process::command_line(&command));
    }
    println!("figures: {}", path.display());
    Ok(())
}

/// Prints the table of targets and figures, and draws the plots, in the documentation as well if they are published.
fn report(repo: &Repo, options: &Options, folder: &Path, publish: bool) -> Result<()> {
    let mut command = repo.command(program(repo, options, "ichat-bench"));
    command.arg("report").arg(folder);
    if publish {
        command.arg("--publish").arg(repo.path("docs/performance"));
    }
    process::run(&mut command)
}

/// Returns the command that runs one part of `ichat-bench`.
fn ichat_bench(repo: &Repo, options: &Options, part: &str) -> Command {
    let mut command = repo.command(program(repo, options, "ichat-bench"));
    command.arg(part);
    if options.quick {
        command.arg("--quick");
    }
    if let Some(products) = &options.product {
        command.args(["--product", products]);
    }
    if let Some(rounds) = options.rounds {
        command.arg("--rounds").arg(rounds.to_string());
    }
    command
}

fn program(repo: &Repo, options: &Options, name: &str) -> PathBuf {
    // Cargo puts the profile `dev` into the folder `debug`.
    let folder = if options.profile == "dev" {
        "debug"
    } else {
        &options.profile
    };
    repo.program(folder, name)
}

/// Returns the command that runs a benchmark written for Node.js.
fn node(repo: &Repo, options: &Options, script: &str) -> Command {
    let mut command = repo.command("node");
    command
        .arg(repo.path(script))
        .args(options.quick.then_some("--quick"))
        .args(options.rounds.map(|rounds| format!("--rounds={rounds}")))
        .env("ICHAT_SERVER_BIN", program(repo, options, "ichat-server"))
        .env("ICHAT_CLI_BIN", program(repo, options, "ichat-cli"))
        .env("ICHAT_BIN", program(repo, options, "ichat"))
        .env("ICHAT_EMPTY_BIN", program(repo, options, "examples/empty"));
    command
}
