//! Two users with real clients on a real server.
//!
//! - a message reaches the other user, and leaves the sender's outbox
//! - a hundred messages keep their order for everyone
//! - a room is created, joined and left, and joining an unknown one is refused
//! - a new name reaches the server and survives a restart
//! - a restarted interface gets everything again
//! - a second process on the same data folder is refused, and so is a command for an unknown server

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

mod common;

use common::{User, name, start_server};
use ichat_client::session::{Command, ConnectionStatus};
use ichat_client::{Client, OpenError};
use ichat_protocol::{ErrorCode, RoomId};

#[tokio::test]
async fn a_message_reaches_the_other_user() {
    let server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    let mut bob = User::online("Bob", &server).await;
    alice.says("hi").await;
    bob.sees("hi").await;
    alice.sees("hi").await;
    alice.until("an empty outbox", |user| user.outbox.is_empty()).await;
    bob.until("an unread message", |user| {
        let lobby = user.rooms.iter().find(|room| Some(room.id) == user.lobby);
        lobby.is_some_and(|room| room.unread == 1)
    })
    .await;
}

#[tokio::test]
async fn a_hundred_messages_keep_their_order() {
    let server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    let mut bob = User::online("Bob", &server).await;
    for n in 0..100 {
        alice.says(&format!("a{n}")).await;
        bob.says(&format!("b{n}")).await;
    }
    for user in [&mut alice, &mut bob] {
        user.until("all messages", |user| user.texts().len() >= 200).await;
        for author in ["a", "b"] {
            let mut seen = user.texts();
            seen.retain(|text| text.starts_with(author));
            let said: Vec<_> = (0..100).map(|n| format!("{author}{n}")).collect();
            assert_eq!(seen, said);
        }
    }
    assert_eq!(alice.texts(), bob.texts());
}

#[tokio::test]
async fn a_room_is_created_joined_and_left() {
    let server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    let mut bob = User::online("Bob", &server).await;
    let room = RoomId::fresh();
    let create = Command::Create {
        room,
        name: name("Lunch"),
        topic: Some("Who eats where".into()),
    };
    alice.does(create).await;
    alice
        .until("the new room", |user| {
            user.rooms
                .iter()
                .any(|known| known.id == room && known.topic == "Who eats where")
        })
        .await;
    bob.does(Command::Join { room }).await;
    bob.until("the joined room", |user| {
        user.rooms
            .iter()
            .any(|known| known.id == room && known.name == name("Lunch"))
    })
    .await;
    alice.says_in(room, "soup?").await;
    bob.until("an unread message", |user| {
        user.rooms.iter().any(|known| known.id == room && known.unread > 0)
    })
    .await;
    bob.does(Command::Leave { room }).await;
    bob.until("no such room", |user| !user.rooms.iter().any(|known| known.id == room))
        .await;
    bob.does(Command::Join { room: RoomId::fresh() }).await;
    bob.until("a refusal", |user| !user.refusals.is_empty()).await;
}

#[tokio::test]
async fn a_new_name_reaches_the_server_and_survives_a_restart() {
    let server = start_server().await;
    let alice = User::online("Alice", &server).await;
    alice.client.set_name(name("Alicia")).await.unwrap();
    let id = alice.client.profile().member;
    let mut alice = alice.restarts().await;
    alice.is_online().await;
    assert_eq!(alice.client.profile().name, name("Alicia"));
    let members = server.store().members(server.lobby()).await.unwrap();
    let renamed = members.iter().find(|member| member.id == id).unwrap();
    assert_eq!(renamed.name, name("Alicia"));
}

#[tokio::test]
async fn a_restarted_interface_gets_everything_again() {
    let server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    alice.says("hi").await;
    alice.sees("hi").await;
    (alice.connection, alice.lobby) = (None, None);
    alice.rooms.clear();
    alice.client.refresh().await;
    alice
        .until("the status, the lobby and the rooms", |user| {
            user.connection == Some(ConnectionStatus::Online) && user.lobby.is_some() && user.rooms.len() == 1
        })
        .await;
}

#[tokio::test]
async fn a_second_process_on_the_same_folder_is_refused() {
    let alice = User::new("Alice");
    let error = Client::open(&alice.dir, None).err().unwrap();
    assert!(matches!(error, OpenError::InUse { .. }), "{error:?}");
    assert!(error.to_string().contains("in use by another I-Chat"), "{error}");
}

#[tokio::test]
async fn a_command_for_an_unknown_server_is_refused() {
    let alice = User::new("Alice");
    let unknown = "00000000-0000-4000-8000-000000000000".parse().unwrap();
    let error = alice.client.command(unknown, Command::Browse).await.unwrap_err();
    assert_eq!(error.to_wire().code, ErrorCode::Other);
}
