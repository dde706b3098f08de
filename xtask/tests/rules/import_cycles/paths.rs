//! Finds paths in Rust code, in whatever place: `use`, types, expressions, the arguments of macros.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path of two segments or more, as it was found in the code of a module.
#[derive(Clone)]
pub(super) struct FoundPath {
    pub(super) module: Vec<String>,
    pub(super) form: Form,
    pub(super) path: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    Code,
    Use,
    ReExport,
}

/// Calls `visit` with every path in the code of a module and of the modules inside it.
pub(super) fn visit_paths(tokens: &TokenStream, module: &[String], visit: &mut impl FnMut(FoundPath)) {
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

/// Returns the path of a module's child.
pub(super) fn join(module: &[String], child: &str) -> Vec<String> {
    module.iter().cloned().chain([child.to_owned()]).collect()
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
