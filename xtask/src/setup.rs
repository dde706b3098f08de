//! What must be there before anything else runs. Silent and quick when it is.

use anyhow::{Context, Result, bail};

use crate::packages::{self, For};
use crate::repo::Repo;
use crate::{process, python, ui};

/// The Node.js that the interface's tools ask for.
const NODE: u32 = 20;

/// For the headless server: a C compiler, and the interface that it carries.
pub(crate) fn for_server(repo: &Repo) -> Result<()> {
    packages::install(&[For::Building])?;
    interface(repo)
}

/// For the desktop app.
pub(crate) fn for_app(repo: &Repo) -> Result<()> {
    packages::install(&[For::Building, For::App])?;
    interface(repo)
}

/// For everything that there is to run.
pub(crate) fn everything(repo: &Repo) -> Result<()> {
    use For::{App, Browser, Building, Namespaces, Python, Window};
    packages::install(&[Building, App, Namespaces, Python, Browser, Window])?;
    interface(repo)?;
    python::environment(repo)?;
    println!("Everything is there.");
    Ok(())
}

/// The interface's packages, and its two builds.
pub(crate) fn interface(repo: &Repo) -> Result<()> {
    node(repo)?;
    ui::install(repo)?;
    ui::build(repo)
}

fn node(repo: &Repo) -> Result<()> {
    let version = process::output(repo.command("node").arg("--version")).with_context(|| {
        format!("Node.js is missing: install version {NODE} or later with npm (https://nodejs.org)")
    })?;
    match major(&version) {
        Some(major) if major >= NODE => Ok(()),
        _ => bail!(
            "Node.js is {}, and the interface needs {NODE} or later (https://nodejs.org)",
            version.trim()
        ),
    }
}

fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    //! The versions that `node --version` prints.

    #[test]
    fn the_major_version_of_node_is_read() {
        assert_eq!(super::major("v20.20.2\n"), Some(20));
        assert_eq!(super::major("v24.0.0-nightly2025\n"), Some(24));
        assert_eq!(super::major(""), None);
    }
}
