//! Reads the source tree.

use std::path::{Component, Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Returns the root of the repository.
pub(crate) fn root() -> PathBuf {
    // Read at run time, because several clones may share one target folder.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
    Path::new(&package).parent().expect("xtask is in the root").to_owned()
}

/// Lists the files of the repository, including those that are new and not ignored. The paths are relative to the root and
/// have slashes.
pub(crate) fn files() -> Vec<String> {
    // With `-z`, git doesn't quote paths that have other characters than ASCII.
    let listed = git(&["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let mut files: Vec<_> = listed
        .split_terminator('\0')
        .filter(|path| root().join(path).is_file())
        .map(str::to_owned)
        .collect();
    files.sort();
    files.dedup();
    assert!(
        files.len() > 20,
        "too few files for this to be the repository: {files:?}"
    );
    files
}

/// Runs git and returns its output.
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

/// Returns the text of a file, and an empty text for a binary file.
pub(crate) fn read(path: &str) -> String {
    let bytes = std::fs::read(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    String::from_utf8(bytes).unwrap_or_default()
}

/// Returns whether a path has one of these extensions, given without the dot.
pub(crate) fn has_extension(path: &str, extensions: &[&str]) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, extension)| extensions.contains(&extension))
}

/// Fails with the rule and the list if the list isn't empty.
#[track_caller]
pub(crate) fn assert_none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

/// Returns the output of `cargo metadata`. With `--no-deps` it describes only the packages of the workspace.
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
    serde_json::from_slice(&output.stdout).expect("cargo prints JSON")
}

/// Removes `.` and `..` from a path.
pub(crate) fn normalize(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut normal, part| {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => normal.push(part),
        }
        normal
    })
}
