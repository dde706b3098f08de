//! Installs Debian and Ubuntu packages with apt-get.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{process, programs};

pub(crate) fn is_available() -> bool {
    programs::is_installed("apt-get") && programs::is_installed("dpkg-query")
}

/// Installs those of the packages that are missing. Prints nothing, and returns quickly, if there are none.
pub(crate) fn install_missing(names: &[&str]) -> Result<()> {
    let answer = process::output(
        Command::new("dpkg-query")
            .args(["--show", "--showformat", "${Package} ${db:Status-Status}\n"])
            .args(names)
            .stderr(Stdio::null()),
    );
    let missing = missing(names, &answer.context("dpkg-query can't be started")?);
    if missing.is_empty() { Ok(()) } else { install(&missing) }
}

fn install(missing: &[&str]) -> Result<()> {
    println!("Installing system packages: {}", missing.join(" "));
    let by_hand = format!("apt-get install --no-install-recommends {}", missing.join(" "));
    let Some(apt) = apt_get() else {
        bail!("packages are missing and there is no sudo; run as root:\n  {by_hand}");
    };
    if !are_known(missing) {
        process::run(apt().arg("update"))
            .with_context(|| format!("the package lists can't be updated; try by hand:\n  {by_hand}"))?;
    }
    let attempt = || {
        process::run(
            apt()
                .args(["install", "--yes", "--no-install-recommends"])
                .args(missing),
        )
    };
    if attempt().is_ok() {
        return Ok(());
    }
    // Outdated lists name versions that the archive no longer has.
    process::run(apt().arg("update"))
        .and_then(|()| attempt())
        .with_context(|| format!("the packages can't be installed; try by hand:\n  {by_hand}"))
}

/// Returns a function that makes `apt-get` commands, run as root. `None` means that neither root nor sudo is available.
fn apt_get() -> Option<impl Fn() -> Command> {
    let root = is_root();
    (root || programs::is_installed("sudo")).then_some(move || {
        let mut command = Command::new(if root { "env" } else { "sudo" });
        if !root {
            command.arg("env");
        }
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        command
    })
}

/// Returns whether the package lists on this machine contain all of the packages. A fresh machine has no lists.
fn are_known(missing: &[&str]) -> bool {
    let dry_run = Command::new("apt-get")
        .args(["install", "--dry-run", "--quiet=2"])
        .args(missing)
        .output();
    dry_run.is_ok_and(|output| output.status.success())
}

#[cfg(unix)]
fn is_root() -> bool {
    nix::unistd::Uid::effective().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

/// Returns the packages that are not installed according to dpkg-query's answer. It leaves out packages that it doesn't
/// know, and gives removed ones the status `config-files` or `not-installed`.
fn missing<'a>(names: &[&'a str], answer: &str) -> Vec<&'a str> {
    let installed: Vec<_> = answer
        .lines()
        .filter_map(|line| line.strip_suffix(" installed"))
        .collect();
    names.iter().copied().filter(|name| !installed.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    //! Missing packages, from real answers of dpkg-query.

    use super::*;

    #[test]
    fn only_fully_installed_packages_count() {
        let answer = "xvfb installed\nfile config-files\ndunst not-installed\nlibssl-dev half-configured\n";
        let names = ["xvfb", "file", "dunst", "libssl-dev", "unknown", "xvf"];
        assert_eq!(
            missing(&names, answer),
            ["file", "dunst", "libssl-dev", "unknown", "xvf"]
        );
    }
}
