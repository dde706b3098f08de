//! Outages: of the server, of the connection and of the client.
//!
//! - messages posted while the server is stopped arrive once when it is back
//! - messages in the outbox survive a restart of the client
//! - a read marker that is moved without a connection survives a restart of the client, and reaches the server
//! - a client that missed more than a thousand entries gets them all
//! - a server that was restored from a backup resets its clients
//! - a dead connection is noticed, and messages sent into it arrive
//! - without the server, history comes from the replica, and an entry is found there by its id
//! - a message that is damaged in the replica is shown as the server has it

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

mod common;

use std::fs;

use common::{User, browse, copy_data, start_server};
use ichat_client::session::{Command, LogRange};
use ichat_testkit::proxy::Proxy;

#[tokio::test]
async fn messages_posted_while_the_server_is_stopped_arrive_once() {
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
    alice.until("an empty outbox", |user| user.outbox.is_empty()).await;
    assert_eq!(bob.texts(), ["before", "meanwhile 1", "meanwhile 2"]);
    assert_eq!((alice.resets, bob.resets), (0, 0));
}

#[tokio::test]
async fn messages_in_the_outbox_survive_a_restart() {
    let mut server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    let mut bob = User::online("Bob", &server).await;
    server.stops().await;
    alice.is_offline().await;
    alice.says("one").await;
    alice.says("two").await;
    let mut alice = alice.restarts().await;
    alice
        .until("two messages in the outbox", |user| user.outbox.len() == 2)
        .await;
    server.starts_again().await;
    alice.is_online().await;
    bob.sees("two").await;
    alice.sees("two").await;
    assert_eq!(bob.texts(), ["one", "two"]);
    alice.until("an empty outbox", |user| user.outbox.is_empty()).await;
}

#[tokio::test]
async fn a_read_marker_that_is_moved_offline_survives_a_restart() {
    let mut server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    let bob = User::online("Bob", &server).await;
    bob.says("read this").await;
    alice.sees("read this").await;
    server.stops().await;
    alice.is_offline().await;
    let (room, seq) = (alice.lobby.unwrap(), alice.timeline.last().unwrap().seq);
    alice.does(Command::Read { room, seq }).await;
    let mut alice = alice.restarts().await;
    alice
        .until("its marker", |user| user.rooms.iter().any(|room| room.read == seq))
        .await;
    server.starts_again().await;
    alice.is_online().await;
    // The server answers after it has handled what was sent before.
    alice.does(browse()).await;
    alice
        .until("the server's rooms", |user| !user.directory.is_empty())
        .await;
    let [lobby] = &alice.directory[..] else {
        panic!("there are other rooms: {:?}", alice.directory);
    };
    assert_eq!((lobby.read, lobby.unread), (seq, 0));
}

#[tokio::test]
async fn a_client_gets_a_thousand_missed_entries() {
    let server = start_server().await;
    let mut bob = User::online("Bob", &server).await;
    bob.until("the lobby", |user| !user.timeline.is_empty()).await;
    let lobby = bob.lobby;
    bob.client.shutdown().await;
    let mut alice = User::online("Alice", &server).await;
    let texts: Vec<_> = (0..1_100).map(|n| n.to_string()).collect();
    // The client waits while nothing takes its updates, so they are taken after each hundred.
    for (sent, hundred) in (100..).step_by(100).zip(texts.chunks(100)) {
        futures_util::future::join_all(hundred.iter().map(|text| alice.says(text))).await;
        alice
            .until("the messages so far", |user| {
                user.outbox.is_empty() && user.texts().len() == sent
            })
            .await;
    }
    let mut bob = bob.restarts().await;
    assert_eq!(bob.lobby, lobby);
    bob.until("all messages", |user| user.texts().len() == 1_100).await;
    let seqs: Vec<_> = bob.timeline.iter().map(|entry| entry.seq.0).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]), "there is a gap");
    assert_eq!(bob.texts(), alice.texts());
}

#[tokio::test]
async fn a_restored_server_resets_its_clients() {
    let mut server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    alice.says("in the backup").await;
    alice.sees("in the backup").await;
    server.stops().await;
    let backup = tempfile::tempdir().unwrap();
    copy_data(server.data(), backup.path());
    server.starts_again().await;
    alice.is_online().await;
    alice.says("after the backup").await;
    alice.sees("after the backup").await;
    server.stops().await;
    copy_data(backup.path(), server.data());
    server.starts_again().await;
    alice.until("a reset", |user| user.resets == 1).await;
    alice.sees("in the backup").await;
    alice.says("after the restore").await;
    alice.sees("after the restore").await;
    assert_eq!(alice.texts(), ["in the backup", "after the restore"]);
    // The replica was reset as well.
    server.stops().await;
    let mut alice = alice.restarts().await;
    let room = alice.lobby.unwrap();
    alice.does(Command::Open { room }).await;
    alice.sees("after the restore").await;
    assert_eq!(alice.texts(), ["in the backup", "after the restore"]);
}

#[tokio::test]
async fn a_dead_connection_is_noticed() {
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
    alice.until("an empty outbox", |user| user.outbox.is_empty()).await;
}

#[tokio::test]
async fn history_comes_from_the_replica_without_the_server() {
    let mut server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    for n in 0..30 {
        alice.says(&format!("{n}")).await;
    }
    alice.until("all messages", |user| user.texts().len() == 30).await;
    server.stops().await;
    let mut alice = alice.restarts().await;
    let room = alice.lobby.unwrap();
    alice.does(Command::Open { room }).await;
    alice.until("the newest page", |user| user.texts().len() == 30).await;
    alice.timeline.clear();
    alice.scrolls_back(12, 4).await;
    alice.until("four entries", |user| user.timeline.len() == 4).await;
    assert_eq!(alice.timeline.last().unwrap().seq.0, 11);
    let entry = alice.timeline[1].clone();
    alice.timeline.clear();
    let range = LogRange::around(entry.id, 1);
    alice.does(Command::History { room, range }).await;
    alice.until("the entry", |user| !user.timeline.is_empty()).await;
    assert_eq!(alice.timeline, [entry]);
}

#[tokio::test]
async fn a_message_that_is_damaged_in_the_replica_is_shown_as_the_server_has_it() {
    let server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    for text in ["hello", "pay him 100 euros", "bye"] {
        alice.says(text).await;
    }
    alice.sees("bye").await;
    alice.client.shutdown().await;
    let replica = alice.dir.join("servers").join(alice.server.unwrap().to_string());
    let file = replica.join("ichat.db");
    let mut bytes = fs::read(&file).unwrap();
    let position = bytes.windows(9).position(|window| window == b"100 euros").unwrap();
    bytes[position] ^= 0x08;
    fs::write(&file, bytes).unwrap();

    let mut alice = alice.restarts().await;
    alice.is_online().await;
    let room = alice.lobby.unwrap();
    alice.does(Command::Open { room }).await;
    alice.sees("bye").await;
    assert_eq!(alice.texts(), ["hello", "pay him 100 euros", "bye"]);
    assert_eq!((alice.resets, &alice.refusals), (1, &Vec::new()));
    // The replica has it again.
    alice.timeline.clear();
    alice.does(Command::Open { room }).await;
    alice.sees("bye").await;
    assert_eq!((alice.texts().len(), alice.resets), (3, 1));
}
