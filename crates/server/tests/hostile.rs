//! Clients that mean harm, and clients that are only slow.
//!
//! - frames of 101 KB pass; of 1, 16 and 63 MB, and messages of many small fragments, end the connection, unread
//! - a packet that declares 10⁹ attachments ends the connection; so does binary data
//! - a polling body over the limit is refused
//! - foreign origins, rebound hosts, and no origin with a strange host are refused, also over the other transport
//! - one who never reads disturbs nobody
//! - who has not read for a while gets the answers to what they ask all the same
//! - half-sent requests are dropped; connections beyond the caps are told so
//! - what is served over HTTP has the headers that it should

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails where its ground gives way"
)]

use std::time::{Duration, Instant};

use ichat_protocol::{EntryId, RoomId};
use ichat_server::Config;
use ichat_testkit::websocket::upgrade_request;
use ichat_testkit::{TestServer, entries, message, message_text, or_time_out};
use reqwest::StatusCode;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// Longer than anything may take here.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes that this process holds in memory.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    status.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[cfg(not(target_os = "linux"))]
fn resident() -> usize {
    0
}

/// A WebSocket frame's head, masked with zeroes.
fn head(first: u8, length: u64) -> Vec<u8> {
    let mut head = vec![first, 0x80 | 127];
    head.extend(length.to_be_bytes());
    head.extend([0; 4]);
    head
}

#[tokio::test]
async fn a_frame_within_the_limit_passes() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    alice.emit("nonsense", json!("x".repeat(101_000))).await;
    assert_eq!(alice.is_refused().await, "unknown_event");
}

#[tokio::test]
async fn frames_over_the_limit_end_the_connection_unread() {
    let server = TestServer::start().await;
    let before = resident();
    for megabytes in [1, 16, 63] {
        for _ in 0..8 {
            let mut mallory = server.user("Mallory").await;
            let stream = mallory.socket().stream();
            stream.write_all(&head(0x81, megabytes << 20)).await.unwrap();
            // The head alone must do; whatever still fits through is sent as well.
            let mut rest = Vec::new();
            drop(stream.write_all(&vec![b'4'; 64 << 10]).await);
            drop(or_time_out(stream.read_to_end(&mut rest)).await);
        }
    }
    assert!(
        resident() < before + (64 << 20),
        "memory grew by {} bytes",
        resident() - before
    );
    server.user("Alice").await.request("rooms", &[]).await;
}

#[tokio::test]
async fn endless_fragments_end_the_connection() {
    let server = TestServer::start().await;
    let mut mallory = server.user("Mallory").await;
    let stream = mallory.socket().stream();
    let began = Instant::now();
    let mut fragments = vec![0x01, 0x81, 0, 0, 0, 0, b'4'];
    for _ in 0..10_000 {
        fragments.extend([0x00, 0x81, 0, 0, 0, 0, b'2']);
    }
    let mut sent = 0;
    while stream.write_all(&fragments).await.is_ok() {
        fragments[0] = 0x00;
        sent += 10_001;
        assert!(began.elapsed() < TIMEOUT, "still open after {sent} fragments");
    }
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
    let http = reqwest::Client::new();
    let url = server.url("/socket.io/?EIO=4&transport=polling");
    let open = http.get(&url).send().await.unwrap().text().await.unwrap();
    let open: serde_json::Value = serde_json::from_str(&open[1..]).unwrap();
    assert_eq!(open["maxPayload"], 128 * 1024);
    let url = format!("{url}&sid={}", open["sid"].as_str().unwrap());
    let answer = http.post(&url).body("4".repeat(2 << 20)).send().await;
    assert!(answer.is_err() || answer.unwrap().status().is_client_error());
}

#[tokio::test]
async fn requests_that_a_foreign_page_made_are_refused() {
    let server = TestServer::with_config(Config {
        allowed_hosts: vec!["chat.example".into()],
        ..Config::default()
    })
    .await;
    let http = reqwest::Client::new();
    let address = server.address.to_string();
    let port = server.address.port();
    for path in ["/", "/api/hello", "/healthz", "/socket.io/?EIO=4&transport=polling"] {
        let status = async |host: &str, origin: Option<&str>| {
            let mut request = http.get(server.url(path)).header("host", host);
            if let Some(origin) = origin {
                request = request.header("origin", origin);
            }
            let answer = request.send().await.unwrap();
            let status = answer.status();
            let text = answer.text().await.unwrap();
            assert!(
                status != StatusCode::FORBIDDEN || text.trim_end().ends_with('.') || text.contains(')'),
                "{text}"
            );
            status
        };
        assert_eq!(status(&address, None).await, StatusCode::OK, "{path}");
        assert_eq!(
            status(&address, Some(&format!("http://{address}"))).await,
            StatusCode::OK
        );
        assert_eq!(status(&address, Some("app://localhost")).await, StatusCode::FORBIDDEN);
        assert_eq!(
            status("chat.example", Some("https://chat.example")).await,
            StatusCode::OK
        );
        assert_eq!(
            status(&address, Some("http://evil.example")).await,
            StatusCode::FORBIDDEN
        );
        assert_eq!(
            status("evil.example", Some("http://evil.example")).await,
            StatusCode::FORBIDDEN,
            "rebound"
        );
        assert_eq!(
            status("evil.example", None).await,
            StatusCode::FORBIDDEN,
            "no origin and a strange host"
        );
        assert_eq!(
            status(&format!("evil.example:{port}"), None).await,
            StatusCode::FORBIDDEN
        );
    }
    for (origin, status) in [
        (format!("http://{address}"), "101"),
        ("http://evil.example".to_owned(), "403"),
        ("null".to_owned(), "403"),
        ("app://localhost".to_owned(), "403"),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = upgrade_request(server.address, &format!("Origin: {origin}\r\n"));
        stream.write_all(&request).await.unwrap();
        let mut line = String::new();
        or_time_out(BufReader::new(&mut stream).read_line(&mut line))
            .await
            .unwrap();
        assert!(line.starts_with(&format!("HTTP/1.1 {status} ")), "{origin}: {line}");
    }
}

