//! `cargo xtask bench`: every benchmark of the table. Their lines that are JSON objects are the figures, and are kept in
//! `target/bench/<name>.json`; what else they print is for people.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::packages::For;
use crate::process::Group;
use crate::repo::Repo;
use crate::screen::on_a_screen;
use crate::{packages, process, setup};

#[derive(Args)]
pub(crate) struct Options {
    /// Only these.
    names: Vec<String>,
    /// Shows the benchmarks and runs none.
    #[arg(long)]
    list: bool,
}

struct Bench {
    name: &'static str,
    about: &'static str,
    /// The file or folder that it comes from; without it the benchmark is left out.
    source: &'static str,
    command: fn(&Repo) -> Command,
}

/// Another benchmark is another line here.
const BENCHES: &[Bench] = &[
    Bench {
        name: "store",
        about: "entries committed a second, one at a time and in batches",
        source: "crates/store/benches",
        command: |repo| repo.cargo(&["bench", "--package", "ichat-store", "--bench", "commit"]),
    },
    Bench {
        name: "fanout",
        about: "100, 1,000 and 5,000 clients, and memory per idle one, beside a Node server that only broadcasts",
        source: "crates/server/benches/fanout",
        command: |repo| repo.cargo(&["bench", "--package", "ichat-server", "--bench", "fanout"]),
    },
    Bench {
        name: "app",
        about: "process start to first paint, and the memory of all the app's processes",
        source: "ui/bench/app.mjs",
        command: |repo| on_a_screen(&node(repo, "ui/bench/app.mjs")),
    },
];

const LIMIT: Duration = Duration::from_mins(30);

pub(crate) fn bench(repo: &Repo, options: &Options) -> Result<()> {
    if let Some(unknown) = options
        .names
        .iter()
        .find(|name| BENCHES.iter().all(|bench| bench.name != **name))
    {
        bail!("there is no benchmark \"{unknown}\"; `cargo xtask bench --list` shows them");
    }
    let chosen = BENCHES.iter().filter(|bench| {
        repo.path(bench.source).exists() && (options.names.is_empty() || options.names.iter().any(|n| n == bench.name))
    });
    if options.list {
        chosen.for_each(|bench| println!("{:10} {}", bench.name, bench.about));
        return Ok(());
    }
    setup::for_app(repo)?;
    packages::install(&[For::Window])?;
    let programs = [
        "build",
        "--release",
        "-p",
        "ichat",
        "-p",
        "ichat-server",
        "-p",
        "ichat-client",
    ];
    process::interactive(&mut repo.cargo(&programs))?;
    fs::create_dir_all(repo.target("bench")).context("the target folder can't be written to")?;
    for bench in chosen {
        println!("\n── {}: {}", bench.name, bench.about);
        measure(repo, bench).with_context(|| format!("the benchmark \"{}\" failed", bench.name))?;
    }
    Ok(())
}

fn measure(repo: &Repo, bench: &Bench) -> Result<()> {
    let path = repo.target(&format!("bench/{}.json", bench.name));
    let mut figures = File::create(&path).with_context(|| format!("{} can't be written", path.display()))?;
    let mut command = (bench.command)(repo);
    let mut group = Group::start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let stdout = group.take_stdout().context("the benchmark has no output")?;
    let reading = std::thread::spawn(move || -> std::io::Result<()> {
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            println!("{line}");
            if line.starts_with('{') {
                writeln!(figures, "{line}")?;
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

fn node(repo: &Repo, script: &str) -> Command {
    let mut command = repo.command("node");
    command
        .arg(repo.path(script))
        .env("ICHAT_SERVER_BIN", repo.program("release", "ichat-server"))
        .env("ICHAT_CLI_BIN", repo.program("release", "ichat-cli"))
        .env("ICHAT_BIN", repo.program("release", "ichat"));
    command
}
