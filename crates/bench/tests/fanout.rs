//! The benchmark program, with numbers so small that the figures mean nothing:
//!
//! - correct servers are measured, in a closed loop and at a rate, and every figure is printed
//! - a server that loses a message, repeats it or changes the order gets no figures but the reason
//! - the memory of idle connections is measured
//! - figures make a table, and figures of two cases a plot
//! - an impossible case is refused with a sentence
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that can't continue fails where it is")]

use std::process::{Command, Output};

use serde_json::Value;

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ichat-bench"))
        .args(arguments)
        .output()
        .unwrap()
}

/// Runs the program, which must succeed, and returns its output.
fn output_of(arguments: &[&str]) -> String {
    let output = bench(arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// Returns the values of a figure, with their products.
fn values(output: &str, figure: &str) -> Vec<(String, f64)> {
    output
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["figure"] == figure)
        .map(|line| {
            let product = line["product"].as_str().unwrap();
            (product.to_owned(), line["value"].as_f64().unwrap())
        })
        .collect()
}

const SHORT: [&str; 4] = ["fanout", "--quick", "--seconds", "0.1"];

#[test]
fn correct_servers_are_measured() {
    for case in ["8x2", "8@400"] {
        let arguments = ["--case", case, "--product", "bare,bare-each,socketioxide"];
        let output = output_of(&[&SHORT[..], &arguments].concat());
        for figure in ["cpu", "p50", "p99", "rate", "bytes", "generator"] {
            let values = values(&output, figure);
            assert_eq!(values.len(), 3, "{figure} in {output}");
            assert!(values.iter().all(|(_, value)| *value > 0.0), "{figure} in {output}");
        }
        let orders = values(&output, "orders");
        assert_eq!(orders[..2], [("bare".to_owned(), 1.0), ("bare-each".to_owned(), 1.0)]);
    }
}

#[test]
fn a_server_with_a_defect_gets_no_figures() {
    for (product, reason) in [
        ("dropping", "which is lost or late"),
        ("doubling", "again"),
        ("reordering", "different orders"),
    ] {
        let output = output_of(&[&SHORT[..], &["--case", "8x6", "--product", product]].concat());
        assert!(output.contains("failed: "), "{output}");
        assert!(output.contains(reason), "{output}");
        assert_eq!(values(&output, "cpu"), [], "{output}");
    }
}

#[test]
fn the_memory_of_idle_connections_is_measured() {
    let output = output_of(&["idle", "--quick", "--clients", "50", "--product", "bare"]);
    assert_eq!(values(&output, "memory").len(), 4, "{output}");
}

#[test]
fn figures_make_a_table_and_a_plot() {
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
    let output = output_of(&["report", folder.path().to_str().unwrap()]);
    assert!(output.contains("| 2.5 µs | 1.25 | **missed** |"), "{output}");
    assert!(output.contains("There are no figures for: "), "{output}");
    let table = std::fs::read_to_string(folder.path().join("table.md")).unwrap();
    assert_eq!(table.trim(), output.trim());
    let plot = std::fs::read_to_string(folder.path().join("cpu-by-clients.svg")).unwrap();
    assert!(plot.contains("I-Chat") && plot.contains("polyline"), "{plot}");
    assert!(!folder.path().join("cpu-by-rate.svg").exists());
}

#[test]
fn an_impossible_case_is_refused_with_a_sentence() {
    let output = bench(&["fanout", "--case", "5x6"]);
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("senders at most clients"), "{error}");
}
