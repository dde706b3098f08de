//! What is kept out of each room of the house (`ARCHITECTURE.md`), read from the tree:
//!
//! - no crate under `crates/` names `tauri`;
//! - `protocol` does no I/O and has no async;
//! - only `store` holds SQL;
//! - only `crates/client/src/socket.rs` names `rust_socketio`;
//! - only `discovery` names `mdns_sd`;
//! - in the interface only `ui/src/backend/` imports what stands behind it;
//! - neither build of the interface holds the other's library;
//! - no package has, or asks another for, the faults on purpose that the checker's own tests are made with;
//! - packages depend on each other in one direction;
//! - `src-tauri` names no library of the rooms behind it, and has no large file.

// These functions are all part of tests; clippy's own exception knows only the attribute.
#![allow(clippy::expect_used)]

mod tree;

use tree::{ends, files, metadata, none, read};

/// The lines of the chosen files that hold one of the words, comments left out, as `path:line: text`.
fn lines_with(words: &[&str], chosen: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for path in files().iter().filter(|path| chosen(path)) {
        for (number, line) in read(path).lines().enumerate() {
            if words.iter().any(|word| names(code(line), word)) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    found
}

/// A line without its comment. `//` counts at the start and behind a space, so that addresses stay whole.
fn code(line: &str) -> &str {
    let start = line.trim_start();
    if start.starts_with("//") || start.starts_with("# ") || start.starts_with("* ") || start.starts_with("/*") {
        return "";
    }
    line.split(" //").next().unwrap_or_default()
}

/// Whether the word stands there by itself: `tauri` in `tauri::Builder` and `src-tauri`, not in `centauri`.
fn names(line: &str, word: &str) -> bool {
    let part_of_a_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let goes_on_before = word.starts_with(part_of_a_word) && line[..at].ends_with(part_of_a_word);
        let goes_on_behind = word.ends_with(part_of_a_word) && line[at + word.len()..].starts_with(part_of_a_word);
        !goes_on_before && !goes_on_behind
    })
}

fn is_rust(path: &str) -> bool {
    // These tests name what they look for.
    ends(path, &["rs"]) && !path.starts_with("xtask/tests/")
}

/// Manifests of packages; the root's table of versions names everything.
fn is_manifest(path: &str) -> bool {
    path.ends_with("/Cargo.toml")
}

#[test]
fn comments_and_longer_words_are_not_names() {
    assert!(names(code("use tauri::Builder;"), "tauri"));
    assert!(names(code("let at = \"src-tauri/icons\"; // here"), "tauri"));
    assert!(names(code("connect(\"http://tauri.localhost\")"), "tauri"));
    assert!(!names(code("/// What tauri would do."), "tauri"));
    assert!(!names(code("let x = 1; // tauri"), "tauri"));
    assert!(!names(code("let centauri = tauriel;"), "tauri"));
}

#[test]
fn no_crate_names_tauri() {
    let words = ["tauri", "tauri_build", "tauri_plugin"];
    let found = lines_with(&words, |path| {
        path.starts_with("crates/") && (is_rust(path) || is_manifest(path))
    });
    none(&found, "crates know no window");
}

#[test]
fn protocol_does_no_io_and_has_no_async() {
    let words = [
        "std::net",
        "std::fs",
        "std::io",
        "std::process",
        "std::thread",
        "std::env",
        "SystemTime",
        "Instant",
        "tokio",
        "async",
        "await",
        "println!",
        "eprintln!",
    ];
    none(
        &lines_with(&words, |path| path.starts_with("crates/protocol/src/")),
        "protocol is words only",
    );

    let io = [
        "tokio",
        "mio",
        "async-std",
        "smol",
        "futures",
        "futures-util",
        "reqwest",
        "hyper",
        "rusqlite",
        "socket2",
    ];
    let found = dependencies("ichat-protocol", Kind::Any);
    let found: Vec<_> = found.into_iter().filter(|name| io.contains(&name.as_str())).collect();
    none(&found, "protocol depends on nothing that does I/O");
}