#[tokio::test]
async fn one_who_never_reads_disturbs_nobody() {
    let server = TestServer::start().await;
    let mut sleeper = server.user("Sleeper").await;
    sleeper.subscribes(server.lobby()).await;
    let mut alice = server.user("Alice").await;
    let mut bob = server.user("Bob").await;
    bob.subscribes(server.lobby()).await;
    let before = resident();
    let text = "x".repeat(16_000);
    let mut slowest = Duration::ZERO;
    // 19 MB: more than the sockets' buffers and the server's hold.
    for _ in 0..1_200 {
        let began = Instant::now();
        let id = EntryId::fresh();
        alice.request("post", &[message(server.lobby(), id, &text)]).await;
        while !entries(&bob.receives("entries").await)
            .iter()
            .any(|entry| entry.id == id)
        {}
        slowest = slowest.max(began.elapsed());
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    assert!(
        resident() < before + (128 << 20),
        "memory grew by {} bytes",
        resident() - before
    );
    assert_eq!(
        server
            .log()
            .await
            .iter()
            .filter(|entry| message_text(entry).is_some())
            .count(),
        1_200
    );
}

#[tokio::test]
async fn who_has_not_read_for_a_while_is_answered() {
    let server = TestServer::start().await;
    let mut sleeper = server.user("Sleeper").await;
    sleeper.subscribes(server.lobby()).await;
    let mut alice = server.user("Alice").await;
    let text = "x".repeat(16_000);
    // 19 MB: more than the sockets' buffers and the server's hold.
    for _ in 0..1_200 {
        let id = EntryId::fresh();
        alice.request("post", &[message(server.lobby(), id, &text)]).await;
    }
    alice.subscribes(server.lobby()).await;
    sleeper.emit("history", json!({ "room": RoomId::fresh() })).await;
    // Events are handled in their order: when this one is seen, the answer is on its way.
    sleeper
        .emit("typing", json!({ "room": server.lobby(), "on": true }))
        .await;
    alice.receives("typing").await;
    assert_eq!(sleeper.is_refused().await, "unknown_room");
}

#[tokio::test]
async fn a_half_sent_request_is_dropped() {
    let server = TestServer::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        .await
        .unwrap();
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "still open");
}

#[tokio::test]
async fn beyond_the_cap_one_is_told_so() {
    let server = TestServer::with_config(Config {
        max_connections: 3,
        ..Config::default()
    })
    .await;
    let (one, two, three) = (server.guest().await, server.guest().await, server.guest().await);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let mut text = String::new();
    or_time_out(stream.read_to_string(&mut text)).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 503 "), "{text}");
    drop((one, two, three));
    let began = Instant::now();
    while reqwest::get(server.url("/healthz"))
        .await
        .ok()
        .map(|answer| answer.status())
        != Some(StatusCode::OK)
    {
        assert!(began.elapsed() < TIMEOUT, "the places are not given back");
    }
}

#[tokio::test]
async fn what_is_served_has_its_headers() {
    let server = TestServer::start().await;
    let page = reqwest::get(server.url("/")).await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    assert!(
        page.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("script-src 'self';"),
        "{policy}"
    );
    let hello = reqwest::get(server.url("/api/hello")).await.unwrap();
    assert_eq!(hello.headers()["cache-control"], "no-store");
    assert_eq!(
        reqwest::get(server.url("/healthz"))
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
        "ok\n"
    );
    for path in [
        "/nothing",
        "/rooms/1",
        "/../Cargo.toml",
        "/assets/../../Cargo.toml",
        "/%2e%2e/Cargo.toml",
    ] {
        assert_eq!(
            reqwest::get(server.url(path)).await.unwrap().status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let posted = reqwest::Client::new().post(server.url("/")).send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
    server.store().close().await;
    let sick = reqwest::get(server.url("/healthz")).await.unwrap();
    assert_eq!(sick.status(), StatusCode::SERVICE_UNAVAILABLE);
}
