//! Hostile clients.
//!
//! - a packet within the limit is handled
//! - a frame over the limit ends the connection before its payload is sent
//! - a message of endless fragments ends the connection
//! - a packet that declares attachments, or is binary, ends the connection
//! - a polling body over the limit is refused
//! - a polling body that arrives byte by byte is refused
//! - a client that sends WebSocket pings and reads nothing is not read from
//! - a WebSocket's request gets 101 if it has all that RFC 6455 asks for, also in several lines, and 400 otherwise
//! - a second upgrade of a session gets 400, and doesn't disturb the first
//! - a session ends when an acknowledgement finds no space, rather than lose it without a word

use std::io::ErrorKind;
use std::time::Duration;

use futures_util::SinkExt as _;
use ichat_protocol::EntryId;
use ichat_testkit::websocket::write_client_text;
use ichat_testkit::{SocketIoClient, TestClient, TestServer, message, or_time_out};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::polling::{PollingClient, next_text};
use crate::slow_clients::{post_chunk, receives_up_to};

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

#[tokio::test]
async fn a_polling_body_that_arrives_byte_by_byte_is_refused() {
    let server = TestServer::start().await;
    let client = PollingClient::connect(&server).await;
    let mut mallory = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Length: 100\r\n\r\n42",
        client.path(),
        server.address
    );
    mallory.write_all(head.as_bytes()).await.unwrap();
    // The clock jumps ahead as soon as nothing can be done but wait.
    tokio::time::pause();
    let (mut reader, mut writer) = mallory.into_split();
    let mut response = String::new();
    let sends_a_byte_at_times = async {
        while writer.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        read = reader.read_to_string(&mut response) => drop(read.unwrap()),
        () = sends_a_byte_at_times => {}
        () = tokio::time::sleep(Duration::from_mins(5)) => panic!("the server waits for the whole body"),
    }
    assert!(response.starts_with("HTTP/1.1 408 "), "{response}");
}

/// More than the system's buffers for both ends of a connection.
const MANY_BYTES: usize = 64 << 20;
/// Answers to another client after which a server that has read nothing will not read any more.
const IDLE_TURNS: usize = 200;

/// Sends these bytes again and again, until the server reads no more of them. Returns how many it took.
async fn flood(stream: &mut TcpStream, bytes: &[u8], other: &mut TestClient) -> usize {
    let (mut sent, mut idle) = (0, 0);
    while sent < MANY_BYTES && idle < IDLE_TURNS {
        match stream.try_write(&bytes[sent % bytes.len()..]) {
            Ok(count) => (sent, idle) = (sent + count, 0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                idle += 1;
                other.request("rooms", &[]).await;
            }
            // The server disconnects a client that doesn't read.
            Err(_) => break,
        }
    }
    sent
}

/// The headers of a WebSocket's request.
const WEBSOCKET_HEADERS: [&str; 4] = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/// Sends a GET over a connection of its own.
async fn get(server: &TestServer, path: &str, headers: &[&str]) -> TcpStream {
    request(server, &format!("GET {path} HTTP/1.1"), headers).await
}

