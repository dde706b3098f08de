//! `cargo xtask bundle`: the installers of this system, the headless server and the command-line client.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::repo::Repo;
use crate::{process, setup};

/// What the Tauri CLI can make here without fetching anything.
const INSTALLERS: &str = if cfg!(target_os = "macos") {
    "dmg"
} else if cfg!(windows) {
    "nsis"
} else {
    "deb,rpm"
};

/// How installers' names end.
const ENDINGS: &[&str] = &["deb", "rpm", "dmg", "exe"];

pub(crate) fn bundle(repo: &Repo) -> Result<()> {
    setup::for_app(repo)?;
    let tauri = if cfg!(windows) { "tauri.cmd" } else { "tauri" };
    let mut tauri = repo.command(repo.path("ui/node_modules/.bin").join(tauri));
    tauri
        .args(["build", "--bundles", INSTALLERS])
        .env("CARGO_TARGET_DIR", repo.target(""));
    process::interactive(&mut tauri)?;
    process::interactive(&mut repo.cargo(&["build", "--release", "-p", "ichat-server", "-p", "ichat-client"]))?;

    let mut made: Vec<_> = ["ichat", "ichat-server", "ichat-cli"]
        .map(|name| repo.program("release", name))
        .into();
    made.extend(installers(&repo.target("release/bundle")).context("the installers can't be listed")?);
    println!();
    for path in made {
        let bytes = fs::metadata(&path)
            .with_context(|| format!("{} was not made", path.display()))?
            .len();
        println!("{:>7}  {}", size(bytes), path.display());
    }
    Ok(())
}

/// They lie one folder deep: `deb/I-Chat_0.1.0_amd64.deb`.
fn installers(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for kind in fs::read_dir(folder)? {
        let kind = kind?.path();
        if kind.is_dir() {
            for file in fs::read_dir(kind)? {
                let file = file?.path();
                if file
                    .extension()
                    .is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
                {
                    found.push(file);
                }
            }
        }
    }
    found.sort();
    Ok(found)
}

fn size(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    //! Sizes as people read them.

    #[test]
    fn sizes_are_told_in_megabytes() {
        assert_eq!(super::size(7_450_000), "7.4 MB");
        assert_eq!(super::size(42), "0.0 MB");
    }
}
