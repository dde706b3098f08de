//! The imports of TypeScript and Svelte files.

use std::path::Path;

use regex::Regex;

use super::graph::Graph;
use crate::tree::{files, has_extension, normalize, read, root};

/// The name by which the interface imports the back end of its build, and the files that it stands for.
const BACKEND_ALIAS: (&str, [&str; 2]) = ("$backend", ["ui/src/backend/tauri.ts", "ui/src/backend/web.ts"]);

/// Reads the imports of every script and component of the interface.
pub(super) fn imports() -> Graph {
    let import =
        Regex::new(r#"(?:\bfrom|\bimport\s*\(|\bimport)\s*["']((?:\.|\$)[^"']+)["']"#).expect("a valid pattern");
    let mut graph = Graph::new();
    for file in files() {
        if file.starts_with("ui/") && has_extension(&file, &["ts", "js", "mjs", "svelte"]) {
            let imports = import
                .captures_iter(&read(&file))
                .flat_map(|captures| resolve(&file, &captures[1]))
                .filter(|import| *import != file)
                .collect();
            graph.insert(file, imports);
        }
    }
    graph
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
