//! What is promised when something breaks.
//!
//! - a post made while the server is stopped arrives after it is back, once
//! - a post survives the app's restart in the outbox
//! - a client that was away is brought up to date over more than a thousand entries
//! - a server that came back with an older history is believed
//! - a dead line that nobody reports is noticed, and what was said into it arrives
//! - without the server, history is read from the replica

#![allow(clippy::unwrap_used, reason = "a test that can't go on says where")]

mod common;

use common::{User, copy_data, start_server};
use ichat_client::session::Command;
use ichat_testkit::proxy::Proxy;

#[tokio::test]
async fn a_post_made_while_the_server_is_stopped_arrives_once() {
    let mut server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    let mut bob = User::online("Bob", &server).await;
    alice.says("before").await;
    bob.sees("before").await;
    server.stops().await;
    alice.is_offline().await;
    alice.says("meanwhile 1").await;
    alice.says("meanwhile 2").await;
    server.starts_again().await;
    bob.sees("meanwhile 2").await;
    alice.sees("meanwhile 2").await;
    alice.until("an empty outbox", |p| p.outbox.is_empty()).await;
    assert_eq!(bob.texts(), ["before", "meanwhile 1", "meanwhile 2"]);
    assert_eq!((alice.resets, bob.resets), (0, 0));
}

#[tokio::test]
async fn a_post_survives_the_apps_restart() {
    let mut server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    let mut bob = User::online("Bob", &server).await;
    server.stops().await;
    alice.is_offline().await;
    alice.says("one").await;
    alice.says("two").await;
    let mut alice = alice.restarts().await;
    alice.until("the outbox", |p| p.outbox.len() == 2).await;
    server.starts_again().await;
    alice.is_online().await;
    bob.sees("two").await;
    alice.sees("two").await;
    assert_eq!(bob.texts(), ["one", "two"]);
    alice.until("an empty outbox", |p| p.outbox.is_empty()).await;
}

#[tokio::test]
async fn a_thousand_missing_entries_are_brought() {
    let server = start_server().await;
    let mut bob = User::online("Bob", &server).await;
    bob.until("the lobby", |p| !p.timeline.is_empty()).await;
    let lobby = bob.lobby;
    bob.client.shutdown().await;
    let alice = User::online("Alice", &server).await;
    let texts: Vec<_> = (0..1_100).map(|n| n.to_string()).collect();
    futures_util::future::join_all(texts.iter().map(|text| alice.says(text))).await;
    let mut alice = alice;
    alice
        .until("an empty outbox", |p| p.outbox.is_empty() && p.texts().len() == 1_100)
        .await;
    let mut bob = bob.restarts().await;
    assert_eq!(bob.lobby, lobby);
    bob.until("all of it", |p| p.texts().len() == 1_100).await;
    let seqs: Vec<_> = bob.timeline.iter().map(|entry| entry.seq.0).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]), "without a gap");
    assert_eq!(bob.texts(), alice.texts());
}

#[tokio::test]
async fn a_server_with_an_older_history_is_believed() {
    let mut server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    alice.says("kept").await;
    alice.sees("kept").await;
    server.stops().await;
    let backup = tempfile::tempdir().unwrap();
    copy_data(server.data(), backup.path());
    server.starts_again().await;
    alice.is_online().await;
    alice.says("lost with the disk").await;
    alice.sees("lost with the disk").await;
    server.stops().await;
    copy_data(backup.path(), server.data());
    server.starts_again().await;
    alice.until("a reset", |p| p.resets == 1).await;
    alice.sees("kept").await;
    alice.says("and on").await;
    alice.sees("and on").await;
    assert_eq!(alice.texts(), ["kept", "and on"]);
    // The replica believes it too.
    server.stops().await;
    let mut alice = alice.restarts().await;
    let room = alice.lobby.unwrap();
    alice.does(Command::Open { room }).await;
    alice.sees("and on").await;
    assert_eq!(alice.texts(), ["kept", "and on"]);
}

#[tokio::test]
async fn a_dead_line_is_noticed() {
    let server = start_server().await;
    let proxy = Proxy::to(server.address).unwrap();
    let mut bob = User::online("Bob", &server).await;
    let mut alice = User::new("Alice");
    alice.joins(proxy.address()).await;
    proxy.become_black_hole();
    alice.says("into the void").await;
    alice.is_offline().await;
    proxy.recover();
    bob.sees("into the void").await;
    alice.sees("into the void").await;
    alice.until("an empty outbox", |p| p.outbox.is_empty()).await;
}

#[tokio::test]
async fn without_the_server_history_is_read_from_the_replica() {
    let mut server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    for n in 0..30 {
        alice.says(&format!("{n}")).await;
    }
    alice.until("all of it", |p| p.texts().len() == 30).await;
    server.stops().await;
    let mut alice = alice.restarts().await;
    let room = alice.lobby.unwrap();
    alice.does(Command::Open { room }).await;
    alice.until("the newest page", |p| p.texts().len() == 30).await;
    alice.timeline.clear();
    alice.scrolls_back(12, 4).await;
    alice.until("a range", |p| p.timeline.len() == 4).await;
    assert_eq!(alice.timeline.last().unwrap().seq.0, 11);
}
