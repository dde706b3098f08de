//! What holds for the tree as a whole:
//!
//! - the top level that the product is known by is there;
//! - versions stand in one table, every line of it is used, and so is every library that the product is built on;
//! - every library's licence is among those that `deny.toml` allows;
//! - lock files are in the repository, what is built is not;
//! - nothing names a path of one machine, or takes packages from a place of one's own;
//! - links in the documentation lead to something.

// These functions are all part of tests; clippy's own exception knows only the attribute.
#![allow(clippy::expect_used)]

mod tree;

use std::collections::BTreeSet;
use std::path::Path;

use tree::{ends, files, git, metadata, none, read, root};

/// Libraries that the product is built on.
const BUILT_ON: &[&str] = &[
    "tauri",
    "tokio",
    "socketioxide",
    "axum",
    "rust_socketio",
    "serde",
    "serde_json",
    "mdns-sd",
];

/// What the interface's packages are.
const PAGES_LOCK: &str = "ui/package-lock.json";
/// What those are that I-Chat is measured beside.
const PEERS_LOCK: &str = "crates/bench/peers/package-lock.json";

const TOP: &[&str] = &[
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

/// Every table of dependencies in a manifest, those for one system among them.
fn dependencies(manifest: &toml::Table) -> Vec<(String, toml::Value)> {
    const TABLES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];
    let systems = manifest.get("target").and_then(toml::Value::as_table);
    let tables = systems
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
fn the_top_level_is_there() {
    let missing: Vec<_> = TOP
        .iter()
        .filter(|path| !root().join(path).exists())
        .map(ToString::to_string)
        .collect();
    none(&missing, "missing at the top level");
}

#[test]
fn versions_stand_in_one_table() {
    let mut astray = Vec::new();
    for path in manifests() {
        for (name, value) in dependencies(&manifest(&path)) {
            if value.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                astray.push(format!("{path}: {name}"));
            }
        }
    }
    none(
        &astray,
        "these give a version of their own; it belongs to [workspace.dependencies]",
    );
}

#[test]
fn the_table_of_versions_holds_what_is_used() {
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
    none(&unused, "no package uses these");

    let missing: Vec<_> = BUILT_ON
        .iter()
        .filter(|name| !used.contains(**name))
        .map(ToString::to_string)
        .collect();
    none(&missing, "the product is built on these");
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
    let mut refused = Vec::new();
    for package in metadata["packages"].as_array().expect("a list of packages") {
        let licence = package["license"].as_str().unwrap_or_default();
        let fits = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX)
            .is_ok_and(|licence| licence.evaluate(|asked| allowed.iter().any(|one| one.satisfies(asked))));
        if !fits {
            refused.push(format!("{} {}: {licence:?}", package["name"], package["version"]));
        }
    }
    none(&refused, "these licences are not in deny.toml");
}

#[test]
fn lock_files_are_kept_and_builds_are_not() {
    let kept = git(&["ls-files"]);
    let kept: Vec<_> = kept.lines().collect();
    for lock in ["Cargo.lock", PAGES_LOCK, PEERS_LOCK] {
        assert!(kept.contains(&lock), "{lock} is not in the repository");
    }
    let built = ["target/", "ui/dist/", "src-tauri/gen/"];
    let built = |path: &str| built.iter().any(|folder| path.starts_with(folder)) || path.contains("node_modules/");
    let found: Vec<_> = kept.into_iter().filter(|path| built(path)).map(str::to_owned).collect();
    none(&found, "these are built, and can be built again");
}

#[test]
fn nothing_names_one_machine() {
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
    none(&found, "paths of one machine");
}

/// Whether the line holds an absolute path that begins so; `ui/src/work/` and `https://host/home/` hold none.
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
    for lock in [PAGES_LOCK, PEERS_LOCK] {
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
    none(&found, "packages from elsewhere");
}

#[test]
fn links_in_the_documentation_lead_to_something() {
    let mut broken = Vec::new();
    for path in files().into_iter().filter(|path| ends(path, &["md"])) {
        let text = read(&path);
        let folder = Path::new(&path).parent().expect("a file has a folder").to_owned();
        for link in links(&text) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                path.clone()
            } else {
                folder.join(file).to_string_lossy().into_owned()
            };
            let there = root().join(&target).exists();
            let heading = anchor.is_empty() || (ends(&target, &["md"]) && there && has_heading(&read(&target), anchor));
            if !there || !heading {
                broken.push(format!("{path}: {link}"));
            }
        }
    }
    none(&broken, "links that lead to nothing");
}

/// Links in Markdown, and pictures in HTML, that stay in this repository.
fn links(text: &str) -> Vec<&str> {
    let markdown = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ']).next());
    let html = ["src=\"", "srcset=\"", "href=\""];
    let html = html
        .iter()
        .flat_map(|mark| text.split(mark).skip(1))
        .filter_map(|rest| rest.split('"').next());
    markdown
        .chain(html)
        .filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
        .collect()
}

/// Whether a heading has this anchor, made as code hosts make it: lower case, hyphens for spaces, without signs.
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
