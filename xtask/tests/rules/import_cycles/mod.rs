//! The graph of imports between source files:
//!
//! - it has no cycle in Rust, over every crate's modules, tests included;
//! - where the folders of a crate form a chain, and in the interface, each folder uses only those before it;
//! - it has every Rust file;
//! - it has no cycle in TypeScript and Svelte, over everything in `ui`.
//!
//! In Rust, an import is a `use`, or a path in code or in a macro's arguments. A parent that declares a child (`mod x;`) or
//! re-exports an item (`pub use x::Y;`) doesn't import it. A path through a re-export imports the file that defines the item
//! and, from outside the module that re-exports it, the file of that module too. In TypeScript, an import is an `import`,
//! `import type`, `export … from` or dynamic `import()`.

mod graph;
mod layers;
mod paths;
mod rust;
mod typescript;

use std::collections::BTreeSet;
use std::path::Path;

use graph::cycles;

use crate::tree::{assert_none, files, has_extension, normalize, read};

#[test]
fn rust_modules_import_each_other_in_one_direction() {
    let graph = rust::imports();
    assert!(graph.len() > 100, "too few files for this to be the whole workspace");
    assert_none(&cycles(&graph), "import cycles in Rust");
}

#[test]
fn folders_use_those_before_them() {
    let mut found = layers::upward_imports(&rust::imports());
    found.extend(layers::upward_imports(&typescript::imports()));
    assert_none(&found, "a folder uses one that comes after it in its chain");
}

#[test]
fn every_rust_file_is_compiled() {
    let graph = rust::imports();
    let sources = || files().into_iter().filter(|path| has_extension(path, &["rs"]));
    let included: BTreeSet<_> = sources().flat_map(|path| included_by(&path)).collect();
    let mut unused: Vec<_> = sources().filter(|path| !graph.contains_key(path)).collect();
    unused.retain(|path| !included.contains(path));
    assert_none(&unused, "no crate declares these files as modules");
}

#[test]
fn the_interfaces_files_import_each_other_in_one_direction() {
    let graph = typescript::imports();
    assert!(graph.len() > 100, "too few files for this to be the whole interface");
    assert_none(&cycles(&graph), "import cycles in TypeScript");
}

/// Returns the files that a Rust file includes.
fn included_by(file: &str) -> Vec<String> {
    let text = read(file);
    let paths = text
        .split("include!(\"")
        .skip(1)
        .filter_map(|rest| rest.split_once('"'));
    let resolve = |(path, _)| normalize(&Path::new(file).with_file_name(path));
    paths.map(resolve).map(|path| path.display().to_string()).collect()
}
