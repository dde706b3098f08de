//! The source tree as the tests of this folder read it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

pub(crate) fn root() -> PathBuf {
    // At run time, for a target folder may be shared by several clones.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
    Path::new(&package)
        .parent()
        .expect("this package lies in the root's folder")
        .to_owned()
}

/// Every file that is in the repository, or would be with the next `git add`. Paths from the root, with slashes.
pub(crate) fn files() -> Vec<String> {
    let listed = git(&["ls-files", "--cached", "--others", "--exclude-standard"]);
    let mut files: Vec<_> = listed
        .lines()
        .filter(|path| root().join(path).is_file())
        .map(str::to_owned)
        .collect();
    files.sort();
    files.dedup();
    assert!(
        files.len() > 20,
        "git lists too few files for this to be the repository: {files:?}"
    );
    files
}

pub(crate) fn git(arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(root())
        .args(arguments)
        .output()
        .expect("git is installed");
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("paths are UTF-8")
}

/// A file's text; what is no text comes out empty.
pub(crate) fn read(path: &str) -> String {
    let bytes = std::fs::read(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    String::from_utf8(bytes).unwrap_or_default()
}

/// Whether a file's name ends in one of these, which are written without the dot.
pub(crate) fn ends(path: &str, endings: &[&str]) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, ending)| endings.contains(&ending))
}

#[track_caller]
pub(crate) fn none(found: &[String], why: &str) {
    assert!(found.is_empty(), "{why}:\n{}", found.join("\n"));
}

/// What cargo knows of the workspace, and without `--no-deps` of everything that it stands on.
pub(crate) fn metadata(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1"])
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo is installed");
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
}
