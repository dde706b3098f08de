//! Servers with a defect on purpose, which the checker must find. (A checker that can't fail proves nothing.)
//!
//! - the server under test, which is also the one that is shipped, can't be broken
//! - a server that can be broken and is not passes
//! - it acknowledges before the commit: S1 misses acknowledged posts
//! - it has no unique index: D1 finds an id twice
//! - it reads the head before it subscribes a client: D8 misses what was committed in between
//! - it sends no heads: D7 is not repaired in time
//! - it forces nothing to the disk: S3 misses acknowledged posts, or the server itself reports the loss
//!
//! Each failed round tells how to repeat it, and keeps its folder.
//!
//! The tests need `ichat-server` built with the feature `broken`; the step `faults` of `cargo xtask test` builds it,
//! and names it in `ICHAT_BROKEN_SERVER_BIN`.

#![allow(clippy::expect_used, reason = "a test that can't continue fails where it is")]

use std::path::Path;
use std::process::Command;

/// Runs a case against a server with this defect. Returns whether it passed, and the output.
fn run_case(case: &str, rounds: u32, defect: &str) -> (bool, String) {
    let server = std::env::var_os("ICHAT_BROKEN_SERVER_BIN").expect("`cargo xtask test faults` names the server");
    let output = Command::new(env!("CARGO_BIN_EXE_ichat-faults"))
        .args([case, "--seed", "5", "--rounds", &rounds.to_string()])
        .arg("--server")
        .arg(server)
        .env("ICHAT_BROKEN", defect)
        .output()
        .expect("the checker runs");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success(), stdout)
}

/// Checks that the case fails for this reason, and tells how to repeat the round. Removes the round's folder.
#[track_caller]
fn case_fails(case: &str, rounds: u32, defect: &str, reason: &str) {
    let (passed, stdout) = run_case(case, rounds, defect);
    assert!(
        !passed,
        "{case} passed, although the server has the defect {defect}:\n{stdout}"
    );
    assert!(stdout.contains(reason), "{stdout}");
    assert!(
        stdout.contains(&format!("again: cargo xtask faults {case} --rounds 1 --seed ")),
        "{stdout}"
    );
    let folder = stdout.lines().find_map(|line| line.trim().strip_prefix("its folder: "));
    let folder = Path::new(folder.expect("the output names the folder"));
    assert!(folder.join("histories").is_dir(), "{} is kept", folder.display());
    std::fs::remove_dir_all(folder).expect("the folder can be removed");
}

#[test]
#[ignore = "needs a server built with the feature `broken`: cargo xtask test faults"]
fn only_a_server_with_the_feature_can_be_broken() {
    for (variable, can_be_broken) in [("ICHAT_BROKEN_SERVER_BIN", true), ("ICHAT_SERVER_BIN", false)] {
        let server = std::env::var_os(variable).expect("`cargo xtask test faults` names the servers");
        let program = std::fs::read(&server).expect("the server can be read");
        let reads_variable = program.windows(12).any(|bytes| bytes == b"ICHAT_BROKEN");
        assert_eq!(reads_variable, can_be_broken, "{}", server.display());
    }
}

#[test]
#[ignore = "needs a server built with the feature `broken`: cargo xtask test faults"]
fn a_server_without_a_defect_passes() {
    let (passed, stdout) = run_case("S1", 2, "none");
    assert!(passed, "{stdout}");
}

#[test]
#[ignore = "needs a server built with the feature `broken`: cargo xtask test faults"]
fn acknowledging_before_the_commit_is_found() {
    case_fails(
        "S1",
        25,
        "acknowledge-before-commit",
        "an acknowledged post is in the log",
    );
}

#[test]
#[ignore = "needs a server built with the feature `broken`: cargo xtask test faults"]
fn a_missing_unique_index_is_found() {
    case_fails("D1", 3, "no-unique-index", "no id occurs twice");
}

#[test]
#[ignore = "needs a server built with the feature `broken`: cargo xtask test faults"]
fn a_resume_that_reads_the_head_too_early_is_found() {
    case_fails(
        "D8",
        5,
        "head-before-join",
        "in vain for: the message in the middle of the resume",
    );
}

#[test]
#[ignore = "needs a server built with the feature `broken`: cargo xtask test faults"]
fn missing_heads_are_found() {
    case_fails("D7", 2, "no-heads", "in vain for: the lost message");
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs a server built with the feature `broken`: cargo xtask test faults"]
fn a_server_that_forces_nothing_to_the_disk_is_found() {
    // What is lost differs from round to round: the newest entries, the tables, the whole file.
    case_fails("S3", 10, "synchronous-off", "FAILED in round");
}
