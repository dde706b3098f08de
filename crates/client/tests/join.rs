//! Addresses where it does not go well, each with a sentence that a person can act on.
//!
//! - nobody there, another program, a server of another protocol version, a mute one
//! - the right one wins a race among wrong ones
//! - a server that moved is found again at its new address; another one at the old address is not taken for it
//! - a server that is forgotten is gone, with what was kept of it

#![allow(clippy::unwrap_used, reason = "a test that can't go on says where")]

mod common;

use std::time::Instant;

use common::net::{other_program, unused_address};
use common::{User, address, start_server};
use ichat_client::session::ConnectionStatus;
use ichat_client::{JoinError, ProbeError};
use ichat_protocol::ErrorCode;

const WEB_PAGE: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 14\r\nconnection: close\r\n\r\n<h1>Hello</h1>";
const NOT_HTTP: &[u8] = b"SSH-2.0-OpenSSH_9.2\r\n";
const LATER_VERSION: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{\"server\":{\"id\":\"50000000-0000-4000-8000-000000000001\",\"name\":\"Later\",\"software\":\"ichat-server 9\"},\"protocols\":[8,9],\"nonce\":\"x\",\"guests\":true}";

#[tokio::test]
async fn wrong_addresses_get_a_sentence() {
    let alice = User::new("Alice");
    let fails = async |address| alice.client.join(&[address]).await.unwrap_err();
    let error = fails(unused_address().await).await;
    assert!(
        matches!(error, JoinError::Probe(ProbeError::Unreachable { .. })),
        "{error:?}"
    );
    assert!(error.to_string().contains("same network"), "{error}");
    for other in [WEB_PAGE, NOT_HTTP] {
        let error = fails(other_program(other).await).await;
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
async fn the_right_one_wins_a_race() {
    let server = start_server().await;
    let alice = User::new("Alice");
    // 192.0.2.0/24 is for documentation (RFC 5737): nothing answers there, and some networks take long to say so.
    let addresses = [
        "192.0.2.1:4242".parse().unwrap(),
        unused_address().await,
        other_program(WEB_PAGE).await,
        address(server.address),
    ];
    let began = Instant::now();
    alice.client.join(&addresses).await.unwrap();
    assert!(began.elapsed().as_secs() < 5);
    assert_eq!(alice.client.servers()[0].addresses[0], address(server.address));
}

#[tokio::test]
async fn a_server_that_moved_is_found_again() {
    let mut server = start_server().await;
    let mut alice = User::online("Alice", &server).await;
    server.stops().await;
    alice.is_offline().await;
    // Another server takes the old address, and the one that is wanted another one.
    let mut other = start_server().await;
    other.stops().await;
    other.address = server.address;
    other.starts_again().await;
    let told = |p: &User| matches!(&p.connection, Some(ConnectionStatus::Reconnecting { message: Some(m), .. }) if m.contains("Another I-Chat server"));
    alice.until("being told of the other one", told).await;
    server.address.set_port(0);
    server.starts_again().await;
    alice
        .client
        .update_addresses(alice.server.unwrap(), &[address(server.address)])
        .await;
    alice.is_online().await;
}

#[tokio::test]
async fn a_forgotten_server_is_gone() {
    let server = start_server().await;
    let alice = User::online("Alice", &server).await;
    let id = alice.server.unwrap();
    let kept = alice.dir.join("servers").join(id.to_string());
    assert!(kept.exists());
    alice.client.forget(id).await.unwrap();
    assert!(!kept.exists());
    assert!(alice.client.servers().is_empty());
    assert!(alice.restarts().await.client.servers().is_empty());
}