#[test]
fn only_store_holds_sql() {
    let elsewhere = |path: &str| !path.starts_with("crates/store/");
    let libraries = [
        "rusqlite",
        "rusqlite_migration",
        "libsqlite3-sys",
        "libsqlite3_sys",
        "sqlx",
    ];
    let found = lines_with(&libraries, |path| {
        elsewhere(path) && (is_rust(path) || is_manifest(path))
    });
    none(&found, "only store knows the database");

    let statements = [
        "SELECT ",
        "INSERT INTO ",
        "INSERT OR ",
        "DELETE FROM ",
        "CREATE TABLE ",
        "CREATE INDEX ",
        "DROP TABLE ",
        "PRAGMA ",
        "VACUUM INTO ",
        "BEGIN IMMEDIATE",
    ];
    let code = |path: &str| is_rust(path) || (path.starts_with("ui/src/") && ends(path, &["ts", "svelte"]));
    none(
        &lines_with(&statements, |path| elsewhere(path) && code(path)),
        "only store speaks SQL",
    );
}

#[test]
fn only_the_clients_socket_names_rust_socketio() {
    let here = ["crates/client/src/socket.rs", "crates/client/Cargo.toml"];
    let found = lines_with(&["rust_socketio"], |path| {
        !here.contains(&path) && (is_rust(path) || is_manifest(path))
    });
    none(&found, "its oddities are known in one place");
}

#[test]
fn only_discovery_names_mdns() {
    let elsewhere = |path: &str| !path.starts_with("crates/discovery/");
    let words = ["mdns_sd", "mdns-sd"];
    let found = lines_with(&words, |path| elsewhere(path) && (is_rust(path) || is_manifest(path)));
    none(&found, "its oddities are known in one place");
}

#[test]
fn only_the_interfaces_backend_imports_what_stands_behind_it() {
    let libraries = [
        "\"@tauri-apps/",
        "'@tauri-apps/",
        "\"socket.io-client",
        "'socket.io-client",
        "__TAURI",
        "window.__TAURI",
    ];
    let elsewhere = |path: &str| {
        path.starts_with("ui/src/")
            && !path.starts_with("ui/src/backend/")
            && ends(path, &["ts", "js", "mjs", "svelte"])
    };
    none(
        &lines_with(&libraries, elsewhere),
        "components ask the backend what it can do",
    );
}

#[test]
fn neither_build_holds_the_others_library() {
    const SOCKET_IO: &str = "/engine.io";
    const SHELL: &str = "__TAURI_INTERNALS__";
    let (Some(app), Some(web)) = (built("ui/dist/app"), built("ui/dist/web")) else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the interface is not built");
        eprintln!("not looked at: the interface is not built yet (`cargo xtask setup` builds it)");
        return;
    };
    // If a library changes its words, this tells that the marks are no marks any more.
    assert!(
        web.contains(SOCKET_IO),
        "the browser's build holds no socket.io-client, or it can't be known by its mark"
    );
    assert!(
        app.contains(SHELL),
        "the app's build can't reach the shell, or it can't be known by its mark"
    );
    assert!(!app.contains(SOCKET_IO), "the app's build holds socket.io-client");
    assert!(!web.contains(SHELL), "the browser's build holds @tauri-apps/api");
}

/// All scripts of a build, one behind the other.
fn built(folder: &str) -> Option<String> {
    fn scripts(folder: &std::path::Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                scripts(&path, text);
            } else if path.extension().is_some_and(|ending| ending == "js") {
                text.push_str(&std::fs::read_to_string(&path).expect("scripts are text"));
            }
        }
    }
    let folder = tree::root().join(folder);
    let mut text = String::new();
    folder
        .join("index.html")
        .exists()
        .then(|| scripts(&folder, &mut text))?;
    Some(text)
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// In programs.
    Normal,
    /// In tests, benchmarks and build scripts as well.
    Any,
}

