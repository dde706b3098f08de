//! Installs the Node.js servers that the benchmarks compare I-Chat with. Their packages are in a folder of their own,
//! because no part of the product needs them.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::repo::Repo;
use crate::{process, programs};

const FOLDER: &str = "crates/bench/peers";

/// Runs `npm ci` if the lock file has changed since the last time.
///
/// SQLite's binding for Node.js is compiled here. Its prebuilt binaries come from a server other than the npm registry,
/// and the figures should not depend on what is there.
pub(crate) fn install(repo: &Repo) -> Result<()> {
    let folder = repo.path(FOLDER);
    let lock = fs::read(folder.join("package-lock.json")).context("the peers' lock file can't be read")?;
    let stamp = folder.join("node_modules/.installed-from.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("Installing the peers' packages (npm ci); compiling SQLite's binding for Node.js takes a minute");
    let mut npm = repo.npm(&["ci", "--no-audit", "--no-fund"]);
    npm.current_dir(&folder).env("npm_config_build_from_source", "true");
    if let Some(prefix) = node_with_headers() {
        npm.env("npm_config_nodedir", prefix);
    }
    process::run(&mut npm).context(
        "the peers' packages can't be installed; \
         is the npm registry reachable, and are make, a C++ compiler and Python installed?",
    )?;
    fs::write(stamp, lock).context("the peers' node_modules can't be written to")
}

/// Returns Node's prefix if its C++ headers are there. Otherwise npm downloads them from nodejs.org.
fn node_with_headers() -> Option<PathBuf> {
    let node = fs::canonicalize(programs::find(&["node"])?).ok()?;
    let prefix = node.parent()?.parent()?;
    prefix.join("include/node/node.h").exists().then(|| prefix.to_owned())
}
