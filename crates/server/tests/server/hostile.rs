//! Hostile clients.
//!
//! - a packet within the limit is handled
//! - a frame over the limit ends the connection before its payload is sent
//! - a message of endless fragments ends the connection
//! - a packet that declares attachments, or is binary, ends the connection
//! - a polling body over the limit is refused

use ichat_testkit::{TestServer, or_time_out};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::polling::PollingClient;

#[tokio::test]
async fn a_packet_within_the_limit_is_handled() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    alice.emit("nonsense", json!("x".repeat(101_000))).await;
    assert_eq!(alice.is_refused().await, "unknown_event");
}

#[tokio::test]
async fn a_frame_over_the_limit_ends_the_connection_before_its_payload_is_sent() {
    let server = TestServer::start().await;
    for megabytes in [1_u64, 63] {
        let mut mallory = server.user("Mallory").await;
        // A text frame's header with a length of 64 bits, masked with zeroes, and nothing behind it.
        let header = [&[0x81, 0xFF][..], &(megabytes << 20).to_be_bytes(), &[0; 4]].concat();
        mallory.socket().stream().write_all(&header).await.unwrap();
        mallory.is_disconnected().await;
    }
}

#[tokio::test]
async fn endless_fragments_end_the_connection() {
    let server = TestServer::start().await;
    let mut mallory = server.user("Mallory").await;
    let stream = mallory.socket().stream();
    // Frames of one byte, masked with zeroes: the first fragment of a text, and one of many that continue it.
    let first = [0x01, 0x81, 0, 0, 0, 0, b'4'];
    let next = [0x00, 0x81, 0, 0, 0, 0, b'2'];
    stream.write_all(&first).await.unwrap();
    let fragments = next.repeat(10_000);
    or_time_out(async { while stream.write_all(&fragments).await.is_ok() {} }).await;
}

#[tokio::test]
async fn attachments_end_the_connection() {
    let server = TestServer::start().await;
    for packet in [
        r#"451000000000-["post",{"_placeholder":true,"num":0}]"#,
        r#"451-["post",{"_placeholder":true,"num":0}]"#,
    ] {
        let mut mallory = server.user("Mallory").await;
        mallory.send(packet).await;
        mallory.is_disconnected().await;
    }
    let mut mallory = server.user("Mallory").await;
    mallory.socket().send_binary(vec![1, 2, 3]).await.unwrap();
    mallory.is_disconnected().await;
}

#[tokio::test]
async fn a_polling_body_over_the_limit_is_refused() {
    let server = TestServer::start().await;
    let mallory = PollingClient::open(&server).await;
    assert_eq!(mallory.open["maxPayload"], 128 * 1024);
    let response = mallory.try_send("4".repeat(2 << 20)).await;
    // The server may close the connection while the body is still being sent.
    assert!(response.is_err() || response.unwrap().status().is_client_error());
}
