//! The benchmark itself, with numbers so small that they mean nothing:
//!
//! - it measures servers that do what they should, flat out and at a rate, and prints every figure of them;
//! - a server that loses a message, or tells it twice, or in different orders, gets no figures but the reason;
//! - idle connections are counted;
//! - figures make a table, and two cases make a plot;
//! - a case that can't be is refused with a sentence.
#![cfg(target_os = "linux")]
// These functions are all part of tests; clippy's own exception knows only the attribute.
#![allow(clippy::unwrap_used)]

use std::process::{Command, Output};

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ichat-bench"))
        .args(arguments)
        .output()
        .unwrap()
}

/// Runs it, and gives what it printed.
fn printed(arguments: &[&str]) -> String {
    let output = bench(arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// The values of a figure, product by product.
fn values(text: &str, figure: &str) -> Vec<(String, f64)> {
    text.lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|line| line["figure"] == figure)
        .map(|line| {
            (
                line["product"].as_str().unwrap().to_owned(),
                line["value"].as_f64().unwrap(),
            )
        })
        .collect()
}

const SHORT: [&str; 4] = ["fanout", "--quick", "--seconds", "0.1"];

#[test]
fn servers_that_do_what_they_should_are_measured() {
    for case in ["8x2", "8@400"] {
        let text = printed(
            &[
                &SHORT[..],
                &["--case", case, "--product", "bare,bare-each,socketioxide"],
            ]
            .concat(),
        );
        for figure in ["cpu", "p50", "p99", "rate", "bytes", "generator"] {
            let values = values(&text, figure);
            assert_eq!(values.len(), 3, "{figure} in {text}");
            assert!(values.iter().all(|(_, value)| *value > 0.0), "{figure} in {text}");
        }
        let orders = values(&text, "orders");
        assert_eq!(orders[..2], [("bare".to_owned(), 1.0), ("bare-each".to_owned(), 1.0)]);
    }
}

#[test]
fn servers_that_do_wrong_get_no_figures() {
    for (product, reason) in [
        ("dropping", "which is lost or late"),
        ("doubling", "again"),
        ("reordering", "different orders"),
    ] {
        let text = printed(&[&SHORT[..], &["--case", "8x6", "--product", product]].concat());
        assert!(text.contains("failed: "), "{text}");
        assert!(text.contains(reason), "{text}");
        assert_eq!(values(&text, "cpu"), [], "{text}");
    }
}

#[test]
fn idle_connections_are_counted() {
    let text = printed(&["idle", "--quick", "--clients", "50", "--product", "bare"]);
    assert_eq!(values(&text, "memory").len(), 4, "{text}");
}

#[test]
fn figures_make_a_table_and_two_cases_a_plot() {
    let folder = tempfile::tempdir().unwrap();
    let line = |case, product, value| {
        format!(r#"{{"figure":"cpu","case":"{case}","product":"{product}","value":{value},"unit":"µs","rounds":1}}"#)
    };
    let lines = [
        line("100x10", "ichat", 1.5),
        line("1000x10", "ichat", 2.5),
        line("1000x10", "bare-each", 2.0),
        "{\"another\": \"shape\"}".to_owned(),
    ];
    std::fs::write(folder.path().join("fanout.json"), lines.join("\n")).unwrap();
    let text = printed(&["report", folder.path().to_str().unwrap()]);
    assert!(text.contains("| 2.5 µs | 1.25 | **missed** |"), "{text}");
    assert!(text.contains("There are no figures for: "), "{text}");
    assert_eq!(
        std::fs::read_to_string(folder.path().join("table.md")).unwrap().trim(),
        text.trim()
    );
    let plot = std::fs::read_to_string(folder.path().join("cpu-by-clients.svg")).unwrap();
    assert!(plot.contains("I-Chat") && plot.contains("polyline"), "{plot}");
    assert!(!folder.path().join("cpu-by-rate.svg").exists());
}

#[test]
fn a_case_that_cannot_be_is_refused() {
    let output = bench(&["fanout", "--case", "5x6"]);
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("senders at most clients"), "{error}");
}
