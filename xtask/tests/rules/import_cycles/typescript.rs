//! The imports of TypeScript and Svelte files.

use std::path::Path;

use regex::Regex;

use super::graph::Graph;
use crate::tree::{files, has_extension, normalize, read, root};

/// Reads the imports of every script and component of the interface.
pub(super) fn imports() -> Graph {
    let import = Regex::new(r#"(?:\bfrom|\bimport\s*\(|\bimport)\s*["'](\.[^"']+)["']"#).expect("a valid pattern");
    let mut graph = Graph::new();
    for file in files() {
        if file.starts_with("ui/") && has_extension(&file, &["ts", "js", "mjs", "svelte"]) {
            let imports = import
                .captures_iter(&read(&file))
                .filter_map(|captures| resolve(&file, &captures[1]))
                .filter(|import| *import != file)
                .collect();
            graph.insert(file, imports);
        }
    }
    graph
}

/// Returns the file that a relative import names, tried with the endings that Vite tries.
fn resolve(file: &str, import: &str) -> Option<String> {
    let path = normalize(&Path::new(file).parent()?.join(import));
    ["", ".ts", ".js", "/index.ts"]
        .iter()
        .map(|ending| format!("{}{ending}", path.display()))
        .find(|path| root().join(path).is_file())
}
