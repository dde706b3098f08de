//! `ichat-cli` as a script uses it.
//!
//! - it lists rooms, posts a message and follows a room, as text and as JSON; control characters do not reach the terminal
//! - a message that it posts mentions members by their ids, also those who came since its last run
//! - it goes on following a room when the server is restored from a backup
//! - history that is lost with the connection is requested again
//! - errors end it with the exit code 1 and a message
//! - `--help` shows the arguments in the order in which they are given

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

mod common;

use std::process::{Output, Stdio};

use common::net::unused_address;
use common::{User, address, copy_data, start_server};
use ichat_protocol::limits::MAX_PAGE_ENTRIES;
use ichat_protocol::{Body, Mention};
use ichat_testkit::proxy::{Delivery, Direction, Proxy};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
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

    let mut tail = Tail::start(&data, &server, &[]);
    assert_eq!(tail.line_with("green").await, "Robot: build [31mgreen");
    assert_eq!(tail.line_with("passed").await, "Robot: all tests passed");
    bob.says("well done").await;
    assert_eq!(tail.line_with("well done").await, "Bob: well done");
}

#[tokio::test]
async fn a_message_mentions_members_by_their_ids() {
    let server = start_server().await;
    let data = tempfile::tempdir().unwrap();
    let at = address(server.address).to_string();
    let mut online = Vec::new();
    for name in ["Ada", "Ada Lovelace"] {
        online.push(User::online(name, &server).await);
        let said = run(&data, &["say", &at, &format!("hi @{name}, mail me@Ada")]).await;
        assert!(said.status.success(), "{said:?}");
    }
    let log = server.log().await;
    let id_of = |wanted: &str| {
        let joined = log
            .iter()
            .find(|entry| matches!(&entry.body, Body::Joined { name } if name.as_str() == wanted));
        joined.unwrap().author.clone()
    };
    let mentions: Vec<_> = log
        .iter()
        .filter_map(|entry| {
            let Body::Message { mentions, .. } = &entry.body else {
                return None;
            };
            Some(mentions.clone())
        })
        .collect();
    let expected = ["Ada", "Ada Lovelace"].map(|name| {
        vec![Mention {
            member: id_of(name),
            name: name.to_owned(),
        }]
    });
    assert_eq!(mentions, expected);
}

#[tokio::test]
async fn a_room_is_followed_when_the_server_is_restored_from_a_backup() {
    let mut server = start_server().await;
    let mut bob = User::online("Bob", &server).await;
    server.stops().await;
    let backup = tempfile::tempdir().unwrap();
    copy_data(server.data(), backup.path());
    server.starts_again().await;
    let data = tempfile::tempdir().unwrap();
    let mut tail = Tail::start(&data, &address(server.address).to_string(), &[]);
    for text in ["after the backup", "later", "much later"] {
        bob.says(text).await;
        tail.line_with(text).await;
    }
    server.stops().await;
    copy_data(backup.path(), server.data());
    server.starts_again().await;
    bob.until("a reset", |user| user.resets == 1).await;
    bob.says("after the restore").await;
    assert_eq!(tail.line_with("after the restore").await, "Bob: after the restore");
}

#[tokio::test]
async fn history_that_is_lost_with_the_connection_is_requested_again() {
    const REQUEST: &str = "\"history\"";
    let server = start_server().await;
    let mut bob = User::online("Bob", &server).await;
    // More than the newest page, which the server sends without a request.
    for n in 0..MAX_PAGE_ENTRIES + 10 {
        let text = format!("message {n}.");
        bob.says(&text).await;
        bob.sees(&text).await;
    }
    let proxy = Proxy::to(server.address).unwrap();
    proxy.filter(|_, packet| {
        if packet.contains(REQUEST) {
            Delivery::Drop
        } else {
            Delivery::Deliver
        }
    });
    let data = tempfile::tempdir().unwrap();
    let mut tail = Tail::start(&data, &address(proxy.address()).to_string(), &["--since", "2"]);
    let proxy = tokio::task::spawn_blocking(move || {
        proxy.wait_for_more_than(0, Direction::ToServer, REQUEST).unwrap();
        proxy
    });
    let proxy = proxy.await.unwrap();
    proxy.deliver_all();
    proxy.cut_connections();
    assert_eq!(tail.line_with("message 0.").await, "Bob: message 0.");
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
    assert_eq!(unknown.status.code(), Some(1));
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

/// A running `ichat-cli tail` of the lobby. Ends when it is dropped.
struct Tail {
    lines: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl Tail {
    fn start(data: &TempDir, server: &str, options: &[&str]) -> Self {
        let mut process = cli(data, &["tail", server, "lobby"])
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            lines: BufReader::new(process.stdout.take().unwrap()).lines(),
            _process: process,
        }
    }

    /// Returns the next line with this text.
    async fn line_with(&mut self, wanted: &str) -> String {
        while let Some(line) = timeout(common::TIMEOUT, self.lines.next_line()).await.unwrap().unwrap() {
            if line.contains(wanted) {
                return line;
            }
        }
        panic!("no line with: {wanted}");
    }
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
