//! `cargo xtask bundle`: builds this system's installers, the headless server and the command-line client, and on Debian the
//! package of these two.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::repo::Repo;
use crate::{process, server_package, setup};

/// The kinds of installers that the Tauri CLI can build on this system without downloading anything.
const INSTALLER_KINDS: &str = if cfg!(target_os = "macos") {
    "dmg"
} else if cfg!(windows) {
    "nsis"
} else {
    "deb,rpm"
};

const INSTALLER_EXTENSIONS: &[&str] = &["deb", "rpm", "dmg", "exe"];

pub(crate) fn bundle(repo: &Repo) -> Result<()> {
    setup::for_app(repo)?;
    let tauri = if cfg!(windows) { "tauri.cmd" } else { "tauri" };
    let mut tauri = repo.command(repo.path("ui/node_modules/.bin").join(tauri));
    tauri
        .args(["build", "--bundles", INSTALLER_KINDS])
        .env("CARGO_TARGET_DIR", repo.target(""));
    process::run(&mut tauri)?;
    process::run(&mut repo.cargo(&["build", "--release", "-p", "ichat-server", "-p", "ichat-client"]))?;

    let mut built: Vec<_> = ["ichat", "ichat-server", "ichat-cli"]
        .map(|name| repo.program("release", name))
        .into();
    built.extend(installers(&repo.target("release/bundle")).context("the installers can't be listed")?);
    if server_package::can_build() {
        let out = repo.target("release/bundle/server");
        built.push(server_package::build(
            &repo.target("release"),
            &repo.path("LICENSE"),
            &out,
            "xz",
        )?);
    } else if cfg!(target_os = "linux") {
        println!("The server's Debian package is not built: it needs dpkg-dev.");
    }
    println!();
    for path in built {
        let bytes = fs::metadata(&path)
            .with_context(|| format!("{} was not built", path.display()))?
            .len();
        println!("{:>7}  {}", format_size(bytes), path.display());
    }
    Ok(())
}

/// Lists the installers. Each kind has a folder: `deb/I-Chat_0.1.0_amd64.deb`.
fn installers(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for kind in fs::read_dir(folder)? {
        let kind = kind?.path();
        if kind.is_dir() {
            for file in fs::read_dir(kind)? {
                let file = file?.path();
                let is_installer =
                    |extension: &std::ffi::OsStr| INSTALLER_EXTENSIONS.iter().any(|known| extension == *known);
                if file.extension().is_some_and(is_installer) {
                    found.push(file);
                }
            }
        }
    }
    found.sort();
    Ok(found)
}

fn format_size(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    //! The format of sizes.

    #[test]
    fn sizes_are_printed_in_megabytes() {
        assert_eq!(super::format_size(7_450_000), "7.4 MB");
        assert_eq!(super::format_size(42), "0.0 MB");
    }
}
