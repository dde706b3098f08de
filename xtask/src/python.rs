//! The Python environment of the tests: python-socketio is a client that nobody here wrote.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::process;
use crate::repo::Repo;

const REQUIREMENTS: &str = "ui/tests/foreign/python/requirements.txt";

/// Its interpreter.
pub(crate) fn interpreter(repo: &Repo) -> PathBuf {
    repo.target(if cfg!(windows) {
        "python/Scripts/python.exe"
    } else {
        "python/bin/python"
    })
}

/// Makes the environment in the target folder, when what is required is not what it was made from.
pub(crate) fn environment(repo: &Repo) -> Result<()> {
    let folder = repo.target("python");
    let stamp = folder.join("installed-from.txt");
    // Without the file there is no such client among the tests.
    let Ok(wanted) = fs::read(repo.path(REQUIREMENTS)) else {
        return Ok(());
    };
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) && interpreter(repo).exists() {
        return Ok(());
    }
    println!("Making the tests' Python environment in {}", folder.display());
    let python = if cfg!(windows) { "python" } else { "python3" };
    process::interactive(repo.command(python).args(["-m", "venv", "--clear"]).arg(&folder))
        .context("the Python environment can't be made; is Python 3 with venv installed?")?;
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
    process::interactive(&mut pip).context("the Python packages can't be installed; is the package index in reach?")?;
    fs::write(stamp, wanted).context("the target folder can't be written to")
}
