//! The imports of TypeScript and Svelte files.

use std::path::Path;

use regex::Regex;

use super::graph::Graph;
use crate::tree::{files, has_extension, normalize, read, root};

/// The name by which the interface imports the back end of its build, and the files that it stands for.
const BACKEND_ALIAS: (&str, [&str; 2]) = ("$backend", ["ui/src/backend/tauri.ts", "ui/src/backend/web.ts"]);

/// Reads the imports of every script and component of the interface.
pub(super) fn imports() -> Graph {
    let mut graph = Graph::new();
    for file in files() {
        if file.starts_with("ui/") && has_extension(&file, &["ts", "js", "mjs", "svelte"]) {
            let imports = imports_in(&read(&file))
                .flat_map(|import| resolve(&file, &import))
                .filter(|import| *import != file)
                .collect();
            graph.insert(file, imports);
        }
    }
    graph
}

/// Returns the relative imports, and re-exports, in a script or component.
fn imports_in(source: &str) -> impl Iterator<Item = String> {
    let import =
        Regex::new(r#"(?:\bfrom|\bimport\s*\(|\bimport)\s*["']((?:\.|\$)[^"']+)["']"#).expect("a valid pattern");
    let found: Vec<_> = import
        .captures_iter(source)
        .map(|captures| captures[1].to_owned())
        .collect();
    found.into_iter()
}

/// Returns the file that a relative import names, tried with the endings that Vite tries, or those that the alias stands
/// for. An import that names no file would be missing in the graph, so it is an error.
fn resolve(file: &str, import: &str) -> Vec<String> {
    let (alias, back_ends) = BACKEND_ALIAS;
    if import == alias {
        return back_ends.map(str::to_owned).into();
    }
    let path = normalize(&Path::new(file).with_file_name(import));
    let found = ["", ".ts", ".js", "/index.ts"]
        .iter()
        .map(|ending| format!("{}{ending}", path.display()))
        .find(|path| root().join(path).is_file());
    vec![found.unwrap_or_else(|| panic!("{file} imports {import}, which is no file"))]
}

#[test]
fn every_form_of_import_is_read() {
    let source = r#"
        import { a,
          b } from "./b";
        import type { C } from "../c";
        import "./d.css";
        import backend from "$backend";
        import svelte from "svelte";
        export { e } from "./e";
        export * from "./f";
        const g = () => import("./g.svelte");"#;
    let found: Vec<_> = imports_in(source).collect();
    assert_eq!(
        found,
        ["./b", "../c", "./d.css", "$backend", "./e", "./f", "./g.svelte"]
    );
}
