//! Two users with real clients on a real server.
//!
//! - a message reaches the other user, and leaves the sender's outbox
//! - a hundred messages keep their order for everyone
//! - a room is created, joined and left, and joining an unknown one is refused
//! - a new name reaches the server and survives a restart; a server that fails does not keep it from the others
//! - a restarted interface gets the status, the rooms and the outbox again
//! - a second process on the same data folder is refused, also while the sessions of a dropped client are ending
//! - a command for an unknown server is refused, and so is one for a server that is being forgotten

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

mod common;

use common::{User, browse, name, start_server};
use ichat_client::session::Command;
use ichat_client::{Client, CommandError, OpenError};
use ichat_protocol::{ErrorCode, Kind, RoomId};

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
    let mut alice = User::online("Alice", &server).await;
    alice.client.set_name(name("Alicia")).await.unwrap();
    // Checked before the restart, because each connection signs in with the name in the profile.
    alice.until("the new name", was_renamed).await;
    let members = server.store().members(server.lobby()).await.unwrap();
    let id = alice.client.profile().member;
    let renamed = members.iter().find(|member| member.id == id).unwrap();
    assert_eq!(renamed.name, name("Alicia"));
    let alice = alice.restarts().await;
    assert_eq!(alice.client.profile().name, name("Alicia"));
}

#[tokio::test]
async fn a_new_name_reaches_the_other_servers_if_one_replica_is_damaged() {
    let (first, second) = (start_server().await, start_server().await);
    let mut alice = User::online("Alice", &first).await;
    let damaged = alice.server.unwrap();
    alice.joins(second.address).await;
    let intact = alice.server;
    alice.client.shutdown().await;
    let replica = alice.dir.join("servers").join(damaged.to_string());
    std::fs::remove_dir_all(&replica).unwrap();
    std::fs::write(&replica, "not a folder").unwrap();

    let mut alice = alice.restarts().await;
    alice.server = intact;
    alice.is_online().await;
    let error = alice.client.set_name(name("Alicia")).await.unwrap_err();
    assert_eq!(error.to_wire().code, ErrorCode::Storage);
    alice.until("the new name", was_renamed).await;
}

#[tokio::test]
async fn a_restarted_interface_gets_the_status_the_rooms_and_the_outbox_again() {
    let mut server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    server.stops().await;
    alice.is_offline().await;
    alice.says("hi").await;
    alice
        .until("a message in the outbox", |user| user.outbox.len() == 1)
        .await;
    let lobby = alice.lobby.take();
    alice.connection = None;
    alice.rooms.clear();
    alice.client.refresh().await;
    alice
        .until("the status, the lobby and the rooms", |user| {
            user.connection.is_some() && user.lobby == lobby && user.rooms.len() == 1
        })
        .await;
    alice.outbox.clear();
    alice.client.refresh().await;
    alice.until("the outbox", |user| user.outbox.len() == 1).await;
}

#[tokio::test]
async fn a_second_process_on_the_same_folder_is_refused() {
    let alice = User::new("Alice");
    let error = Client::open(&alice.dir, None).err().unwrap();
    assert!(matches!(error, OpenError::InUse { .. }), "{error:?}");
    assert!(error.to_string().contains("in use by another I-Chat"), "{error}");
}

#[tokio::test]
async fn a_folder_stays_in_use_until_the_last_session_has_ended() {
    let server = start_server().await;
    let alice = User::online("Alice", &server).await;
    let dir = alice.dir.clone();
    drop(alice.client);
    // No task has run in between: the session has not ended.
    let error = Client::open(&dir, None).err().unwrap();
    assert!(matches!(error, OpenError::InUse { .. }), "{error:?}");
    let unlocked = async {
        while Client::open(&dir, None).is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(common::TIMEOUT, unlocked).await.unwrap();
}

#[tokio::test]
async fn a_command_for_an_unknown_server_is_refused() {
    let alice = User::new("Alice");
    let unknown = "00000000-0000-4000-8000-000000000000".parse().unwrap();
    let error = alice.client.command(unknown, browse()).await.unwrap_err();
    assert_eq!(error.to_wire().code, ErrorCode::Other);
}

#[tokio::test]
async fn a_command_for_a_server_that_is_being_forgotten_is_refused() {
    let server = start_server().await;
    let alice = User::online("Alice", &server).await;
    let id = alice.server.unwrap();
    // The command is in the session's queue when the session is stopped.
    let (browsed, forgotten) = tokio::join!(alice.client.command(id, browse()), alice.client.forget(id));
    forgotten.unwrap();
    assert_eq!(browsed, Err(CommandError::UnknownServer));
}

fn was_renamed(user: &User) -> bool {
    user.timeline
        .iter()
        .any(|entry| entry.body.kind() == Kind::MemberRenamed)
}