/// Sends a request over a connection of its own.
async fn request(server: &TestServer, request_line: &str, headers: &[&str]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let headers = headers.join("\r\n");
    let request = format!("{request_line}\r\nHost: {}\r\n{headers}\r\n\r\n", server.address);
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Returns the status of the response to a GET.
async fn status(server: &TestServer, path: &str, headers: &[&str]) -> String {
    status_of(get(server, path, headers).await).await
}

async fn status_of(mut stream: TcpStream) -> String {
    let mut start = [0; "HTTP/1.1 400".len()];
    or_time_out(stream.read_exact(&mut start)).await.unwrap();
    String::from_utf8_lossy(&start["HTTP/1.1 ".len()..]).into_owned()
}

/// Returns a WebSocket that replaced a polling session, as a browser's does.
async fn upgraded_from_polling(server: &TestServer) -> TcpStream {
    let client = PollingClient::connect(server).await;
    let mut stream = get(server, &client.upgrade_path(), &WEBSOCKET_HEADERS).await;
    let mut probe = Vec::new();
    write_client_text(b"2probe", &mut probe);
    stream.write_all(&probe).await.unwrap();
    let mut received = Vec::new();
    while !received.ends_with(b"3probe") {
        or_time_out(stream.read_buf(&mut received)).await.unwrap();
    }
    let mut upgrade = Vec::new();
    write_client_text(b"5", &mut upgrade);
    stream.write_all(&upgrade).await.unwrap();
    stream
}

#[tokio::test]
async fn a_client_that_sends_pings_and_reads_nothing_is_not_read_from() {
    let server = TestServer::without_rate_limits().await;
    let mut alice = server.user("Alice").await;
    // Of 125 bytes, masked with zeroes.
    let ping = [&[0x89, 0xFD, 0, 0, 0, 0][..], &[b'x'; 125]].concat();
    let mut before_sign_in = SocketIoClient::open(server.address).await.unwrap();
    let mut guest = server.guest().await;
    let mut upgraded = upgraded_from_polling(&server).await;
    for stream in [before_sign_in.stream(), guest.socket().stream(), &mut upgraded] {
        let taken = flood(stream, &ping.repeat(500), &mut alice).await;
        assert!(
            taken < MANY_BYTES,
            "the server takes {taken} bytes of pings, and keeps the answers"
        );
    }
}

#[tokio::test]
async fn only_a_websocket_request_of_rfc_6455_gets_101() {
    let server = TestServer::start().await;
    let poller = PollingClient::connect(&server).await;
    for path in ["/socket.io/?EIO=4&transport=websocket", &poller.upgrade_path()] {
        for (index, header) in WEBSOCKET_HEADERS.iter().enumerate() {
            let mut headers = WEBSOCKET_HEADERS.to_vec();
            headers.remove(index);
            assert_eq!(status(&server, path, &headers).await, "400", "{path} without {header}");
        }
        let [connection, upgrade, _, key] = WEBSOCKET_HEADERS;
        let headers = [connection, upgrade, "Sec-WebSocket-Version: 12", key];
        assert_eq!(status(&server, path, &headers).await, "400", "{path}");
        assert_eq!(
            status(&server, &path.replace("EIO=4", "EIO=3"), &WEBSOCKET_HEADERS).await,
            "400"
        );
    }
    let path = "/socket.io/?EIO=4&transport=websocket";
    for request_line in [format!("POST {path} HTTP/1.1"), format!("GET {path} HTTP/1.0")] {
        let stream = request(&server, &request_line, &WEBSOCKET_HEADERS).await;
        assert_eq!(status_of(stream).await, "400", "{request_line}");
    }
    let mut in_two_lines = WEBSOCKET_HEADERS.to_vec();
    in_two_lines.insert(0, "Connection: keep-alive");
    assert_eq!(status(&server, path, &in_two_lines).await, "101");
    // The session still has no WebSocket.
    assert_eq!(status(&server, &poller.upgrade_path(), &WEBSOCKET_HEADERS).await, "101");
}

#[tokio::test]
async fn no_acknowledgement_is_lost_without_a_word() {
    // More packets than may wait for a client that polls.
    const REQUESTS: usize = 900;
    let server = TestServer::without_rate_limits().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    let poller = PollingClient::connect(&server).await;
    let mut packets: Vec<_> = (0..REQUESTS).map(|id| format!("42{id}[\"rooms\"]")).collect();
    packets.push(format!(
        "42{}",
        json!(["post", message(server.lobby(), EntryId::fresh(), "last")])
    ));
    for packets in packets.chunks(300) {
        let answer = poller.try_send(packets.join("\u{1e}")).await.unwrap();
        assert!(answer.status().is_success() || answer.status() == 400);
    }
    alice.sees("last").await;
    // The requests are handled, and nothing was fetched.
    let mut acknowledged = 0;
    while acknowledged < REQUESTS {
        let Some(packets) = poller.fetch().await else { return };
        acknowledged += packets
            .split('\u{1e}')
            .filter(|packet| packet.starts_with("43"))
            .count();
    }
}

#[tokio::test]
async fn a_second_upgrade_of_a_session_gets_400() {
    // More bytes than may wait for a client.
    const PAGES: usize = 40;
    let server = TestServer::without_rate_limits().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    let last = post_chunk(&mut alice).await;
    receives_up_to(&mut alice, last).await;
    let poller = PollingClient::connect(&server).await;
    let mut upgraded = poller.upgrade(&server).await;
    assert_eq!(status(&server, &poller.upgrade_path(), &WEBSOCKET_HEADERS).await, "400");
    let history = json!(["history", { "room": server.lobby(), "limit": 3 }]);
    for _ in 0..PAGES {
        upgraded.send(Message::text(format!("42{history}"))).await.unwrap();
        while !next_text(&mut upgraded).await.starts_with("42[\"page\"") {}
    }
}
