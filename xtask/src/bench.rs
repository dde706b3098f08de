//! `cargo xtask bench`: every benchmark of the table. Their lines that are JSON objects are the figures
//! (`crates/bench/src/figures.rs` gives their shape), and are kept in `target/bench/<name>.json`; what else they print is
//! for people. Short and partial runs keep theirs apart, in `target/bench/part/`.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::packages::For;
use crate::process::Group;
use crate::repo::Repo;
use crate::screen::on_a_screen;
use crate::{packages, peers, process, setup};

#[derive(Args)]
pub(crate) struct Options {
    /// Only these.
    names: Vec<String>,
    /// Shows the benchmarks and runs none.
    #[arg(long)]
    list: bool,
    /// A short form: whether all goes well, and roughly how.
    #[arg(long)]
    quick: bool,
    /// Of the fan-out only this, where 1000x10 is 1,000 clients of whom 10 send flat out, 100@50 is 100 clients and 50 messages a second; may be repeated.
    #[arg(long)]
    case: Vec<String>,
    /// Only these products, with commas between them: ichat, bare, bare-each, socketioxide, node, node-sqlite.
    #[arg(long)]
    product: Option<String>,
    /// How often everything is measured.
    #[arg(long)]
    rounds: Option<usize>,
    /// Builds with this profile; `bench-fast` takes less time to build, and is for trying things out.
    #[arg(long, default_value = "release")]
    profile: String,
    /// Writes the plots to docs/performance, too.
    #[arg(long)]
    publish: bool,
}

impl Options {
    /// Whether the figures are those of the whole table, as shipped.
    fn is_partial(&self) -> bool {
        self.quick || !self.case.is_empty() || self.product.is_some() || self.profile != "release"
    }
}

struct Bench {
    name: &'static str,
    about: &'static str,
    /// The file or folder that it comes from; without it the benchmark is left out.
    source: &'static str,
    command: fn(&Repo, &Options) -> Command,
    needs: &'static [Need],
}

/// What must be there before a benchmark can run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    /// I-Chat's headless server, and the program that measures it.
    Server,
    /// The servers in Node that it is measured beside.
    Peers,
    /// The desktop app, and a screen for it.
    App,
}

/// Another benchmark is another line here.
const BENCHES: &[Bench] = &[
    Bench {
        name: "store",
        about: "entries committed a second, one at a time and in batches",
        source: "crates/store/benches",
        command: |repo, _| repo.cargo(&["bench", "--package", "ichat-store", "--bench", "commit"]),
        needs: &[],
    },
    Bench {
        name: "large",
        about: "a room of 1,000,000 messages: its folder, opening it, searching it",
        source: "crates/store/benches/commit/large.rs",
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
        about: "10,000 missed entries, into the replica and up",
        source: "crates/client/benches/catchup.rs",
        command: |repo, _| repo.cargo(&["bench", "--package", "ichat-client", "--bench", "catchup"]),
        needs: &[],
    },
    Bench {
        name: "screen",
        about: "10,000 missed entries, onto the screen of a browser",
        source: "ui/bench/catchup.mjs",
        command: |repo, options| node(repo, options, "ui/bench/catchup.mjs"),
        needs: &[Need::Server],
    },
    Bench {
        name: "fanout",
        about: "the cost of bringing a message to many people, beside servers that do less",
        source: "crates/bench",
        command: |repo, options| {
            let mut command = measuring(repo, options, "fanout");
            command.args(options.case.iter().flat_map(|case| ["--case", case]));
            command
        },
        needs: &[Need::Server, Need::Peers],
    },
    Bench {
        name: "growth",
        about: "the same for more and more clients, and faster and faster, for the plots",
        source: "crates/bench",
        command: |repo, options| {
            let mut command = measuring(repo, options, "fanout");
            command.arg("--growth");
            command
        },
        needs: &[Need::Server, Need::Peers],
    },
    Bench {
        name: "resume",
        about: "5,000 clients that all come back at once after the server was killed",
        source: "crates/bench",
        command: |repo, options| measuring(repo, options, "resume"),
        needs: &[Need::Server],
    },
    Bench {
        name: "idle",
        about: "the memory of 10,000 connections that say nothing, beside others",
        source: "crates/bench",
        command: |repo, options| measuring(repo, options, "idle"),
        needs: &[Need::Server, Need::Peers],
    },
    Bench {
        name: "app",
        about: "first paint and the memory of all the app's processes, beside an empty window",
        source: "ui/bench/app.mjs",
        command: |repo, options| on_a_screen(&node(repo, options, "ui/bench/app.mjs")),
        needs: &[Need::App, Need::Server],
    },
];

