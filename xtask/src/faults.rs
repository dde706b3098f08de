//! `cargo xtask faults`: builds the server and the checker (`crates/faults`), and runs it.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::packages::{self, For};
use crate::repo::Repo;
use crate::{process, setup};

#[derive(Args)]
pub(crate) struct Options {
    /// Only these cases.
    cases: Vec<String>,
    /// So many rounds of each case, instead of its own number.
    #[arg(long)]
    rounds: Option<u32>,
    /// The seed of the first round, as a failed round has told it.
    #[arg(long)]
    seed: Option<u64>,
    /// The few rounds that `cargo xtask test` has time for.
    #[arg(long)]
    short: bool,
    /// Optimised, as the programs are shipped: five thousand clients are then held to their ten seconds (L2).
    #[arg(long)]
    release: bool,
    /// Shows the cases and runs none.
    #[arg(long)]
    list: bool,
}

pub(crate) fn faults(repo: &Repo, options: &Options) -> Result<()> {
    setup::for_server(repo)?;
    packages::install(&[For::Namespaces, For::FakeTime])?;
    let programs = [
        "build",
        "--package",
        "ichat-server",
        "--package",
        "ichat-faults",
        "--bins",
    ];
    let profile = if options.release { "release" } else { "debug" };
    process::interactive(repo.cargo(&programs).args(options.release.then_some("--release")))?;
    let mut checker = checker(repo, profile);
    checker.args(&options.cases);
    if let Some(rounds) = options.rounds {
        checker.args(["--rounds", &rounds.to_string()]);
    }
    if let Some(seed) = options.seed {
        checker.args(["--seed", &seed.to_string()]);
    }
    checker.args(options.short.then_some("--short"));
    checker.args(options.list.then_some("--list"));
    process::interactive(&mut checker)
}

/// The step of `cargo xtask test`: every case for a few rounds, and the servers that are broken on purpose. These are built
/// into a folder of their own, so that nothing else is ever linked with them.
pub(crate) fn in_short(repo: &Repo) -> Vec<Command> {
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
    tests
        .env("ICHAT_SERVER_BIN", repo.program("debug", "ichat-server"))
        .env("ICHAT_BROKEN_SERVER_BIN", broken.join("debug").join(server()))
        .env("ICHAT_UI", repo.path("ui"));
    vec![cases, build, tests]
}

fn server() -> String {
    format!("ichat-server{}", std::env::consts::EXE_SUFFIX)
}

/// The checker, told where the programs and the npm packages are.
fn checker(repo: &Repo, profile: &str) -> Command {
    let mut checker = repo.command(repo.program(profile, "ichat-faults"));
    checker
        .env("ICHAT_SERVER_BIN", repo.program(profile, "ichat-server"))
        .env("ICHAT_UI", repo.path("ui"));
    checker
}