/// The names of the packages that one of ours depends on.
fn dependencies(package: &str, kind: Kind) -> Vec<String> {
    let metadata = metadata(&["--no-deps", "--offline"]);
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let package = packages
        .iter()
        .find(|one| one["name"] == package)
        .unwrap_or_else(|| panic!("no package {package}"));
    package["dependencies"]
        .as_array()
        .expect("a list of dependencies")
        .iter()
        .filter(|dependency| kind == Kind::Any || dependency["kind"].is_null())
        .map(|dependency| dependency["name"].as_str().expect("a name").to_owned())
        .collect()
}

#[test]
fn nothing_that_is_shipped_is_broken_on_purpose() {
    const FEATURE: &str = "broken";
    let metadata = metadata(&["--no-deps", "--offline"]);
    let mut found = Vec::new();
    let mut has_it = 0;
    for package in metadata["packages"].as_array().expect("a list of packages") {
        for (feature, asks_for) in package["features"].as_object().expect("features") {
            let asks_for = asks_for.to_string();
            has_it += usize::from(feature == FEATURE);
            if feature != FEATURE && asks_for.contains(FEATURE) {
                found.push(format!("{}: {feature} = {asks_for}", package["name"]));
            }
        }
        for dependency in package["dependencies"].as_array().expect("a list of dependencies") {
            if dependency["features"].to_string().contains(FEATURE) {
                found.push(format!("{} asks {} for it", package["name"], dependency["name"]));
            }
        }
    }
    assert_eq!(has_it, 2, "the store and the server can be built broken");
    none(&found, "only the tests of the checker build with the feature `broken`");
}

#[test]
fn packages_depend_in_one_direction() {
    let directions: &[(&str, Kind, &[&str])] = &[
        ("ichat-protocol", Kind::Any, &[]),
        ("ichat-discovery", Kind::Any, &[]),
        ("xtask", Kind::Any, &[]),
        ("ichat-store", Kind::Any, &["ichat-protocol"]),
        // The headless program announces itself.
        (
            "ichat-server",
            Kind::Any,
            &["ichat-protocol", "ichat-store", "ichat-discovery"],
        ),
        // It measures the server's program from outside, as its clients see it.
        ("ichat-bench", Kind::Normal, &["ichat-protocol"]),
        (
            "ichat-bench",
            Kind::Any,
            &["ichat-protocol", "ichat-store", "ichat-server"],
        ),
        ("ichat-client", Kind::Normal, &["ichat-protocol", "ichat-store"]),
        (
            "ichat-client",
            Kind::Any,
            &["ichat-protocol", "ichat-store", "ichat-server"],
        ),
        // The checker runs the server as the program that it is.
        (
            "ichat-faults",
            Kind::Any,
            &["ichat-protocol", "ichat-store", "ichat-client"],
        ),
    ];
    for (package, kind, allowed) in directions {
        let mut found = dependencies(package, *kind);
        found.retain(|name| name.starts_with("ichat") && !allowed.contains(&name.as_str()));
        none(&found, &format!("{package} must not depend on these"));
    }
}

#[test]
fn the_shell_decides_nothing() {
    let libraries = [
        "rusqlite",
        "socketioxide",
        "engineioxide",
        "axum",
        "hyper",
        "rust_socketio",
        "mdns_sd",
        "reqwest",
        "ed25519_dalek",
    ];
    let shell = |path: &str| path.starts_with("src-tauri/") && is_rust(path);
    none(
        &lines_with(&libraries, shell),
        "what needs these libraries belongs to a crate",
    );

    let mut large: Vec<_> = files().into_iter().filter(|path| shell(path)).collect();
    let without_tests = |line: &&str| *line != "#[cfg(test)]";
    large.retain(|path| read(path).lines().take_while(without_tests).count() > 300);
    none(&large, "a shell that only wires has no large files");
}
