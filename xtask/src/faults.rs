//! `cargo xtask faults`: builds the server and the fault checker (`crates/faults`), and runs the checker.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::packages::{self, Purpose};
use crate::repo::Repo;
use crate::{process, setup};

#[derive(Args)]
pub(crate) struct Options {
    /// Run only these cases.
    cases: Vec<String>,
    /// The number of rounds of each case, instead of its own number.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// The seed of the first round, as a failed round printed it.
    #[arg(long)]
    seed: Option<u64>,
    /// Run only the few rounds that `cargo xtask test` has time for.
    #[arg(long)]
    short: bool,
    /// The duration of faults, as a failed round printed it: short, full or named.
    #[arg(long)]
    pace: Option<String>,
    /// Use release builds; with them, 5,000 clients must resume within ten seconds (L2).
    #[arg(long)]
    release: bool,
    /// List the cases and run none.
    #[arg(long)]
    list: bool,
}

pub(crate) fn faults(repo: &Repo, options: &Options) -> Result<()> {
    setup::for_server(repo)?;
    packages::install(&[Purpose::Namespaces, Purpose::FakeTime])?;
    let build = [
        "build",
        "--package",
        "ichat-server",
        "--package",
        "ichat-faults",
        "--bins",
    ];
    let profile = if options.release { "release" } else { "debug" };
    process::run(repo.cargo(&build).args(options.release.then_some("--release")))?;
    let mut checker = checker(repo, profile);
    checker.args(&options.cases);
    if let Some(rounds) = options.rounds {
        checker.args(["--rounds", &rounds.to_string()]);
    }
    if let Some(seed) = options.seed {
        checker.args(["--seed", &seed.to_string()]);
    }
    if let Some(pace) = &options.pace {
        checker.args(["--pace", pace]);
    }
    checker.args(options.short.then_some("--short"));
    checker.args(options.list.then_some("--list"));
    process::run(&mut checker)
}

/// Returns the commands of the step of `cargo xtask test`: a few rounds of every case, and the servers that are broken on
/// purpose. Those are built in a target folder of their own, so that no other program is ever linked with them.
pub(crate) fn short_run(repo: &Repo) -> Vec<Command> {
    let mut cases = checker(repo, "debug");
    cases.arg("--short");
    let broken = repo.target("broken");
    let mut build = repo.cargo(&["build", "--package", "ichat-server", "--features", "broken", "--bins"]);
    build.env("CARGO_TARGET_DIR", &broken);
    let mut tests = repo.cargo(&[
        "test",
        "--workspace",
        "--exclude",
        "xtask",
        "--test",
        "broken",
        "--",
        "--ignored",
    ]);
    let broken_server = format!("ichat-server{}", std::env::consts::EXE_SUFFIX);
    tests
        .env("ICHAT_SERVER_BIN", repo.program("debug", "ichat-server"))
        .env("ICHAT_BROKEN_SERVER_BIN", broken.join("debug").join(broken_server))
        .env("ICHAT_UI", repo.path("ui"));
    vec![cases, build, tests]
}

/// Returns the command that runs the checker. The environment names the programs and the folder with the npm packages.
fn checker(repo: &Repo, profile: &str) -> Command {
    let mut checker = repo.command(repo.program(profile, "ichat-faults"));
    checker
        .env("ICHAT_SERVER_BIN", repo.program(profile, "ichat-server"))
        .env("ICHAT_UI", repo.path("ui"));
    checker
}
