//! The rules of `ARCHITECTURE.md` about what each crate must not depend on:
//!
//! - no crate under `crates/` names `tauri`;
//! - `protocol` does no I/O and has no async code;
//! - only `store` contains SQL;
//! - only `crates/client/src/socket.rs` names `rust_socketio`;
//! - only `discovery` names `mdns_sd`;
//! - in the interface, only `ui/src/backend/` imports the libraries of its two back ends;
//! - neither build of the interface contains the other's library;
//! - `src-tauri` names no library that belongs to a crate, and has no large file.

use crate::packages::{Kind, dependencies_of};
use crate::tree::{assert_none, files, has_extension, read, root};

/// Returns the lines of the selected files that name one of the words outside a comment, as `path:line: text`.
fn lines_with(words: &[&str], selected: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for path in files().iter().filter(|path| selected(path)) {
        for (number, line) in read(path).lines().enumerate() {
            if words.iter().any(|word| contains_word(without_comment(line), word)) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    found
}

/// Removes the comment from a line. `//` begins a comment only at the start or after a space, so URLs are kept.
fn without_comment(line: &str) -> &str {
    let start = line.trim_start();
    if start.starts_with("//") || start.starts_with("# ") || start.starts_with("* ") || start.starts_with("/*") {
        return "";
    }
    line.split(" //").next().unwrap_or_default()
}

/// Returns whether the line contains the whole word: `tauri` is in `tauri::Builder` and `src-tauri`, not in `centauri`.
fn contains_word(line: &str, word: &str) -> bool {
    let part_of_a_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let continues_before = word.starts_with(part_of_a_word) && line[..at].ends_with(part_of_a_word);
        let continues_after = word.ends_with(part_of_a_word) && line[at + word.len()..].starts_with(part_of_a_word);
        !continues_before && !continues_after
    })
}

fn is_rust(path: &str) -> bool {
    // These tests contain the words that they search for.
    has_extension(path, &["rs"]) && !path.starts_with("xtask/tests/")
}

/// Returns whether a path is a package's manifest. The root's manifest has the versions of all libraries.
fn is_manifest(path: &str) -> bool {
    path.ends_with("/Cargo.toml")
}

#[test]
fn comments_and_longer_words_do_not_count() {
    assert!(contains_word(without_comment("use tauri::Builder;"), "tauri"));
    assert!(contains_word(
        without_comment("let at = \"src-tauri/icons\"; // here"),
        "tauri"
    ));
    assert!(contains_word(
        without_comment("connect(\"http://tauri.localhost\")"),
        "tauri"
    ));
    assert!(!contains_word(without_comment("/// Calls tauri."), "tauri"));
    assert!(!contains_word(without_comment("let x = 1; // tauri"), "tauri"));
    assert!(!contains_word(without_comment("let centauri = tauriel;"), "tauri"));
}

#[test]
fn no_crate_names_tauri() {
    let words = ["tauri", "tauri_build", "tauri_plugin"];
    let found = lines_with(&words, |path| {
        path.starts_with("crates/") && (is_rust(path) || is_manifest(path))
    });
    assert_none(&found, "the crates don't know about windows");
}

#[test]
fn protocol_does_no_io_and_has_no_async_code() {
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
    assert_none(
        &lines_with(&words, |path| path.starts_with("crates/protocol/src/")),
        "protocol only has data types",
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
    let found = dependencies_of("ichat-protocol", Kind::Any);
    let found: Vec<_> = found.into_iter().filter(|name| io.contains(&name.as_str())).collect();
    assert_none(&found, "protocol depends on nothing that does I/O");
}

#[test]
fn only_store_contains_sql() {
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
    assert_none(&found, "only store uses the database library");

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
    let code = |path: &str| is_rust(path) || (path.starts_with("ui/src/") && has_extension(path, &["ts", "svelte"]));
    assert_none(
        &lines_with(&statements, |path| elsewhere(path) && code(path)),
        "only store contains SQL",
    );
}

#[test]
fn only_the_clients_socket_names_rust_socketio() {
    let here = ["crates/client/src/socket.rs", "crates/client/Cargo.toml"];
    let found = lines_with(&["rust_socketio"], |path| {
        !here.contains(&path) && (is_rust(path) || is_manifest(path))
    });
    assert_none(&found, "one place knows the library's peculiarities");
}

#[test]
fn only_discovery_names_mdns() {
    let elsewhere = |path: &str| !path.starts_with("crates/discovery/");
    let words = ["mdns_sd", "mdns-sd"];
    let found = lines_with(&words, |path| elsewhere(path) && (is_rust(path) || is_manifest(path)));
    assert_none(&found, "one place knows the library's peculiarities");
}

#[test]
fn only_the_interfaces_backend_folder_imports_the_back_ends_libraries() {
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
            && has_extension(path, &["ts", "js", "mjs", "svelte"])
    };
    assert_none(
        &lines_with(&libraries, elsewhere),
        "components use the Backend interface instead",
    );
}

#[test]
fn neither_build_contains_the_others_library() {
    const SOCKET_IO: &str = "/engine.io";
    const SHELL: &str = "__TAURI_INTERNALS__";
    let (Some(app), Some(web)) = (built_scripts("ui/dist/app"), built_scripts("ui/dist/web")) else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the interface is not built");
        eprintln!("skipped: the interface is not built yet (`cargo xtask setup` builds it)");
        return;
    };
    // If a library no longer contains its marker, the checks below would pass for the wrong reason.
    assert!(
        web.contains(SOCKET_IO),
        "the browser's build doesn't contain socket.io-client's marker"
    );
    assert!(
        app.contains(SHELL),
        "the app's build doesn't contain @tauri-apps/api's marker"
    );
    assert!(!app.contains(SOCKET_IO), "the app's build contains socket.io-client");
    assert!(!web.contains(SHELL), "the browser's build contains @tauri-apps/api");
}

/// Returns the text of all scripts of a build. `None` means that it is not built yet.
fn built_scripts(folder: &str) -> Option<String> {
    fn scripts(folder: &std::path::Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                scripts(&path, text);
            } else if path.extension().is_some_and(|extension| extension == "js") {
                text.push_str(&std::fs::read_to_string(&path).expect("scripts are text"));
            }
        }
    }
    let folder = root().join(folder);
    let mut text = String::new();
    folder
        .join("index.html")
        .exists()
        .then(|| scripts(&folder, &mut text))?;
    Some(text)
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
    assert_none(
        &lines_with(&libraries, shell),
        "code that uses these libraries belongs to a crate",
    );

    let mut large: Vec<_> = files().into_iter().filter(|path| shell(path)).collect();
    large.retain(|path| !path.starts_with("src-tauri/tests/"));
    let without_tests = |line: &&str| *line != "#[cfg(test)]";
    large.retain(|path| read(path).lines().take_while(without_tests).count() > 300);
    assert_none(&large, "a shell that only connects the crates has no large files");
}
