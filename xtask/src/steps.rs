//! The table of the steps of `cargo xtask test`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::packages::Purpose;
use crate::repo::Repo;
use crate::xvfb::{self, under_xvfb};
use crate::{faults, programs, python};

/// A row of the table.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) needs: &'static [Need],
    /// The timeout of each command.
    pub(crate) minutes: u64,
    pub(crate) load: Load,
    /// Returns the commands, which run one after the other.
    pub(crate) commands: fn(&Repo) -> Result<Vec<Command>>,
}

/// The share of the processor that a step takes. The order of the table is kept among busy and among waiting steps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// No other step runs meanwhile.
    Exclusive,
    /// It keeps the processor busy. Such steps run one after the other.
    Busy,
    /// It waits for much of its time: for servers, browsers and timers. Such steps run one after the other, beside the busy
    /// ones.
    Waiting,
}

/// A requirement of a step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// System packages.
    Packages(Purpose),
    /// npm packages, and the built interface, which the programs embed.
    Interface,
    /// The Python environment.
    Python,
    /// Our programs, which the step [`BUILD`] builds.
    Programs,
}

use Need::{Interface, Packages, Programs, Python};

/// The step that builds our programs. If it fails, the steps that need them don't run.
pub(crate) const BUILD: &str = "build";

/// The folder in the target folder where tests leave screenshots.
pub(crate) const SCREENSHOTS: &str = "e2e";

/// The steps of `cargo xtask check`.
pub(crate) const CHECKS: &[&str] = &["format", "clippy", "ui-check", "deny"];

const CODE: &[Need] = &[Packages(Purpose::Building), Packages(Purpose::App), Interface];