const LIMIT: Duration = Duration::from_hours(2);

pub(crate) fn bench(repo: &Repo, options: &Options) -> Result<()> {
    if let Some(unknown) = options
        .names
        .iter()
        .find(|name| BENCHES.iter().all(|bench| bench.name != **name))
    {
        bail!("there is no benchmark \"{unknown}\"; `cargo xtask bench --list` shows them");
    }
    let chosen: Vec<_> = BENCHES
        .iter()
        .filter(|bench| repo.path(bench.source).exists())
        .filter(|bench| options.names.is_empty() || options.names.iter().any(|name| name == bench.name))
        .collect();
    if options.list {
        for bench in chosen {
            println!("{:10} {}", bench.name, bench.about);
        }
        return Ok(());
    }
    prepare(repo, options, &chosen)?;
    let folder = repo.target(if options.is_partial() { "bench/part" } else { "bench" });
    fs::create_dir_all(&folder).context("the target folder can't be written to")?;
    let mut failed = Vec::new();
    for bench in chosen {
        println!("\n── {}: {}", bench.name, bench.about);
        if let Err(error) = measure(repo, bench, options, &folder) {
            if process::stopped() {
                return Err(error);
            }
            println!("{}: {error:#}", bench.name);
            failed.push(bench.name);
        }
    }
    report(repo, options, &folder)?;
    if !failed.is_empty() {
        bail!("these did not end well, as is told above: {}", failed.join(", "));
    }
    Ok(())
}

fn prepare(repo: &Repo, options: &Options, chosen: &[&Bench]) -> Result<()> {
    let needs = |need| chosen.iter().any(|bench| bench.needs.contains(&need));
    let mut build = repo.cargo(&["build", "--profile", &options.profile, "--package", "ichat-bench"]);
    if needs(Need::App) {
        setup::for_app(repo)?;
        packages::install(&[For::Window])?;
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
    process::interactive(&mut build)?;
    if needs(Need::Peers) {
        peers::install(repo)?;
    }
    Ok(())
}

fn measure(repo: &Repo, bench: &Bench, options: &Options, folder: &Path) -> Result<()> {
    let path = folder.join(format!("{}.json", bench.name));
    let mut figures = File::create(&path).with_context(|| format!("{} can't be written", path.display()))?;
    let mut command = (bench.command)(repo, options);
    let mut group = Group::start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let stdout = group.take_stdout().context("the benchmark has no output")?;
    let reading = std::thread::spawn(move || -> std::io::Result<()> {
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
    let status = group.wait(Some(LIMIT))?;
    drop(group);
    match reading.join() {
        Ok(read) => read.context("the figures can't be kept")?,
        Err(_) => bail!("the figures can't be read"),
    }
    if !status.success() {
        bail!("`{}` ended with {status}", process::shown(&command));
    }
    println!("figures: {}", path.display());
    Ok(())
}

/// The table of targets and figures, and the plots.
fn report(repo: &Repo, options: &Options, folder: &Path) -> Result<()> {
    let mut command = repo.command(program(repo, options, "ichat-bench"));
    command.arg("report").arg(folder);
    if options.publish {
        command.arg("--publish").arg(repo.path("docs/performance"));
    }
    process::interactive(&mut command)
}

/// A part of the program that measures servers.
fn measuring(repo: &Repo, options: &Options, part: &str) -> Command {
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
    // Cargo's own name for the folder of the profile `dev`.
    let folder = if options.profile == "dev" {
        "debug"
    } else {
        &options.profile
    };
    repo.program(folder, name)
}

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
