//! Joining a server by its addresses.
//!
//! - an address without a server, with another program or with another protocol version leads to an error that says
//!   what to do
//! - addresses that do not answer do not delay the one that does
//! - a server that moved is found at its new address, and another server at the old address is not mistaken for it
//! - a server that is joined by its id is found among others that announce the same id, and those are not joined
//! - addresses that others announce for a server are not in the way of its own, also after a restart
//! - a server below a path is joined there, by links to it and to something on it; elsewhere its host says where it is
//! - a forgotten server is gone, and so is its replica
//! - a server that can't be forgotten, because the list of servers can't be written, stays usable

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

mod common;

use std::slice;

use common::net::{other_program, silent_program, unused_address};
use common::{User, address, browse, start_server};
use ichat_client::session::ConnectionStatus;
use ichat_client::{Address, JoinError, ProbeError};
use ichat_protocol::ErrorCode;
use ichat_server::Config;
use ichat_testkit::TestServer;

const WEB_PAGE: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 14\r\nconnection: close\r\n\r\n<h1>Hello</h1>";
const NOT_HTTP: &[u8] = b"SSH-2.0-OpenSSH_9.2\r\n";
const LATER_VERSION: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{\"server\":{\"id\":\"50000000-0000-4000-8000-000000000001\",\"name\":\"Later\",\"software\":\"ichat-server 9\"},\"protocols\":[8,9],\"nonce\":\"x\",\"guests\":true}";

#[tokio::test]
async fn a_wrong_address_leads_to_a_helpful_error() {
    let alice = User::new("Alice");
    let fails = async |address| alice.client.join(&[address]).await.unwrap_err();
    let error = fails(unused_address().await).await;
    assert!(
        matches!(error, JoinError::Probe(ProbeError::Unreachable { .. })),
        "{error:?}"
    );
    assert!(error.to_string().contains("same network"), "{error}");
    for answer in [WEB_PAGE, NOT_HTTP] {
        let error = fails(other_program(answer).await).await;
        assert!(
            matches!(error, JoinError::Probe(ProbeError::NotIChat { .. })),
            "{error:?}"
        );
        assert!(error.to_string().contains("Check the address"), "{error}");
    }
    let error = fails(other_program(LATER_VERSION).await).await;
    assert_eq!(error.to_wire().code, ErrorCode::Protocol);
    let text = "This server speaks protocol version 8, 9, this I-Chat 1. Update I-Chat here.";
    assert_eq!(error.to_string(), text);
    assert!(alice.client.join(&[]).await.is_err());
    assert!(alice.client.servers().is_empty());
}

#[tokio::test]
async fn addresses_that_do_not_answer_do_not_delay_the_right_one() {
    let server = start_server().await;
    let alice = User::new("Alice");
    // Waiting for the timeouts of two silent addresses, one after the other, would take longer than `join` does at most.
    let addresses = [
        silent_program().await,
        silent_program().await,
        unused_address().await,
        other_program(WEB_PAGE).await,
        address(server.address),
    ];
    alice.client.join(&addresses).await.unwrap();
    assert_eq!(alice.client.servers()[0].addresses[0], address(server.address));
}

#[tokio::test]
async fn a_server_below_a_path_is_joined_there() {
    let at_chat = Config {
        base_path: "/chat".parse().unwrap(),
        ..Config::default()
    };
    let server = TestServer::with_config(at_chat).await;
    let host = server.address;
    let there: Address = format!("{host}/chat").parse().unwrap();
    for typed in [
        format!("{host}/chat"),
        format!("http://{host}/chat/#/room/x/7"),
        format!("{host}/chat/index.html"),
    ] {
        let mut alice = User::new("Alice");
        let joined = alice.client.join(&[typed.parse().unwrap()]).await.unwrap();
        alice.server = Some(joined);
        alice.is_online().await;
        assert_eq!(alice.client.servers()[0].addresses, slice::from_ref(&there), "{typed}");
        alice.says(&typed).await;
        alice.sees(&typed).await;
    }
    let alice = User::new("Alice");
    for elsewhere in [format!("{host}"), format!("{host}/other/")] {
        let error = alice.client.join(&[elsewhere.parse().unwrap()]).await.unwrap_err();
        let message = error.to_string();
        assert!(message.ends_with("The chat is at /chat/."), "{message}");
    }
    // A server that has its host to itself is joined by a link to anything on it.
    let server = start_server().await;
    let typed = format!("http://{}/room/x", server.address);
    alice.client.join(&[typed.parse().unwrap()]).await.unwrap();
    assert_eq!(alice.client.servers()[0].addresses, [address(server.address)]);
}

#[tokio::test]
async fn a_server_that_moved_is_found_again() {
    let mut server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    server.stops().await;
    alice.is_offline().await;
    // Another server takes the old address.
    let mut other = start_server().await;
    other.stops().await;
    other.address = server.address;
    other.starts_again().await;
    alice
        .until("a message about the other server", |user| {
            status_message(user).is_some_and(|message| message.contains("Another I-Chat server"))
        })
        .await;
    server.address.set_port(0);
    server.starts_again().await;
    alice
        .client
        .set_announced_addresses(alice.server.unwrap(), &[address(server.address)])
        .await;
    alice.is_online().await;
}

#[tokio::test]
async fn a_server_that_is_joined_by_its_id_is_not_mistaken_for_another() {
    let (wanted, stranger) = (start_server().await, start_server().await);
    let alice = User::new("Alice");
    let id = wanted.store().server_id();
    // The stranger answers as well, and its address is tried first.
    let addresses = [address(stranger.address), address(wanted.address)];
    alice.client.join_server(id, &addresses).await.unwrap();
    let joined = alice.client.servers();
    assert_eq!(joined.len(), 1);
    assert_eq!((joined[0].id, &joined[0].addresses[0]), (id, &addresses[1]));

    let error = alice.client.join_server(id, &addresses[..1]).await.unwrap_err();
    assert!(
        matches!(error, JoinError::Probe(ProbeError::WrongServer { .. })),
        "{error:?}"
    );
    assert_eq!(alice.client.servers(), joined);
}

#[tokio::test]
async fn announced_addresses_are_not_in_the_way_of_the_servers_own() {
    let mut server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    let id = alice.server.unwrap();
    server.stops().await;
    alice.is_offline().await;
    let announced: Vec<_> = (1..100)
        .map(|port| Address::new([127, 0, 0, 99].into(), port).unwrap())
        .collect();
    alice.client.set_announced_addresses(id, &announced).await;
    server.starts_again().await;
    alice.client.nudge().await;
    alice.is_online().await;
    let mut alice = alice.restarts().await;
    alice.is_online().await;
    assert_eq!(alice.client.servers()[0].addresses, [address(server.address)]);
}

#[tokio::test]
async fn a_forgotten_server_is_gone() {
    let server = start_server().await;
    let alice = User::online("Alice", &server).await;
    let id = alice.server.unwrap();
    let replica = alice.dir.join("servers").join(id.to_string());
    assert!(replica.exists());
    alice.client.forget(id).await.unwrap();
    assert!(!replica.exists());
    assert!(alice.client.servers().is_empty());
    assert!(alice.restarts().await.client.servers().is_empty());
}

#[tokio::test]
async fn a_server_that_cannot_be_forgotten_stays_usable() {
    let server = start_server().await;
    let alice = User::online("Alice", &server).await;
    let id = alice.server.unwrap();
    let list = alice.dir.join("servers.json");
    std::fs::remove_file(&list).unwrap();
    std::fs::create_dir_all(list.join("in the way")).unwrap();
    let error = alice.client.forget(id).await.unwrap_err();
    assert_eq!(error.to_wire().code, ErrorCode::Storage);
    assert_eq!(alice.client.servers().len(), 1);
    alice.client.command(id, browse()).await.unwrap();
}

fn status_message(user: &User) -> Option<&str> {
    if let Some(ConnectionStatus::Reconnecting { message, .. }) = &user.connection {
        return message.as_deref();
    }
    None
}
