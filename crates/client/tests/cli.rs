//! `ichat-cli` as a script uses it.
//!
//! - it lists rooms, says something, and reads it back, as text and as JSON
//! - what is refused, or nobody there, ends with 1 and a sentence

#![allow(clippy::unwrap_used, reason = "a test that can't go on says where")]

mod common;

use std::process::{Output, Stdio};

use common::net::unused_address;
use common::{User, address, start_server};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

fn cli(data: &tempfile::TempDir, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ichat-cli"));
    command
        .arg("--data")
        .arg(data.path())
        .args(words)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn runs(data: &tempfile::TempDir, words: &[&str]) -> Output {
    cli(data, words).output().await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_script_talks() {
    let server = start_server().await;
    let mut bob = User::online("Bob", &server).await;
    let data = tempfile::tempdir().unwrap();
    let at = address(server.address).to_string();
    let rooms = runs(&data, &["rooms", &at]).await;
    assert!(text(&rooms.stdout).contains("* Lobby"), "{rooms:?}");
    let said = runs(
        &data,
        &["--name", "Robot", "--json", "say", &at, "build \u{1b}[31mgreen"],
    )
    .await;
    let receipt: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert!(said.status.success() && receipt["seq"].as_u64() > Some(1), "{said:?}");
    bob.sees("build \u{1b}[31mgreen").await;

    let mut tail = cli(&data, &["tail", &at, "lobby"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let mut next = async |wanted: &str| {
        while let Some(line) = tokio::time::timeout(common::TIMEOUT, lines.next_line())
            .await
            .unwrap()
            .unwrap()
        {
            if line.contains(wanted) {
                return line;
            }
        }
        panic!("{wanted} did not come");
    };
    assert_eq!(next("green").await, "Robot: build [31mgreen");
    bob.says("well done").await;
    assert_eq!(next("well done").await, "Bob: well done");
    tail.kill().await.unwrap();
}

#[tokio::test]
async fn what_goes_wrong_ends_with_a_sentence() {
    let server = start_server().await;
    let data = tempfile::tempdir().unwrap();
    let at = address(server.address).to_string();
    let empty = runs(&data, &["say", &at, "  "]).await;
    assert_eq!(empty.status.code(), Some(1));
    assert_eq!(text(&empty.stderr).trim(), "A message needs some text.");
    let nowhere = runs(&data, &["join", &at, "Attic"]).await;
    assert!(text(&nowhere.stderr).contains("There are: Lobby."), "{nowhere:?}");
    let gone = runs(&data, &["--json", "rooms", &unused_address().await.to_string()]).await;
    assert_eq!(gone.status.code(), Some(1));
    let error: Value = serde_json::from_slice(&gone.stderr).unwrap();
    assert!(
        error["error"]["message"]
            .as_str()
            .unwrap()
            .starts_with("Nobody answers"),
        "{error}"
    );
}
