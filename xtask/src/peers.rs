//! The servers in Node that I-Chat is measured beside: their packages, in a folder of their own, since no part of the
//! product needs them.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::repo::Repo;
use crate::{process, programs};

const FOLDER: &str = "crates/bench/peers";

/// `npm ci`, when the lock file is another one than last time. The binding of the database is compiled here: its makers'
/// binaries lie on a server of their own, and these figures should not depend on what lies there.
pub(crate) fn install(repo: &Repo) -> Result<()> {
    let folder = repo.path(FOLDER);
    let lock = fs::read(folder.join("package-lock.json")).context("the peers' lock file can't be read")?;
    let installed = folder.join("node_modules/.installed-from.json");
    if fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("Installing the peers' packages (npm ci); SQLite's binding for Node is compiled, which takes a minute");
    let mut npm = repo.npm(&["ci", "--no-audit", "--no-fund"]);
    npm.current_dir(&folder).env("npm_config_build_from_source", "true");
    if let Some(prefix) = node_with_headers() {
        npm.env("npm_config_nodedir", prefix);
    }
    process::interactive(&mut npm).context(
        "the peers' packages can't be installed; is the npm registry in reach, and are there make, a C++ compiler and Python?",
    )?;
    fs::write(installed, lock).context("the peers' node_modules can't be written to")
}

/// Where Node's headers lie beside it; without them they are fetched from nodejs.org.
fn node_with_headers() -> Option<PathBuf> {
    let node = fs::canonicalize(programs::find(&["node"])?).ok()?;
    let prefix = node.parent()?.parent()?;
    prefix.join("include/node/node.h").exists().then(|| prefix.to_owned())
}
