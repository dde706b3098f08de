//! `cargo xtask walk`: takes random walks through the interface, in Chromium with a real server. `cargo xtask test browser` takes a
//! few of them.

use anyhow::Result;
use clap::Args;

use crate::packages::{self, Purpose};
use crate::repo::Repo;
use crate::steps::with_programs;
use crate::{process, setup};

#[derive(Args)]
pub(crate) struct Options {
    /// The number of walks. Each has a seed of its own.
    #[arg(long, default_value_t = 10)]
    seeds: u32,
    /// The first seed; a failed walk prints its seed.
    #[arg(long, default_value_t = 1)]
    first: u32,
    /// The number of steps of a walk.
    #[arg(long, default_value_t = 500)]
    steps: u32,
    /// Take only the steps with these numbers, to find out which of them a failure needs.
    #[arg(long, value_delimiter = ',')]
    only: Vec<u32>,
    /// The number of walks at a time.
    #[arg(long, default_value_t = 2)]
    parallel: u32,
    /// Take them through an interface that is broken on purpose, which they should detect: "scroll anchor" or "focus".
    #[arg(long)]
    broken: Option<String>,
}

pub(crate) fn walk(repo: &Repo, options: &Options) -> Result<()> {
    setup::for_server(repo)?;
    packages::install(&[Purpose::Browser])?;
    process::run(&mut repo.cargo(&["build", "--package", "ichat-server", "--bins"]))?;
    let mut node = with_programs(repo, repo.command("node"));
    node.arg("ui/tests/e2e/walk/main.mjs");
    for (name, number) in [
        ("--seeds", options.seeds),
        ("--first", options.first),
        ("--steps", options.steps),
        ("--parallel", options.parallel),
    ] {
        node.args([name, &number.to_string()]);
    }
    if !options.only.is_empty() {
        let numbers: Vec<_> = options.only.iter().map(u32::to_string).collect();
        node.args(["--only", &numbers.join(",")]);
    }
    if let Some(part) = &options.broken {
        node.args(["--broken", part]);
    }
    process::run(&mut node)
}