/// All steps, in the order in which they run.
///
/// `xtask` is left out of the builds of the workspace: it is running, and building it together with the other packages
/// would give its dependencies other features, so it would be built again.
pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "format",
        about: "rustfmt",
        needs: &[],
        minutes: 2,
        load: Load::Exclusive,
        commands: |repo| Ok(vec![repo.cargo(&["fmt", "--all", "--check"])]),
    },
    Step {
        name: BUILD,
        about: "all programs and tests, in the debug profile",
        needs: CODE,
        minutes: 40,
        load: Load::Exclusive,
        commands: |repo| {
            Ok(vec![repo.cargo(&[
                "build",
                "--workspace",
                "--exclude",
                "xtask",
                "--bins",
                "--tests",
                // The program that discovery's tests start in network namespaces.
                "--example",
                "near",
            ])])
        },
    },
    Step {
        name: "crates",
        about: "the tests of every crate, with real sockets and network namespaces",
        needs: &[
            Packages(Purpose::Building),
            Packages(Purpose::App),
            Packages(Purpose::Namespaces),
            Interface,
            Programs,
        ],
        minutes: 15,
        load: Load::Busy,
        commands: |repo| {
            Ok(vec![repo.cargo(&[
                "test",
                "--workspace",
                "--exclude",
                "xtask",
                "--tests",
                "--no-fail-fast",
            ])])
        },
    },
    Step {
        name: "architecture",
        about: "the rules for dependencies, imports and names; versions, licences, links; the server's package",
        needs: &[Interface, Programs],
        minutes: 5,
        load: Load::Busy,
        commands: |repo| Ok(vec![repo.cargo(&["test", "--package", "xtask", "--no-fail-fast"])]),
    },
    Step {
        name: "clippy",
        about: "clippy in every target, without warnings",
        needs: CODE,
        minutes: 40,
        load: Load::Busy,
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
        load: Load::Busy,
        commands: |repo| Ok(vec![repo.npm(&["run", "check"]), repo.npm(&["run", "lint"])]),
    },
    Step {
        name: "ui",
        about: "the interface's unit tests, some of them with a real server",
        needs: &[Interface, Programs],
        minutes: 10,
        load: Load::Busy,
        commands: |repo| Ok(vec![with_programs(repo, repo.npm(&["test"]))]),
    },
    Step {
        name: "fuzz",
        about: "a minute of random messages through the interface's text parser",
        needs: &[Interface],
        minutes: 3,
        load: Load::Busy,
        commands: |repo| {
            let mut fuzz = repo.npm(&["run", "fuzz"]);
            fuzz.env("TEXT_FUZZ_SECONDS", "60");
            Ok(vec![fuzz])
        },
    },
    Step {
        name: "foreign-node",
        about: "socket.io-client and the unchanged tutorial client with a real server",
        needs: &[Interface, Programs],
        minutes: 5,
        load: Load::Waiting,
        commands: |repo| node_tests(repo, "ui/tests/foreign", 1, |_| true),
    },
    Step {
        name: "foreign-python",
        about: "python-socketio, and Prometheus's parser, with a real server",
        needs: &[Packages(Purpose::Python), Python, Programs],
        minutes: 5,
        load: Load::Waiting,
        commands: |repo| Ok(python_tests(repo)),
    },
    Step {
        name: "proxies",
        about: "the recipes for nginx, HAProxy and Caddy as the documentation prints them, with a real server",
        needs: &[
            Packages(Purpose::Proxies),
            Packages(Purpose::Browser),
            Interface,
            Programs,
        ],
        minutes: 5,
        load: Load::Waiting,
        commands: |repo| node_tests(repo, "ui/tests/proxies", 1, |_| true),
    },
    Step {
        name: "faults",
        about: "a short run of the fault checker, and servers broken on purpose, which it must detect",
        needs: &[
            Packages(Purpose::Building),
            Packages(Purpose::Namespaces),
            Packages(Purpose::FakeTime),
            Interface,
            Programs,
        ],
        minutes: 40,
        load: Load::Waiting,
        commands: |repo| Ok(faults::short_run(repo)),
    },
    Step {
        name: "browser",
        about: "the web page in Chromium, with a real server: by mouse, by finger, by keyboard, and a random walk",
        needs: &[Packages(Purpose::Browser), Interface, Programs],
        minutes: 40,
        load: Load::Busy,
        commands: |repo| {
            node_tests(repo, "ui/tests/e2e", 2, |name| {
                !["window", "firefox", "webkit"]
                    .iter()
                    .any(|other| name.starts_with(other))
            })
        },
    },
    Step {
        name: "firefox",
        about: "the main paths through the web page in Firefox",
        needs: &[Packages(Purpose::Firefox), Interface, Programs],
        minutes: 20,
        load: Load::Waiting,
        commands: |repo| node_tests(repo, "ui/tests/e2e", 1, |name| name.starts_with("firefox")),
    },
    Step {
        name: "webkit",
        about: "the main paths through the web page in WebKit",
        needs: &[Packages(Purpose::WebKit), Interface, Programs],
        minutes: 20,
        load: Load::Waiting,
        commands: |repo| {
            node_tests(repo, "ui/tests/e2e", 1, |name| name.starts_with("webkit"))
                .map(|commands| commands.iter().map(under_xvfb).collect())
        },
    },
    Step {
        name: "window",
        about: "the app in a real window, and a second app in a network namespace",
        needs: &[
            Packages(Purpose::Window),
            Packages(Purpose::Browser),
            Packages(Purpose::Namespaces),
            Interface,
            Programs,
        ],
        minutes: 15,
        load: Load::Exclusive,
        commands: |repo| {
            node_tests(repo, "ui/tests/e2e", 1, |name| name.starts_with("window"))
                .map(|commands| commands.iter().map(under_xvfb).collect())
        },
    },
    Step {
        name: "deny",
        about: "cargo-deny: licences and bans (only in `cargo xtask check`, or by name)",
        needs: &[],
        minutes: 5,
        load: Load::Exclusive,
        commands: |repo| Ok(vec![repo.cargo(&["deny", "check", "licenses", "bans", "sources"])]),
    },
];

