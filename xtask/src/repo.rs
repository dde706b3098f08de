//! Where things are: the tree, and what cargo makes of it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The tree that this program was built from, and its target folder.
pub(crate) struct Repo {
    root: PathBuf,
    target: PathBuf,
}

impl Repo {
    pub(crate) fn here() -> Self {
        // At run time, for a target folder may be shared by several clones.
        let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let package = Path::new(&package);
        let root = package.parent().unwrap_or(package).to_owned();
        // This program lies in `<target>/debug`, wherever cargo was told to put that.
        let target = std::env::current_exe()
            .ok()
            .and_then(|exe| Some(exe.parent()?.parent()?.to_owned()))
            .unwrap_or_else(|| root.join("target"));
        Repo { root, target }
    }

    /// A path in the tree.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// A path in the target folder.
    pub(crate) fn target(&self, path: &str) -> PathBuf {
        self.target.join(path)
    }

    /// A program of ours as `cargo build` leaves it.
    pub(crate) fn program(&self, profile: &str, name: &str) -> PathBuf {
        self.target
            .join(profile)
            .join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// A program of somebody else, started at the root.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        // What `cargo xtask` put there for this program alone would make the next cargo build crates anew.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&*name);
            }
        }
        command
    }

    /// `cargo` with these arguments, at the root, into the same target folder.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// `npm` with these arguments, in the folder of the interface.
    pub(crate) fn npm(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(if cfg!(windows) { "npm.cmd" } else { "npm" });
        command.args(arguments).current_dir(self.path("ui"));
        command
    }
}
