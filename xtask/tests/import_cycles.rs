//! No cycle of imports between source files:
//!
//! - in Rust, over every crate's modules, tests included;
//! - in TypeScript and Svelte, over everything in `ui`;
//! - and the search finds a cycle where there is one.
//!
//! In Rust, an import is a `use`, or a path in code or in a macro's arguments. A parent that declares a child (`mod x;`) or
//! re-exports an item (`pub use x::Y;`) doesn't import it, and a path through a re-export imports the file that defines the
//! item. In TypeScript, an import is an `import`, `import type`, `export … from` or dynamic `import()`.

// Clippy's exception for tests covers only functions with the attribute, not their helpers.
#![allow(clippy::expect_used)]

mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use regex::Regex;
use tree::{assert_none, files, has_extension, metadata, read, root};

/// For each file, the files that it imports.
type Graph = BTreeMap<String, BTreeSet<String>>;

#[test]
fn rust_modules_import_each_other_in_one_direction() {
    let graph = rust_imports();
    assert!(graph.len() > 100, "too few files for this to be the whole workspace");
    assert_none(&new_cycles(&graph, KNOWN_IN_RUST), "import cycles in Rust");
}

#[test]
fn the_interfaces_files_import_each_other_in_one_direction() {
    let graph = typescript_imports();
    assert!(graph.len() > 100, "too few files for this to be the whole interface");
    assert_none(&new_cycles(&graph, KNOWN_IN_TYPESCRIPT), "import cycles in TypeScript");
}

#[test]
fn a_cycle_is_found_and_printed_with_its_imports() {
    let graph =
        [("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")]
            .into_iter()
            .fold(Graph::new(), |mut graph, (from, to)| {
                graph.entry(from.to_owned()).or_default().insert(to.to_owned());
                graph
            });
    assert_eq!(cycles(&graph), ["b -> c\nc -> b\n"]);
}

