//! Two people with real clients on a real server.
//!
//! - what one says, the other sees, and the sender's outbox empties
//! - a hundred posts in one breath keep their order for everybody
//! - a room is made, found, joined, left
//! - a new name reaches the server and stays
//! - an interface that starts anew is told everything
//! - a second process on the same folder is refused with a sentence

#![allow(clippy::unwrap_used, reason = "a test that can't go on says where")]

mod common;

use common::{User, name, start_server};
use ichat_client::session::{Command, ConnectionStatus};
use ichat_client::{Client, OpenError};
use ichat_protocol::{ErrorCode, RoomId};

#[tokio::test]
async fn what_one_says_the_other_sees() {
    let server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    let mut bob = User::online("Bob", &server).await;
    alice.says("hi").await;
    bob.sees("hi").await;
    alice.sees("hi").await;
    alice.until("an empty outbox", |p| p.outbox.is_empty()).await;
    let lobby = bob.lobby;
    bob.until("an unread count", |p| {
        p.rooms.iter().any(|room| Some(room.id) == lobby && room.unread == 1)
    })
    .await;
}

#[tokio::test]
async fn a_hundred_posts_keep_their_order() {
    let server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    let mut bob = User::online("Bob", &server).await;
    for n in 0..100 {
        alice.says(&format!("a{n}")).await;
        bob.says(&format!("b{n}")).await;
    }
    for person in [&mut alice, &mut bob] {
        person.until("all of it", |p| p.texts().len() >= 200).await;
        for own in ["a", "b"] {
            let order: Vec<_> = person
                .texts()
                .into_iter()
                .filter(|text| text.starts_with(own))
                .collect();
            let said: Vec<_> = (0..100).map(|n| format!("{own}{n}")).collect();
            assert_eq!(order, said);
        }
    }
    assert_eq!(alice.texts(), bob.texts());
}

#[tokio::test]
async fn a_room_is_made_found_joined_and_left() {
    let server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    let mut bob = User::online("Bob", &server).await;
    let room = RoomId::fresh();
    let (called, topic) = (name("Lunch"), Some("Who eats where".into()));
    alice
        .does(Command::Create {
            room,
            name: called,
            topic,
        })
        .await;
    alice
        .until("the room", |p| {
            p.rooms.iter().any(|r| r.id == room && r.topic == "Who eats where")
        })
        .await;
    bob.does(Command::Join { room }).await;
    bob.until("being in", |p| {
        p.rooms.iter().any(|r| r.id == room && r.name == name("Lunch"))
    })
    .await;
    alice.says_in(room, "soup?").await;
    bob.until("an unread", |p| p.rooms.iter().any(|r| r.id == room && r.unread > 0))
        .await;
    bob.does(Command::Leave { room }).await;
    bob.until("being out", |p| !p.rooms.iter().any(|r| r.id == room)).await;
    bob.does(Command::Join { room: RoomId::fresh() }).await;
    bob.until("a refusal", |p| !p.refusals.is_empty()).await;
}

#[tokio::test]
async fn a_new_name_reaches_the_server_and_stays() {
    let server = start_server().await;
    let alice = User::online("Alice", &server).await;
    alice.client.set_name(name("Alicia")).await.unwrap();
    let member = alice.client.profile().member;
    let mut alice = alice.restarts().await;
    alice.is_online().await;
    assert_eq!(alice.client.profile().name, name("Alicia"));
    let members = server.store().members(server.lobby()).await.unwrap();
    assert!(
        members.iter().any(|m| m.id == member && m.name == name("Alicia")),
        "{members:?}"
    );
}

#[tokio::test]
async fn an_interface_that_starts_anew_is_told_everything() {
    let server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    alice.says("hi").await;
    alice.sees("hi").await;
    (alice.connection, alice.lobby) = (None, None);
    alice.rooms.clear();
    alice.client.refresh().await;
    alice
        .until("everything", |p| {
            p.connection == Some(ConnectionStatus::Online) && p.lobby.is_some() && p.rooms.len() == 1
        })
        .await;
}

#[tokio::test]
async fn a_second_process_on_the_same_folder_is_refused() {
    let alice = User::new("Alice");
    let second = Client::open(&alice.dir, None);
    assert!(matches!(second.as_ref().err(), Some(OpenError::InUse { .. })));
    assert!(second.err().unwrap().to_string().contains("in use by another I-Chat"));
    let unknown = alice
        .client
        .command("00000000-0000-4000-8000-000000000000".parse().unwrap(), Command::Browse)
        .await;
    assert_eq!(unknown.unwrap_err().to_wire().code, ErrorCode::Other);
}
