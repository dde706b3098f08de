//! Rules for the repository as a whole:
//!
//! - the expected files and folders are at the top level;
//! - lock files are in the repository, build output is not;
//! - no file contains a path of one machine;
//! - links in the documentation have a target, and the paths that it names exist.

use std::path::Path;

use crate::packages::{PEERS_LOCK, UI_LOCK};
use crate::tree::{assert_none, files, git, has_extension, read, root};

/// The files and folders that users and tools expect at the top level.
const TOP_LEVEL: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "src-tauri",
    "ui",
    "icons",
    "README.md",
    "tauri.conf.json",
];

#[test]
fn the_top_level_has_the_expected_files() {
    let missing: Vec<_> = TOP_LEVEL
        .iter()
        .filter(|path| !root().join(path).exists())
        .map(ToString::to_string)
        .collect();
    assert_none(&missing, "missing at the top level");
}

#[test]
fn lock_files_are_tracked_and_build_output_is_not() {
    let tracked = git(&["ls-files"]);
    let tracked: Vec<_> = tracked.lines().collect();
    for lock in ["Cargo.lock", UI_LOCK, PEERS_LOCK] {
        assert!(tracked.contains(&lock), "{lock} is not in the repository");
    }
    let outputs = ["target/", "ui/dist/", "src-tauri/gen/"];
    let is_output =
        |path: &str| outputs.iter().any(|folder| path.starts_with(folder)) || path.contains("node_modules/");
    let found: Vec<_> = tracked
        .into_iter()
        .filter(|path| is_output(path))
        .map(str::to_owned)
        .collect();
    assert_none(&found, "build output doesn't belong in the repository");
}

#[test]
fn no_file_contains_a_path_of_one_machine() {
    let paths = [
        "/work/",
        "/root/",
        "/home/",
        "/Users/",
        "/tmp/t/",
        "/tmp/w/",
        "C:\\Users\\",
    ];
    let mut found = Vec::new();
    for path in files().iter().filter(|path| !path.starts_with("xtask/tests/")) {
        for (number, line) in read(path).lines().enumerate() {
            if paths.iter().any(|start| starts_a_path(line, start)) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert_none(&found, "these paths exist on one machine only");
}

/// Returns whether the line contains an absolute path with this start. `ui/src/work/` and `https://host/home/` don't count.
fn starts_a_path(line: &str, start: &str) -> bool {
    let part_of_a_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '}' | ')' | '*');
    line.match_indices(start)
        .any(|(at, _)| !line[..at].chars().next_back().is_some_and(part_of_a_path))
}

#[test]
fn links_in_the_documentation_have_a_target() {
    let mut broken = Vec::new();
    for path in files().into_iter().filter(|path| has_extension(path, &["md"])) {
        let text = read(&path);
        let folder = Path::new(&path).parent().expect("a file has a folder").to_owned();
        for link in links(&text) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                path.clone()
            } else {
                folder.join(file).to_string_lossy().into_owned()
            };
            let exists = root().join(&target).exists();
            let heading =
                anchor.is_empty() || (has_extension(&target, &["md"]) && exists && has_heading(&read(&target), anchor));
            if !exists || !heading {
                broken.push(format!("{path}: {link}"));
            }
        }
    }
    assert_none(&broken, "broken links");
}

#[test]
fn paths_in_the_documentation_exist() {
    let top_level = ["crates/", "docs/", "src-tauri/", "ui/", "xtask/", ".ci/"];
    let built = ["ui/dist/", "ui/node_modules/"];
    let mut missing = Vec::new();
    for document in files().into_iter().filter(|path| has_extension(path, &["md"])) {
        let text = read(&document);
        // Every second part is between backticks.
        let paths = text.split('`').skip(1).step_by(2).filter(|path| {
            let begins = |folders: &[&str]| folders.iter().any(|folder| path.starts_with(folder));
            begins(&top_level) && !begins(&built) && !path.contains(char::is_whitespace)
        });
        missing.extend(
            paths
                .filter(|path| !root().join(path).exists())
                .map(|path| format!("{document}: {path}")),
        );
    }
    assert_none(&missing, "the documentation names these paths, which don't exist");
}

/// Returns the links to files of this repository, in Markdown and in HTML.
fn links(text: &str) -> Vec<&str> {
    let markdown = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ']).next());
    let attributes = ["src=\"", "srcset=\"", "href=\""];
    let html = attributes
        .iter()
        .flat_map(|attribute| text.split(attribute).skip(1))
        .filter_map(|rest| rest.split('"').next());
    markdown
        .chain(html)
        .filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
        .collect()
}

/// Returns whether a heading has this anchor. Code hosts make anchors in lower case, with hyphens instead of spaces and without
/// punctuation.
fn has_heading(text: &str, anchor: &str) -> bool {
    text.lines().filter(|line| line.starts_with('#')).any(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let slug: String = title
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        slug == anchor
    })
}
