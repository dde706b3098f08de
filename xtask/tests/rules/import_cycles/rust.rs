//! The imports of Rust files, resolved as the compiler resolves paths.

use std::collections::BTreeMap;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};

use super::graph::Graph;
use super::paths::{Form, FoundPath, join, visit_paths};
use crate::tree::{metadata, normalize, read, root};

/// The longest chain of re-exports that is followed. Without a bound, `use self::x::x;` could be followed without end.
const MAX_RE_EXPORTS: u32 = 8;

/// Reads the imports of every target of every package in the workspace.
pub(super) fn imports() -> Graph {
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
            let mut imports = Vec::new();
            self.resolve(found, MAX_RE_EXPORTS, &mut imports);
            let imports = imports.into_iter().filter(|import| *import != file);
            graph.entry(file.clone()).or_default().extend(imports.cloned());
        }
    }

    /// Adds the file that defines what a path names, if it is in this crate, and the files of the modules that re-export it to
    /// modules outside them.
    fn resolve<'a>(&'a self, found: &FoundPath, max_re_exports: u32, imports: &mut Vec<&'a String>) {
        let FoundPath { module, path, .. } = found;
        let mut target = match path[0].as_str() {
            "crate" => Vec::new(),
            "self" | "super" => module.clone(),
            name => {
                let child = join(module, name);
                if !self.files.contains_key(&child) {
                    return;
                }
                child
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
                    if !module.starts_with(&target) {
                        imports.extend(self.files.get(&target));
                    }
                    return self.resolve(imported, max_re_exports - 1, imports);
                }
                break;
            }
        }
        imports.extend(self.files.get(&target));
    }
}

/// Returns the value of `#[path = "…"]` right before a module's declaration.
fn path_attribute(before: &[TokenTree]) -> Option<String> {
    let Some(TokenTree::Group(attribute)) = before.last() else {
        return None;
    };
    let text = attribute.stream().to_string();
    Some(text.strip_prefix("path = \"")?.strip_suffix('"')?.to_owned())
}

#[test]
fn a_re_export_is_imported_from_outside_its_module() {
    let module = |path: &str| -> Vec<String> {
        path.split("::")
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let found = |form, from, path| FoundPath {
        module: module(from),
        form,
        path: module(path),
    };
    let mut modules = Modules {
        paths: vec![
            found(Form::ReExport, "tray", "icon::Icon"),
            found(Form::Use, "window", "crate::tray::Icon"),
            found(Form::Use, "tray::menu", "super::Icon"),
        ],
        ..Modules::default()
    };
    for name in ["", "tray", "tray::icon", "tray::menu", "window"] {
        modules.files.insert(module(name), format!("{name}.rs"));
    }
    let mut graph = Graph::new();
    modules.add_imports(&mut graph);
    let imports = |file: &str| graph[file].iter().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(imports("window.rs"), "tray.rs tray::icon.rs");
    assert_eq!(imports("tray::menu.rs"), "tray::icon.rs");
}
