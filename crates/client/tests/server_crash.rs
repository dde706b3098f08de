//! A server process that is killed while users post.
//!
//! - no message that was shown as sent is lost or doubled, and the client continues by itself

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "unwrap in tests is a failed precondition; the server process prints its address"
)]

mod common;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use common::{User, name};
use ichat_server::{Config, run};
use ichat_store::Store;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The environment variable that makes [`server_process`] a server: its address and its data folder.
const SERVER_VARIABLE: &str = "ICHAT_TEST_SERVER";

#[tokio::test]
async fn a_killed_server_loses_no_sent_message() {
    let dir = tempfile::tempdir().unwrap();
    let (mut server, address) = start_server_process(dir.path(), "127.0.0.1:0".parse().unwrap()).await;
    let mut alice = User::new("Alice");
    alice.joins(address).await;
    let mut said = Vec::new();
    for round in 0..3 {
        for n in 0..40 {
            said.push(format!("{round}.{n}"));
            alice.says(said.last().unwrap()).await;
        }
        // At this point some messages are shown as sent, and some are not sent yet.
        alice.sees(&said[said.len() - 20]).await;
        said.push(format!("{round}.last"));
        alice.says(said.last().unwrap()).await;
        server.kill().await.unwrap();
        (server, _) = start_server_process(dir.path(), address).await;
        alice
            .until("all messages", |user| {
                user.outbox.is_empty() && user.texts().len() == said.len()
            })
            .await;
        assert_eq!(alice.texts(), said);
    }
    assert_eq!(alice.resets, 0);
    let mut bob = User::new("Bob");
    bob.joins(address).await;
    bob.until("all messages", |user| user.texts().len() == said.len()).await;
    assert_eq!(bob.texts(), said);
}

/// The server process, which [`start_server_process`] starts.
#[tokio::test]
#[ignore = "run by a_killed_server_loses_no_sent_message"]
async fn server_process() {
    let Ok(settings) = std::env::var(SERVER_VARIABLE) else {
        return;
    };
    let (address, dir) = settings.split_once(' ').unwrap();
    let listener = TcpListener::bind(address).await.unwrap();
    let store = Store::open_server(Path::new(dir), &name("Lobby")).await.unwrap();
    println!("listening on {}", listener.local_addr().unwrap());
    let never = CancellationToken::new();
    run(listener, store, Config::default(), watch::Sender::new(0), never)
        .await
        .unwrap();
}

async fn start_server_process(dir: &Path, address: SocketAddr) -> (Child, SocketAddr) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "server_process", "--ignored", "--nocapture"])
        .env(SERVER_VARIABLE, format!("{address} {}", dir.display()))
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some((_, address)) = line.split_once("listening on ") {
            return (child, address.parse().unwrap());
        }
    }
    panic!("the server process did not start");
}
