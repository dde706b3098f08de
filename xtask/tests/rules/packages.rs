//! Rules for our packages and their libraries:
//!
//! - our packages depend on each other in one direction;
//! - nothing that is shipped enables the feature `broken`, which the fault checker's own tests use;
//! - versions are declared in one table, every row of it is used, and so is every library that the product has to use;
//! - `deny.toml` allows the licence of every library;
//! - packages come from the public registries.

use std::collections::BTreeSet;

use crate::tree::{assert_none, files, metadata, read};

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
pub(crate) const UI_LOCK: &str = "ui/package-lock.json";
/// The lock file of the servers that the benchmarks compare I-Chat with.
pub(crate) const PEERS_LOCK: &str = "crates/bench/peers/package-lock.json";

#[test]
fn packages_depend_in_one_direction() {
    let directions: &[(&str, Kind, &[&str])] = &[
        ("ichat-protocol", Kind::Any, &[]),
        ("ichat-discovery", Kind::Normal, &[]),
        ("ichat-discovery", Kind::Any, &["ichat-testkit"]),
        ("ichat-manual", Kind::Any, &[]),
        ("xtask", Kind::Any, &[]),
        ("ichat-store", Kind::Any, &["ichat-protocol"]),
        // The headless server announces itself.
        (
            "ichat-server",
            Kind::Normal,
            &["ichat-protocol", "ichat-store", "ichat-discovery", "ichat-manual"],
        ),
        (
            "ichat-server",
            Kind::Any,
            &[
                "ichat-protocol",
                "ichat-store",
                "ichat-discovery",
                "ichat-manual",
                "ichat-testkit",
            ],
        ),
        // Its feature `server` is for tests that want a server in their own process, `session-model` for the model test of
        // the client's session machine.
        (
            "ichat-testkit",
            Kind::Any,
            &["ichat-protocol", "ichat-store", "ichat-server", "ichat-client"],
        ),
        // The benchmarks measure the server program from outside, as its clients do.
        ("ichat-bench", Kind::Normal, &["ichat-protocol", "ichat-testkit"]),
        (
            "ichat-bench",
            Kind::Any,
            &["ichat-protocol", "ichat-store", "ichat-server", "ichat-testkit"],
        ),
        (
            "ichat-client",
            Kind::Normal,
            &["ichat-protocol", "ichat-store", "ichat-manual"],
        ),
        (
            "ichat-client",
            Kind::Any,
            &[
                "ichat-protocol",
                "ichat-store",
                "ichat-manual",
                "ichat-server",
                "ichat-testkit",
            ],
        ),
        // The fault checker runs the server as a program, so it doesn't link it.
        (
            "ichat-faults",
            Kind::Any,
            &["ichat-protocol", "ichat-store", "ichat-client", "ichat-testkit"],
        ),
    ];
    let with_a_row = |package: &String| directions.iter().any(|(name, ..)| package == name);
    // The app stands above all others.
    let unchecked: Vec<_> = own_packages()
        .into_iter()
        .filter(|package| package != "ichat" && !with_a_row(package))
        .collect();
    assert_none(&unchecked, "the table above has no row for these packages");
    for (package, kind, allowed) in directions {
        let mut found = dependencies_of(package, *kind);
        found.retain(|name| name.starts_with("ichat") && !allowed.contains(&name.as_str()));
        assert_none(&found, &format!("{package} must not depend on these packages"));
    }
}

#[test]
fn nothing_that_is_shipped_enables_the_feature_broken() {
    const FEATURE: &str = "broken";
    let metadata = metadata(&["--no-deps", "--offline"]);
    let mut found = Vec::new();
    let mut declarations = 0;
    for package in metadata["packages"].as_array().expect("a list of packages") {
        for (feature, enables) in package["features"].as_object().expect("features") {
            let enables = enables.to_string();
            declarations += usize::from(feature == FEATURE);
            if feature != FEATURE && enables.contains(FEATURE) {
                found.push(format!("{}: {feature} = {enables}", package["name"]));
            }
        }
        for dependency in package["dependencies"].as_array().expect("a list of dependencies") {
            if dependency["features"].to_string().contains(FEATURE) {
                found.push(format!("{} enables it in {}", package["name"], dependency["name"]));
            }
        }
    }
    assert_eq!(declarations, 2, "the store and the server have the feature");
    assert_none(&found, "only the fault checker's tests enable the feature `broken`");
}

#[test]
fn versions_are_declared_in_one_table() {
    let mut elsewhere = Vec::new();
    for path in manifests() {
        for (name, value) in declared_dependencies(&manifest(&path)) {
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
        .flat_map(|path| declared_dependencies(&manifest(path)))
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

/// The dependencies to look at.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// Only those of libraries and programs.
    Normal,
    /// Those of tests, benchmarks and build scripts as well.
    Any,
}

/// Returns the names of the packages that one of ours depends on, from `cargo metadata`.
pub(crate) fn dependencies_of(package: &str, kind: Kind) -> Vec<String> {
    let metadata = metadata(&["--no-deps", "--offline"]);
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let package = packages
        .iter()
        .find(|candidate| candidate["name"] == package)
        .unwrap_or_else(|| panic!("no package {package}"));
    package["dependencies"]
        .as_array()
        .expect("a list of dependencies")
        .iter()
        .filter(|dependency| kind == Kind::Any || dependency["kind"].is_null())
        .map(|dependency| dependency["name"].as_str().expect("a name").to_owned())
        .collect()
}

/// Returns the names of our packages.
fn own_packages() -> Vec<String> {
    let metadata = metadata(&["--no-deps", "--offline"]);
    let packages = metadata["packages"].as_array().expect("a list of packages");
    packages
        .iter()
        .map(|package| package["name"].as_str().expect("a name").to_owned())
        .collect()
}

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
fn declared_dependencies(manifest: &toml::Table) -> Vec<(String, toml::Value)> {
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
