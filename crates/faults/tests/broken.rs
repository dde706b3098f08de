//! Servers that are wrong on purpose, each in one way, turn the checker red. (A checker that can't fail checks nothing.)
//!
//! - a build that can be broken, and is not, is green
//! - acknowledge before the commit: S1 sees that what was acknowledged is gone
//! - no unique index: D1 sees an id stand twice
//! - a resume that reads the head before it joins: D8 misses what was said in between
//! - no heads: D7 is not healed in time
//! - the server that is tested, and shipped, can't be broken
//! - nothing forced to the disk: S3 misses what was acknowledged, or the server says itself that it does
//! - a failed round says how to play it again, and keeps its folder
//!
//! They need `ichat-server` built with the feature `broken`; the step `faults` of `cargo xtask test` builds it, and names it
//! in `ICHAT_BROKEN_SERVER_BIN`.

#![allow(clippy::expect_used, reason = "a test that can't go on says where")]

use std::path::Path;
use std::process::Command;

/// Plays the case against a server with this fault: whether it passed, and what was said.
fn played(case: &str, rounds: u32, fault: &str) -> (bool, String) {
    let server = std::env::var_os("ICHAT_BROKEN_SERVER_BIN").expect("`cargo xtask test faults` names the server");
    let output = Command::new(env!("CARGO_BIN_EXE_ichat-faults"))
        .args([case, "--seed", "5", "--rounds", &rounds.to_string()])
        .arg("--server")
        .arg(server)
        .env("ICHAT_BROKEN", fault)
        .output()
        .expect("the checker runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success(), said)
}

/// The case fails, says this, and how to play the round again; its folder is there, and is cleared away.
#[track_caller]
fn is_red(case: &str, rounds: u32, fault: &str, because: &str) {
    let (passed, said) = played(case, rounds, fault);
    assert!(
        !passed,
        "{case} passed, although the server has the fault {fault}:\n{said}"
    );
    assert!(said.contains(because), "{said}");
    assert!(
        said.contains(&format!("again: cargo xtask faults {case} --rounds 1 --seed ")),
        "{said}"
    );
    let folder = said.lines().find_map(|line| line.trim().strip_prefix("its folder: "));
    let folder = Path::new(folder.expect("a folder is named"));
    assert!(folder.join("records").is_dir(), "{} is kept", folder.display());
    std::fs::remove_dir_all(folder).expect("removable");
}

#[test]
#[ignore = "needs a server built with the feature `broken`: cargo xtask test faults"]
fn only_that_server_can_be_broken() {
    for (name, can_be) in [("ICHAT_BROKEN_SERVER_BIN", true), ("ICHAT_SERVER_BIN", false)] {
        let server = std::env::var_os(name).expect("`cargo xtask test faults` names the servers");
        let program = std::fs::read(&server).expect("a program");
        let says = program.windows(12).any(|bytes| bytes == b"ICHAT_BROKEN");
        assert_eq!(says, can_be, "{}", server.display());
    }
}

#[test]
#[ignore = "needs a server built with the feature `broken`: cargo xtask test faults"]
fn without_a_fault_it_is_green() {
    let (passed, said) = played("S1", 2, "none");
    assert!(passed, "{said}");
}

#[test]
#[ignore = "needs a server built with the feature `broken`: cargo xtask test faults"]
fn acknowledging_before_the_commit_is_seen() {
    is_red(
        "S1",
        25,
        "acknowledge-before-commit",
        "what was acknowledged stands in the history",
    );
}

#[test]
#[ignore = "needs a server built with the feature `broken`: cargo xtask test faults"]
fn a_missing_unique_index_is_seen() {
    is_red("D1", 3, "no-unique-index", "no id stands twice");
}

#[test]
#[ignore = "needs a server built with the feature `broken`: cargo xtask test faults"]
fn a_resume_that_reads_before_it_joins_is_seen() {
    is_red(
        "D8",
        5,
        "head-before-join",
        "holding what was said during the resume did not happen",
    );
}

#[test]
#[ignore = "needs a server built with the feature `broken`: cargo xtask test faults"]
fn heads_that_are_not_told_are_missed() {
    is_red("D7", 2, "no-heads", "noticing what was lost did not happen");
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs a server built with the feature `broken`: cargo xtask test faults"]
fn a_server_that_forces_nothing_to_the_disk_is_seen() {
    // What is gone differs with the moment: the newest entries, the tables, the whole file.
    is_red("S3", 10, "synchronous-off", "FAILED in round");
}
