//! `ichat-cli` as a script uses it.
//!
//! - it lists rooms, posts a message and follows a room, as text and as JSON; control characters do not reach the terminal
//! - errors end it with the exit code 1 and a message
//! - `--help` shows the arguments in the order in which they are given

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

mod common;

use std::process::{Output, Stdio};

use common::net::unused_address;
use common::{User, address, start_server};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

#[tokio::test]
async fn a_script_posts_and_reads() {
    let server = start_server().await;
    let mut bob = User::online("Bob", &server).await;
    let data = tempfile::tempdir().unwrap();
    let server = address(server.address).to_string();
    let rooms = run(&data, &["rooms", &server]).await;
    assert!(text(&rooms.stdout).contains("* Lobby"), "{rooms:?}");
    let message = "build \u{1b}[31mgreen";
    let said = run(&data, &["--name", "Robot", "--json", "say", &server, message]).await;
    let receipt: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert!(said.status.success() && receipt["seq"].as_u64() > Some(1), "{said:?}");
    bob.sees(message).await;
    let said = run(&data, &["say", &server, "lobby", "all tests passed"]).await;
    assert!(said.status.success(), "{said:?}");

    let mut tail = cli(&data, &["tail", &server, "lobby"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let mut line_with = async |wanted: &str| {
        while let Some(line) = timeout(common::TIMEOUT, lines.next_line()).await.unwrap().unwrap() {
            if line.contains(wanted) {
                return line;
            }
        }
        panic!("no line with: {wanted}");
    };
    assert_eq!(line_with("green").await, "Robot: build [31mgreen");
    assert_eq!(line_with("passed").await, "Robot: all tests passed");
    bob.says("well done").await;
    assert_eq!(line_with("well done").await, "Bob: well done");
    tail.kill().await.unwrap();
}

#[tokio::test]
async fn an_error_ends_it_with_a_message() {
    let server = start_server().await;
    let data = tempfile::tempdir().unwrap();
    let server = address(server.address).to_string();
    let empty = run(&data, &["say", &server, "  "]).await;
    assert_eq!(empty.status.code(), Some(1));
    assert_eq!(text(&empty.stderr).trim(), "A message needs some text.");
    let unknown = run(&data, &["join", &server, "Attic"]).await;
    assert!(text(&unknown.stderr).contains("There are: Lobby."), "{unknown:?}");
    let unreachable = run(&data, &["--json", "rooms", &unused_address().await.to_string()]).await;
    assert_eq!(unreachable.status.code(), Some(1));
    let error: Value = serde_json::from_slice(&unreachable.stderr).unwrap();
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("Nobody answers"), "{error}");
}

#[tokio::test]
async fn help_shows_the_arguments_in_their_order() {
    let data = tempfile::tempdir().unwrap();
    let help = run(&data, &["say", "--help"]).await;
    let help = text(&help.stdout);
    assert!(help.contains("say [OPTIONS] <ADDRESS> [ROOM] <TEXT>"), "{help}");
}

fn cli(data: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ichat-cli"));
    command
        .arg("--data")
        .arg(data.path())
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn run(data: &TempDir, arguments: &[&str]) -> Output {
    cli(data, arguments).output().await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
