//! The virtual environment for the tests with libraries that are not ours: python-socketio, a Socket.IO client, and Prometheus's
//! parser.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::process;
use crate::repo::Repo;

const REQUIREMENTS: &str = "ui/tests/foreign/python/requirements.txt";

/// Returns the path of the environment's interpreter.
pub(crate) fn interpreter(repo: &Repo) -> PathBuf {
    repo.target(if cfg!(windows) {
        "python/Scripts/python.exe"
    } else {
        "python/bin/python"
    })
}

/// Creates the environment in the target folder, or creates it again after the requirements have changed.
pub(crate) fn install(repo: &Repo) -> Result<()> {
    let folder = repo.target("python");
    let stamp = folder.join("installed-from.txt");
    let requirements = fs::read(repo.path(REQUIREMENTS)).with_context(|| format!("{REQUIREMENTS} can't be read"))?;
    if fs::read(&stamp).is_ok_and(|installed| installed == requirements) && interpreter(repo).exists() {
        return Ok(());
    }
    println!("Creating the tests' Python environment in {}", folder.display());
    let python = if cfg!(windows) { "python" } else { "python3" };
    process::run(repo.command(python).args(["-m", "venv", "--clear"]).arg(&folder))
        .context("the Python environment can't be created; is Python 3 with venv installed?")?;
    let mut pip = repo.command(interpreter(repo));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
        REQUIREMENTS,
    ]);
    process::run(&mut pip).context("the Python packages can't be installed; is the package index reachable?")?;
    fs::write(stamp, requirements).context("the target folder can't be written to")
}
