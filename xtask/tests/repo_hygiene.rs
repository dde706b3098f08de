//! Rules for the repository as a whole:
//!
//! - the expected files and folders are at the top level;
//! - versions are declared in one table, every row of it is used, and so is every library that the product is built on;
//! - `deny.toml` allows the licence of every library;
//! - lock files are in the repository, build output is not;
//! - no file contains a path of one machine, and packages come from the public registries;
//! - links in the documentation have a target, and the paths that it names exist.

// Clippy's exception for tests covers only functions with the attribute, not their helpers.
#![allow(clippy::expect_used)]

mod tree;

use std::collections::BTreeSet;
use std::path::Path;

use tree::{assert_none, files, git, has_extension, metadata, read, root};

/// The libraries that the product has to use.
const REQUIRED_LIBRARIES: &[&str] = &[
    "tauri",
    "tokio",
    "socketioxide",
    "axum",
    "rust_socketio",
    "serde",
    "serde_json",
    "mdns-sd",
];

/// The lock file of the interface.
const UI_LOCK: &str = "ui/package-lock.json";
/// The lock file of the servers that the benchmarks compare I-Chat with.
const PEERS_LOCK: &str = "crates/bench/peers/package-lock.json";

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

fn manifest(path: &str) -> toml::Table {
    read(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn manifests() -> Vec<String> {
    files()
        .into_iter()
        .filter(|path| path == "Cargo.toml" || path.ends_with("/Cargo.toml"))
        .collect()
}

/// Returns the dependencies of a manifest, including those for one operating system.
fn dependencies(manifest: &toml::Table) -> Vec<(String, toml::Value)> {
    const TABLES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let tables = targets
        .into_iter()
        .flat_map(toml::Table::values)
        .filter_map(toml::Value::as_table);
    std::iter::once(manifest)
        .chain(tables)
        .flat_map(|table| TABLES.iter().filter_map(|name| table.get(*name)?.as_table()))
        .flat_map(|table| table.iter().map(|(name, value)| (name.clone(), value.clone())))
        .collect()
}

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
fn versions_are_declared_in_one_table() {
    let mut elsewhere = Vec::new();
    for path in manifests() {
        for (name, value) in dependencies(&manifest(&path)) {
            if value.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                elsewhere.push(format!("{path}: {name}"));
            }
        }
    }
    assert_none(&elsewhere, "these versions belong to [workspace.dependencies]");
}

#[test]
fn the_table_of_versions_has_no_unused_row() {
    let used: BTreeSet<_> = manifests()
        .iter()
        .flat_map(|path| dependencies(&manifest(path)))
        .map(|(name, _)| name)
        .collect();
    let table = manifest("Cargo.toml");
    let table = table["workspace"]["dependencies"]
        .as_table()
        .expect("a table of versions");
    let unused: Vec<_> = table.keys().filter(|name| !used.contains(*name)).cloned().collect();
    assert_none(&unused, "no package uses these libraries");

    let missing: Vec<_> = REQUIRED_LIBRARIES
        .iter()
        .filter(|name| !used.contains(**name))
        .map(ToString::to_string)
        .collect();
    assert_none(&missing, "the product has to use these libraries");
}

#[test]
fn every_licence_is_allowed() {
    let deny = manifest("deny.toml");
    let allowed: Vec<_> = deny["licenses"]["allow"]
        .as_array()
        .expect("a list of licences")
        .iter()
        .map(|licence| licence.as_str().expect("a licence"))
        .map(|licence| spdx::Licensee::parse(licence).unwrap_or_else(|error| panic!("{licence}: {error}")))
        .collect();
    let metadata = metadata(&["--locked"]);
    let mut not_allowed = Vec::new();
    for package in metadata["packages"].as_array().expect("a list of packages") {
        let licence = package["license"].as_str().unwrap_or_default();
        let is_allowed = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX).is_ok_and(|licence| {
            licence.evaluate(|required| allowed.iter().any(|licensee| licensee.satisfies(required)))
        });
        if !is_allowed {
            not_allowed.push(format!("{} {}: {licence:?}", package["name"], package["version"]));
        }
    }
    assert_none(&not_allowed, "deny.toml doesn't allow these licences");
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
fn packages_come_from_the_public_registries() {
    let crates = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    let npm = "\"resolved\": \"https://registry.npmjs.org/";
    let lock = read("Cargo.lock");
    let mut found: Vec<_> = lock
        .lines()
        .filter(|line| line.starts_with("source = ") && *line != crates)
        .map(str::to_owned)
        .collect();
    for lock in [UI_LOCK, PEERS_LOCK] {
        found.extend(
            read(lock)
                .lines()
                .filter(|line| line.contains("\"resolved\":") && !line.contains(npm))
                .map(str::to_owned),
        );
    }
    let settings = [".npmrc", "pip.conf", ".cargo/credentials.toml"];
    found.extend(
        files()
            .into_iter()
            .filter(|path| settings.iter().any(|setting| path.ends_with(setting))),
    );
    for (path, setting) in [(".cargo/config.toml", "[source"), (".cargo/config.toml", "[registries")] {
        found.extend(read(path).contains(setting).then(|| format!("{path}: {setting}")));
    }
    for path in files().iter().filter(|path| path.ends_with("requirements.txt")) {
        found.extend(
            read(path)
                .lines()
                .filter(|line| line.contains("index-url"))
                .map(|line| format!("{path}: {line}")),
        );
    }
    assert_none(&found, "these packages come from elsewhere");
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