#[test]
fn every_form_of_path_is_read() {
    let code = "
        use crate::a::{b, c::{self, D}};
        pub use super::e::*;
        mod inner { fn f() -> super::G { format!(\"{}\", crate::h::i(self.j)) } }
        pub(crate) fn k() { l::m() }";
    let mut found = Vec::new();
    visit_paths(
        &code.parse().expect("tokens"),
        &[],
        &mut |FoundPath { module, form, path }| {
            found.push(format!("{form:?} {}: {}", module.join("::"), path.join("::")));
        },
    );
    let expected = [
        "Use : crate::a::b",
        "Use : crate::a::c::self",
        "Use : crate::a::c::D",
        "ReExport : super::e::*",
        "Code inner: super::G",
        "Code inner: crate::h::i",
        "Code : l::m",
    ];
    assert_eq!(found, expected);
}

/// Folders whose cycles are being broken.
const KNOWN_IN_RUST: &[&str] = &[
    "crates/bench/src/",
    "crates/client/tests/model/",
    "crates/faults/src/cases/",
    "crates/store/src/",
    "src-tauri/src/",
];
const KNOWN_IN_TYPESCRIPT: &[&str] = &[];

/// Returns the cycles outside the known folders, and complains of known folders without a cycle.
fn new_cycles(graph: &Graph, known: &[&str]) -> Vec<String> {
    let mut cycles = cycles(graph);
    for folder in known {
        let before = cycles.len();
        cycles.retain(|cycle| !cycle.lines().all(|line| line.starts_with(folder)));
        if cycles.len() == before {
            cycles.push(format!("{folder} has no cycle any more: remove it from the list"));
        }
    }
    cycles
}

/// Returns the imports within each cycle of the graph, a line for each.
fn cycles(graph: &Graph) -> Vec<String> {
    let reachable: BTreeMap<_, _> = graph.keys().map(|file| (file, reachable_from(graph, file))).collect();
    let reaches = |from: &String, to: &String| reachable.get(from).is_some_and(|files| files.contains(to));
    let mut cycles = Vec::new();
    let mut seen = BTreeSet::new();
    for file in graph.keys() {
        if reaches(file, file) && !seen.contains(file) {
            let members: BTreeSet<_> = graph
                .keys()
                .filter(|other| reaches(file, other) && reaches(other, file))
                .collect();
            let mut text = String::new();
            for from in &members {
                for to in graph[*from].iter().filter(|to| members.contains(to)) {
                    text += &format!("{from} -> {to}\n");
                }
            }
            cycles.push(text);
            seen.extend(members);
        }
    }
    cycles
}

/// Returns the files that this one imports, directly or through others.
fn reachable_from(graph: &Graph, file: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut queue = vec![file.to_owned()];
    while let Some(file) = queue.pop() {
        for import in graph.get(&file).into_iter().flatten() {
            if reached.insert(import.clone()) {
                queue.push(import.clone());
            }
        }
    }
    reached
}

/// Reads the imports of every target of every package in the workspace.
fn rust_imports() -> Graph {
    let mut graph = Graph::new();
    let metadata = metadata(&["--no-deps", "--offline"]);
    for package in metadata["packages"].as_array().expect("a list of packages") {
        for target in package["targets"].as_array().expect("a list of targets") {
            let file = Path::new(target["src_path"].as_str().expect("a path"));
            let folder = file.parent().expect("a file has a folder");
            let mut modules = Modules::default();
            modules.read(file, folder, &[]);
            modules.add_imports(&mut graph);
        }
    }
    graph
}

/// The modules of one crate. A module's path is that in the code, without `crate`.
#[derive(Default)]
struct Modules {
    files: BTreeMap<Vec<String>, String>,
    paths: Vec<FoundPath>,
}

/// A path of two segments or more, as it was found in the code of a module.
#[derive(Clone)]
struct FoundPath {
    module: Vec<String>,
    form: Form,
    path: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Code,
    Use,
    ReExport,
}

impl Modules {
    /// Reads a file, and the files of the modules that it declares, which are in `folder`.
    fn read(&mut self, file: &Path, folder: &Path, module: &[String]) {
        let path = file.strip_prefix(root()).expect("in the repository").to_string_lossy();
        let tokens: TokenStream = read(&path).parse().expect("Rust code");
        self.declare(&tokens, &path, folder, module);
        visit_paths(&tokens, module, &mut |path| self.paths.push(path));
    }

    /// Registers a module and the modules that are declared in it.
    fn declare(&mut self, tokens: &TokenStream, file: &str, folder: &Path, module: &[String]) {
        self.files.insert(module.to_vec(), file.to_owned());
        let tokens: Vec<_> = tokens.clone().into_iter().collect();
        for (index, window) in tokens.windows(3).enumerate() {
            let [TokenTree::Ident(keyword), TokenTree::Ident(name), body] = window else {
                continue;
            };
            if keyword != "mod" {
                continue;
            }
            let name = name.to_string();
            let child = join(module, &name);
            if let TokenTree::Group(body) = body {
                self.declare(&body.stream(), file, &folder.join(&name), &child);
            } else if let Some(path) = path_attribute(&tokens[..index]) {
                let file = normalize(&root().join(file).with_file_name(path));
                self.read(&file, file.parent().expect("a file has a folder"), &child);
            } else {
                let file = folder.join(format!("{name}.rs"));
                let folder = folder.join(name);
                let file = if file.exists() { file } else { folder.join("mod.rs") };
                self.read(&file, &folder, &child);
            }
        }
    }

    fn add_imports(&self, graph: &mut Graph) {
        for file in self.files.values() {
            graph.entry(file.clone()).or_default();
        }
        for found in self.paths.iter().filter(|found| found.form != Form::ReExport) {
            let file = &self.files[&found.module];
            if let Some(import) = self.resolve(found, MAX_RE_EXPORTS).filter(|import| *import != file) {
                graph.entry(file.clone()).or_default().insert(import.clone());
            }
        }
    }

    /// Returns the file that defines what a path names, if it is in this crate.
    fn resolve(&self, found: &FoundPath, max_re_exports: u32) -> Option<&String> {
        let FoundPath { module, path, .. } = found;
        let mut target = match path[0].as_str() {
            "crate" => Vec::new(),
            "self" | "super" => module.clone(),
            name => {
                let child = join(module, name);
                self.files.contains_key(&child).then_some(child)?
            }
        };
        for segment in path.iter().skip(usize::from(path[0] != "super")) {
            let child = join(&target, segment);
            if segment == "super" {
                target.pop();
            } else if self.files.contains_key(&child) {
                target = child;
            } else {
                // The item, or its first part: `Error` in `crate::Error::Full`.
                let imported = self.paths.iter().find(|other| {
                    other.module == target && other.form != Form::Code && other.path.last() == Some(segment)
                });
                if let Some(imported) = imported.filter(|_| max_re_exports > 0) {
                    return self.resolve(imported, max_re_exports - 1);
                }
                break;
            }
        }
        self.files.get(&target)
    }
}

/// The longest chain of re-exports that is followed. Without a bound, `use self::x::x;` could be followed without end.
const MAX_RE_EXPORTS: u32 = 8;

fn join(module: &[String], child: &str) -> Vec<String> {
    module.iter().cloned().chain([child.to_owned()]).collect()
}

/// Returns the value of `#[path = "…"]` right before a module's declaration.
fn path_attribute(before: &[TokenTree]) -> Option<String> {
    let Some(TokenTree::Group(attribute)) = before.last() else {
        return None;
    };
    let text = attribute.stream().to_string();
    Some(text.strip_prefix("path = \"")?.strip_suffix('"')?.to_owned())
}

/// Calls `visit` with every path in the code of a module and of the modules inside it.
fn visit_paths(tokens: &TokenStream, module: &[String], visit: &mut impl FnMut(FoundPath)) {
    let tokens: Vec<_> = tokens.clone().into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Ident(_) => {
                let start = FoundPath {
                    module: module.to_vec(),
                    form: form(&tokens[..at]),
                    path: Vec::new(),
                };
                at = visit_path(&tokens, at, start, visit);
            }
            TokenTree::Group(group) => {
                let inner = match &tokens[at.saturating_sub(2)..at] {
                    [TokenTree::Ident(keyword), TokenTree::Ident(name)] if keyword == "mod" => {
                        join(module, &name.to_string())
                    }
                    _ => module.to_vec(),
                };
                visit_paths(&group.stream(), &inner, visit);
                at += 1;
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => at += 1,
        }
    }
}

/// Returns the form of a path from the tokens before it.
fn form(before: &[TokenTree]) -> Form {
    let is = |token: Option<&TokenTree>, word| matches!(token, Some(TokenTree::Ident(ident)) if ident == word);
    let mut before = before.iter().rev();
    if !is(before.next(), "use") {
        Form::Code
    } else if before.clone().take(2).any(|token| is(Some(token), "pub")) {
        // `pub use` or `pub(crate) use`.
        Form::ReExport
    } else {
        Form::Use
    }
}

/// Visits the path that begins at `at`, and each path of its group if it ends in one. Returns the index behind it.
fn visit_path(tokens: &[TokenTree], mut at: usize, start: FoundPath, visit: &mut impl FnMut(FoundPath)) -> usize {
    let in_group = !start.path.is_empty();
    let mut found = start;
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(segment)) => found.path.push(segment.to_string()),
            Some(TokenTree::Punct(star)) if star.as_char() == '*' => found.path.push("*".to_owned()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let items: Vec<_> = group.stream().into_iter().collect();
                let mut item = 0;
                while item < items.len() {
                    item = visit_path(&items, item, found.clone(), visit) + 1;
                }
                return at + 1;
            }
            // Anything else after `::` belongs to an expression: `collect::<Vec<_>>()`.
            _ => break,
        }
        at += 1;
        let is_colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == ':');
        if !(is_colon(tokens.get(at)) && is_colon(tokens.get(at + 1))) {
            break;
        }
        at += 2;
    }
    if found.path.len() > 1 {
        visit(found);
    }
    // Skips `as name`.
    while in_group && matches!(tokens.get(at), Some(TokenTree::Ident(_))) {
        at += 1;
    }
    at
}

/// Reads the imports of every script and component of the interface.
fn typescript_imports() -> Graph {
    let import = Regex::new(r#"(?:\bfrom|\bimport\s*\(|\bimport)\s*["'](\.[^"']+)["']"#).expect("a valid pattern");
    let mut graph = Graph::new();
    for file in files() {
        if file.starts_with("ui/") && has_extension(&file, &["ts", "js", "mjs", "svelte"]) {
            let imports = import
                .captures_iter(&read(&file))
                .filter_map(|captures| resolve_typescript(&file, &captures[1]))
                .filter(|import| *import != file)
                .collect();
            graph.insert(file, imports);
        }
    }
    graph
}

/// Returns the file that a relative import names, tried with the endings that Vite tries.
fn resolve_typescript(file: &str, import: &str) -> Option<String> {
    let path = normalize(&Path::new(file).parent()?.join(import));
    ["", ".ts", ".js", "/index.ts"]
        .iter()
        .map(|ending| format!("{}{ending}", path.display()))
        .find(|path| root().join(path).is_file())
}

/// Removes `.` and `..` from a path.
fn normalize(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut normal, part| {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => normal.push(part),
        }
        normal
    })
}
