//! What there is to test, step by step.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::packages::For;
use crate::repo::Repo;
use crate::screen::{self, on_a_screen};
use crate::{faults, programs, python};

/// One line of the table.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) needs: &'static [Need],
    /// It is ended after so many minutes, for a hanging test would hang everything behind it.
    pub(crate) minutes: u64,
    /// What runs, one after the other. None means that there is nothing of this kind in the tree.
    pub(crate) commands: fn(&Repo) -> Result<Vec<Command>>,
}

/// What has to be there before a step runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// System packages.
    Packages(For),
    /// npm packages, and the interface built: the programs carry it.
    Interface,
    /// The Python environment.
    Python,
    /// The step [`BUILD`] has made our programs.
    Programs,
}

use Need::{Interface, Packages, Programs, Python};

/// The step that the others' programs come from; nothing that needs them runs when it fails.
pub(crate) const BUILD: &str = "build";

/// The steps of `cargo xtask check`.
pub(crate) const CHECKS: &[&str] = &["format", "clippy", "ui-check", "deny"];

const CODE: &[Need] = &[Packages(For::Building), Packages(For::App), Interface];

/// In the order in which they run. This package is left out of the builds: it is running, and with the other packages its
/// dependencies would get other features.
pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "format",
        about: "rustfmt leaves everything as it is",
        needs: &[],
        minutes: 2,
        commands: |repo| Ok(vec![repo.cargo(&["fmt", "--all", "--check"])]),
    },
    Step {
        name: BUILD,
        about: "all programs and tests, in the debug profile",
        needs: CODE,
        minutes: 40,
        commands: |repo| {
            Ok(vec![repo.cargo(&[
                "build",
                "--workspace",
                "--exclude",
                "xtask",
                "--bins",
                "--tests",
            ])])
        },
    },
    Step {
        name: "crates",
        about: "the tests of every crate, real sockets and network namespaces among them",
        needs: &[
            Packages(For::Building),
            Packages(For::App),
            Packages(For::Namespaces),
            Interface,
            Programs,
        ],
        minutes: 15,
        commands: |repo| {
            Ok(vec![repo.cargo(&[
                "test",
                "--workspace",
                "--exclude",
                "xtask",
                "--no-fail-fast",
            ])])
        },
    },
    Step {
        name: "house",
        about: "what is kept out of each room of the house, versions, licences, links",
        needs: &[Interface],
        minutes: 5,
        commands: |repo| Ok(vec![repo.cargo(&["test", "--package", "xtask", "--no-fail-fast"])]),
    },
    Step {
        name: "clippy",
        about: "no lint, in any target",
        needs: CODE,
        minutes: 20,
        commands: |repo| {
            Ok(vec![repo.cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ])])
        },
    },
    Step {
        name: "ui-check",
        about: "svelte-check, eslint, prettier",
        needs: &[Interface],
        minutes: 5,
        commands: |repo| Ok(vec![repo.npm(&["run", "check"]), repo.npm(&["run", "lint"])]),
    },
    Step {
        name: "ui",
        about: "the interface's own tests, against the real server where they need one",
        needs: &[Interface, Programs],
        minutes: 10,
        commands: |repo| Ok(vec![with_programs(repo, repo.npm(&["test"]))]),
    },
    Step {
        name: "foreign-node",
        about: "socket.io-client, and the tutorial's client unchanged, against the real server",
        needs: &[Interface, Programs],
        minutes: 5,
        commands: |repo| node_tests(repo, "ui/tests/foreign", |_| true),
    },
    Step {
        name: "foreign-python",
        about: "python-socketio against the real server",
        needs: &[Packages(For::Python), Python, Programs],
        minutes: 5,
        commands: python_tests,
    },
    Step {
        name: "faults",
        about: "the checker's cases in short, and servers broken on purpose that must turn it red",
        needs: &[
            Packages(For::Building),
            Packages(For::Namespaces),
            Packages(For::FakeTime),
            Interface,
            Programs,
        ],
        minutes: 15,
        commands: |repo| Ok(faults::in_short(repo)),
    },
    Step {
        name: "browser",
        about: "the page in Chromium, against the real server",
        needs: &[Packages(For::Browser), Interface, Programs],
        minutes: 10,
        commands: |repo| node_tests(repo, "ui/tests/e2e", |name| !name.starts_with("window")),
    },
    Step {
        name: "window",
        about: "the app in a real window, and a second one on another machine (a network namespace)",
        needs: &[
            Packages(For::Window),
            Packages(For::Browser),
            Packages(For::Namespaces),
            Interface,
            Programs,
        ],
        minutes: 10,
        commands: |repo| {
            node_tests(repo, "ui/tests/e2e", |name| name.starts_with("window"))
                .map(|nodes| nodes.iter().map(on_a_screen).collect())
        },
    },
    Step {
        name: "deny",
        about: "cargo-deny: licences and bans (in `cargo xtask check`)",
        needs: &[],
        minutes: 5,
        commands: |repo| Ok(vec![repo.cargo(&["deny", "check", "licenses", "bans", "sources"])]),
    },
];

