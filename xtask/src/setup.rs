//! Installs what the other commands need. Prints nothing, and takes no time, when everything is there.

use anyhow::{Context, Result, bail};

use crate::packages::{self, Purpose};
use crate::repo::Repo;
use crate::{process, python, ui};

/// The lowest major version of Node.js that the interface's tools accept.
const MIN_NODE_VERSION: u32 = 20;

/// Prepares a build of the headless server: a C compiler, and the interface that the server embeds.
pub(crate) fn for_server(repo: &Repo) -> Result<()> {
    packages::install(&[Purpose::Building])?;
    interface(repo)
}

/// Prepares a build of the desktop app.
pub(crate) fn for_app(repo: &Repo) -> Result<()> {
    packages::install(&[Purpose::Building, Purpose::App])?;
    interface(repo)
}

/// Prepares every command: `cargo xtask setup`.
pub(crate) fn everything(repo: &Repo) -> Result<()> {
    packages::install(Purpose::ALL)?;
    interface(repo)?;
    python::install(repo)?;
    println!("Everything is installed.");
    Ok(())
}

/// Installs the interface's npm packages, and builds the interface for the app and for browsers.
pub(crate) fn interface(repo: &Repo) -> Result<()> {
    check_node(repo)?;
    ui::install(repo)?;
    ui::build(repo)
}

fn check_node(repo: &Repo) -> Result<()> {
    let version = process::output(repo.command("node").arg("--version")).with_context(|| {
        format!("Node.js is missing: install version {MIN_NODE_VERSION} or later with npm (https://nodejs.org)")
    })?;
    match major(&version) {
        Some(major) if major >= MIN_NODE_VERSION => Ok(()),
        _ => bail!(
            "Node.js is {}, but the interface needs {MIN_NODE_VERSION} or later (https://nodejs.org)",
            version.trim()
        ),
    }
}

fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    //! The major version in what `node --version` prints.

    #[test]
    fn the_major_version_of_node_is_parsed() {
        assert_eq!(super::major("v20.20.2\n"), Some(20));
        assert_eq!(super::major("v24.0.0-nightly2025\n"), Some(24));
        assert_eq!(super::major(""), None);
    }
}