/// Returns the reason why a step can't run on this machine, if there is one.
pub(crate) fn reason_to_skip(step: &Step) -> Option<String> {
    if step.name == "deny" && !programs::is_installed("cargo-deny") {
        return Some("cargo-deny is not installed".to_owned());
    }
    step.needs.iter().find_map(|need| match need {
        Packages(Purpose::Browser) => programs::find(programs::CHROMIUM)
            .is_none()
            .then(|| "no Chromium is installed".to_owned()),
        Packages(Purpose::Firefox) => programs::find(programs::FIREFOX)
            .is_none()
            .then(|| "no Firefox is installed".to_owned()),
        Packages(Purpose::WebKit) => missing_for_xvfb().or_else(|| {
            programs::find_mini_browser()
                .is_none()
                .then(|| "WebKit's MiniBrowser is not installed".to_owned())
        }),
        Packages(Purpose::Window) => missing_for_xvfb(),
        Packages(Purpose::Proxies) => programs::PROXIES
            .iter()
            .find(|program| !programs::is_installed_for_root(program))
            .map(|program| format!("{program} is not installed")),
        // The tests of the crates and of the fault checker skip single cases themselves.
        Packages(Purpose::Namespaces) => (step.name == "window").then(namespaces_unavailable).flatten(),
        Packages(Purpose::Building | Purpose::App | Purpose::FakeTime | Purpose::Python)
        | Interface
        | Python
        | Programs => None,
    })
}

fn missing_for_xvfb() -> Option<String> {
    xvfb::PROGRAMS
        .iter()
        .find(|program| !programs::is_installed(program))
        .map(|program| format!("{program} is not installed"))
}

/// Returns a reason if network namespaces can't be created. They need Linux, root, and a container that allows them.
fn namespaces_unavailable() -> Option<String> {
    let attempt = Command::new("unshare").args(["--net", "true"]).output();
    let allowed = attempt.is_ok_and(|output| output.status.success());
    (!allowed).then(|| "network namespaces can't be created here (they need Linux and root)".to_owned())
}

/// Sets the variables by which tests find our programs, and the folder for their screenshots.
pub(crate) fn with_programs(repo: &Repo, mut command: Command) -> Command {
    command
        .env("ICHAT_SERVER_BIN", repo.program("debug", "ichat-server"))
        .env("ICHAT_CLI_BIN", repo.program("debug", "ichat-cli"))
        .env("ICHAT_BIN", repo.program("debug", "ichat"))
        .env("ICHAT_ARTIFACTS", repo.target(SCREENSHOTS));
    if let Some(chromium) = programs::find(programs::CHROMIUM) {
        command.env("ICHAT_CHROMIUM", chromium);
    }
    if let Some(firefox) = programs::find(programs::FIREFOX) {
        command.env("ICHAT_FIREFOX", firefox);
    }
    if let Some(mini_browser) = programs::find_mini_browser() {
        command.env("ICHAT_MINIBROWSER", mini_browser);
    }
    command
}

/// Returns `node --test` for the selected `*.test.mjs` files of a folder. Only a few files run at a time, because each
/// starts servers and browsers of its own. They come in reverse alphabetical order, in which the longest ones (`walk*`,
/// `paths*`) begin early.
fn node_tests(repo: &Repo, folder: &str, at_a_time: u8, selected: fn(&str) -> bool) -> Result<Vec<Command>> {
    let mut files = files(repo, folder, |name| name.ends_with(".test.mjs") && selected(name))?;
    files.reverse();
    std::fs::create_dir_all(repo.target(SCREENSHOTS)).context("the target folder can't be written to")?;
    let mut node = with_programs(repo, repo.command("node"));
    node.args(["--test", "--test-reporter=spec"])
        .arg(format!("--test-concurrency={at_a_time}"))
        .args(files);
    Ok(vec![node])
}

fn python_tests(repo: &Repo) -> Vec<Command> {
    let mut python = with_programs(repo, repo.command(python::interpreter(repo)));
    python.args(["-m", "unittest", "discover", "--verbose"]);
    python.args(["--start-directory", "ui/tests/foreign/python"]);
    vec![python]
}

/// Lists the selected files of a folder in alphabetical order.
fn files(repo: &Repo, folder: &str, selected: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(repo.path(folder)).with_context(|| format!("{folder} can't be read"))? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(&selected) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}