/// Why a step can't run on this machine, if so.
pub(crate) fn obstacle(step: &Step) -> Option<String> {
    if step.name == "deny" && !programs::there("cargo-deny") {
        return Some("cargo-deny is not installed".to_owned());
    }
    step.needs.iter().find_map(|need| match need {
        Packages(For::Browser) if programs::find(programs::CHROMIUM).is_none() => {
            Some("no Chromium is installed".to_owned())
        }
        Packages(For::Window) => screen::PROGRAMS
            .iter()
            .find(|program| !programs::there(program))
            .map(|program| format!("there is no {program} on this system")),
        Packages(For::Namespaces) if step.name == "window" => no_namespaces(),
        _ => None,
    })
}

/// Network namespaces take Linux, and root in a machine that allows them.
fn no_namespaces() -> Option<String> {
    let tried = Command::new("unshare").args(["--net", "true"]).output();
    let allowed = tried.is_ok_and(|output| output.status.success());
    (!allowed).then(|| "network namespaces can't be made here (they need Linux and root)".to_owned())
}

/// Where the tests find our programs and leave their pictures.
fn with_programs(repo: &Repo, mut command: Command) -> Command {
    command
        .env("ICHAT_SERVER_BIN", repo.program("debug", "ichat-server"))
        .env("ICHAT_CLI_BIN", repo.program("debug", "ichat-cli"))
        .env("ICHAT_BIN", repo.program("debug", "ichat"))
        .env("ICHAT_ARTIFACTS", repo.target("e2e"));
    if let Some(chromium) = programs::find(programs::CHROMIUM) {
        command.env("ICHAT_CHROMIUM", chromium);
    }
    command
}

/// `node --test` over the folder's `*.test.mjs` whose names are chosen, one file at a time: they share a machine of two cores.
fn node_tests(repo: &Repo, folder: &str, chosen: fn(&str) -> bool) -> Result<Vec<Command>> {
    let files = files(repo, folder, |name| name.ends_with(".test.mjs") && chosen(name))?;
    if files.is_empty() {
        return Ok(Vec::new());
    }
    std::fs::create_dir_all(repo.target("e2e")).context("the target folder can't be written to")?;
    let mut node = with_programs(repo, repo.command("node"));
    node.args(["--test", "--test-concurrency=1"]).args(files);
    Ok(vec![node])
}

fn python_tests(repo: &Repo) -> Result<Vec<Command>> {
    let folder = "ui/tests/foreign/python";
    let files = files(repo, folder, |name| {
        name.strip_suffix(".py").is_some_and(|name| name.starts_with("test_"))
    })?;
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let mut python = with_programs(repo, repo.command(python::interpreter(repo)));
    python.args(["-m", "unittest", "discover", "--verbose", "--start-directory", folder]);
    Ok(vec![python])
}

/// The files of a folder, sorted; none when there is no such folder.
fn files(repo: &Repo, folder: &str, chosen: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    let path = repo.path(folder);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&path).with_context(|| format!("{folder} can't be read"))? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(&chosen) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}
