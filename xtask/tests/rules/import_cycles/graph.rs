//! The graph of imports, and its cycles.

use std::collections::{BTreeMap, BTreeSet};

/// For each file, the files that it imports.
pub(super) type Graph = BTreeMap<String, BTreeSet<String>>;

/// Returns the imports within each cycle of the graph, a line for each.
pub(super) fn cycles(graph: &Graph) -> Vec<String> {
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
            let imports = members.iter().flat_map(|from| {
                let targets = graph[*from].iter().filter(|to| members.contains(to));
                targets.map(move |to| format!("{from} -> {to}\n"))
            });
            cycles.push(imports.collect());
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
