//! The folders of a crate, and of the interface, that use each other in one direction.

use std::collections::BTreeSet;

use super::graph::Graph;

/// The source folders of crates and of the interface, and in each the folders that form a chain: each uses only those before
/// it.
const CHAINS: [(&str, &[&str]); 3] = [
    (
        "crates/server/src/",
        &["metrics", "net", "fanout", "commit", "session", "web"],
    ),
    (
        "crates/store/src/",
        &["log", "projection", "file", "write", "read", "maintenance"],
    ),
    (
        "ui/src/",
        &[
            "shared", "backend", "text", "people", "rooms", "servers", "state", "chat", "start", "app",
        ],
    ),
];

/// The folder that is in no chain: a crate's binaries use all of it.
const OUTSIDE: &str = "bin";

/// Returns the imports of a folder from one behind it in its chain, as `file -> file`.
pub(super) fn upward_imports(graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    for (file, imports) in graph {
        for import in imports {
            if let (Some(from), Some(to)) = (position(file), position(import))
                && from < to
            {
                found.push(format!("{file} -> {import}"));
            }
        }
    }
    found
}

/// Returns the chain of a file's folder, and its folder's position there.
fn position(file: &str) -> Option<(usize, usize)> {
    CHAINS.iter().enumerate().find_map(|(number, (source, folders))| {
        let (folder, _) = file.strip_prefix(source)?.split_once('/')?;
        Some((number, folders.iter().position(|other| *other == folder)?))
    })
}

#[test]
fn an_import_from_a_folder_behind_is_found() {
    let graph: Graph = [
        ("crates/server/src/session/mod.rs", "crates/server/src/net/mod.rs"),
        ("crates/server/src/net/listen.rs", "crates/server/src/web/guard.rs"),
        ("crates/server/src/net/limiter.rs", "crates/server/src/config.rs"),
        ("ui/src/chat/Composer.svelte", "ui/src/app/router.ts"),
        ("ui/src/chat/Quote.svelte", "ui/src/shared/ids.ts"),
    ]
    .into_iter()
    .map(|(from, to)| (from.to_owned(), [to.to_owned()].into()))
    .collect();
    assert_eq!(
        upward_imports(&graph),
        [
            "crates/server/src/net/listen.rs -> crates/server/src/web/guard.rs",
            "ui/src/chat/Composer.svelte -> ui/src/app/router.ts"
        ]
    );
}

#[test]
fn every_folder_is_in_its_chain() {
    for (source, folders) in CHAINS {
        let found: BTreeSet<_> = crate::tree::files()
            .iter()
            .filter_map(|file| Some(file.strip_prefix(source)?.split_once('/')?.0.to_owned()))
            .filter(|folder| folder != OUTSIDE)
            .collect();
        let chain: BTreeSet<_> = folders.iter().map(|folder| (*folder).to_owned()).collect();
        assert_eq!(found, chain, "{source}");
    }
}
