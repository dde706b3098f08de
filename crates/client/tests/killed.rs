//! A server process that is killed in mid-talk.
//!
//! - nothing that was shown as sent is lost, nothing is doubled, and the talk goes on by itself

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that can't go on says where"
)]

mod common;

use std::path::Path;
use std::process::Stdio;

use common::{User, name};
use ichat_client::Address;
use ichat_server::{Config, run};
use ichat_store::Store;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The folder and the address of the server that this process is to be.
const BE_SERVER: &str = "ICHAT_TEST_SERVER";

/// This test's own program, as a server in a process of its own.
async fn server_process(dir: &Path, address: &str) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "be_the_server", "--nocapture"])
        .env(BE_SERVER, format!("{address} {}", dir.display()))
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some((_, address)) = line.split_once("listening on ") {
            return (child, address.to_owned());
        }
    }
    panic!("the server did not start");
}

/// Not a test by itself: [`server_process`] runs it.
#[tokio::test]
async fn be_the_server() {
    let Ok(wanted) = std::env::var(BE_SERVER) else { return };
    let (address, dir) = wanted.split_once(' ').unwrap();
    let listener = TcpListener::bind(address).await.unwrap();
    let store = Store::open_server(Path::new(dir), &name("Lobby")).await.unwrap();
    println!("listening on {}", listener.local_addr().unwrap());
    let never = CancellationToken::new();
    run(listener, store, Config::default(), watch::Sender::new(0), never)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_killed_server_loses_nothing_that_was_sent() {
    let dir = tempfile::tempdir().unwrap();
    let (mut server, address) = server_process(dir.path(), "127.0.0.1:0").await;
    let at: Address = address.parse().unwrap();
    let mut alice = User::new("Alice");
    alice.server = Some(alice.client.join(std::slice::from_ref(&at)).await.unwrap());
    alice.is_online().await;
    let mut said = Vec::new();
    for round in 0..3 {
        for n in 0..40 {
            said.push(format!("{round}.{n}"));
            alice.says(said.last().unwrap()).await;
        }
        // In mid-talk: some are shown as sent by now, and some are not sent.
        alice.sees(&said[said.len() - 20]).await;
        said.push(format!("{round}.last"));
        alice.says(said.last().unwrap()).await;
        server.kill().await.unwrap();
        let sent: Vec<_> = alice.texts();
        (server, _) = server_process(dir.path(), &address).await;
        alice
            .until("all of it", |p| p.outbox.is_empty() && p.texts().len() == said.len())
            .await;
        assert!(sent.iter().all(|text| alice.texts().contains(text)));
        assert_eq!(alice.texts(), said);
    }
    assert_eq!(alice.resets, 0);
    // Somebody who comes now sees the same.
    let mut bob = User::new("Bob");
    bob.server = Some(bob.client.join(&[at]).await.unwrap());
    bob.until("all of it", |p| p.texts().len() == said.len()).await;
    assert_eq!(bob.texts(), said);
}
