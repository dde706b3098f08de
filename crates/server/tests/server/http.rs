//! HTTP: pages, their headers, and who may request them.
//!
//! - the page, the API and the health check have their headers, and other paths are not found
//! - the health checks fail when the store does, and answer also by HTTP/1.0 without a host
//! - a server that can't write, has no connections left or shuts down is alive, but not ready
//! - requests with a foreign origin or an unknown host are refused, on every path and over WebSocket too
//! - a connection beyond the limit gets 503, and a closed one makes room. So does the session of a client that polls,
//!   however it spells its query
//! - a client that polls keeps its session on a full server: its requests are served on connections beyond the limit, and
//!   others get 503 there

use ichat_server::Config;
use ichat_testkit::websocket::upgrade_request;
use ichat_testkit::{TestServer, or_time_out};
use reqwest::StatusCode;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::polling::PollingClient;

#[tokio::test]
async fn pages_have_their_headers() {
    let server = TestServer::start().await;
    let page = reqwest::get(server.url("/")).await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    let content_type = page.headers()["content-type"].to_str().unwrap();
    assert!(content_type.starts_with("text/html"), "{content_type}");
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("script-src 'self';"),
        "{policy}"
    );
    let hello = reqwest::get(server.url("/api/hello")).await.unwrap();
    assert_eq!(hello.headers()["cache-control"], "no-store");
}

/// Sends a request for a path as it is, which HTTP clients would normalise, and returns the response.
async fn get(server: &TestServer, path: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        server.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    or_time_out(stream.read_to_string(&mut response)).await.unwrap();
    response
}

#[tokio::test]
async fn other_paths_are_not_found() {
    let server = TestServer::start().await;
    for path in [
        "/nothing",
        "/rooms/1",
        "/../Cargo.toml",
        "/assets/../../Cargo.toml",
        "/%2e%2e/Cargo.toml",
    ] {
        let response = get(&server, path).await;
        assert!(response.starts_with("HTTP/1.1 404 "), "{path}: {response}");
    }
    let posted = reqwest::Client::new().post(server.url("/")).send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_health_check_fails_when_the_store_does() {
    let server = TestServer::start().await;
    let healthy = reqwest::get(server.url("/healthz")).await.unwrap();
    assert_eq!(healthy.text().await.unwrap(), "ok\n");
    server.store().close().await;
    for path in ["/healthz", "/readyz"] {
        let unhealthy = reqwest::get(server.url(path)).await.unwrap();
        assert_eq!(unhealthy.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(unhealthy.text().await.unwrap().contains("store can't be"), "{path}");
    }
}

#[tokio::test]
async fn the_health_checks_need_no_host() {
    let server = TestServer::start().await;
    for (request, status) in [
        ("GET /healthz HTTP/1.0\r\n\r\n", "200"),
        ("GET /readyz HTTP/1.0\r\n\r\n", "200"),
        ("GET /readyz HTTP/1.0\r\nOrigin: http://evil.example\r\n\r\n", "403"),
        ("GET /readyz HTTP/1.0\r\nHost: evil.example\r\n\r\n", "403"),
        ("GET /api/hello HTTP/1.0\r\n\r\n", "403"),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        or_time_out(stream.read_to_string(&mut response)).await.unwrap();
        assert_eq!(response.split(' ').nth(1), Some(status), "{request}: {response}");
        assert_eq!(response.ends_with("\r\n\r\nok\n"), status == "200", "{response}");
    }
}

#[tokio::test]
async fn a_server_without_free_connections_is_alive_and_not_ready() {
    let server = TestServer::with_config(Config {
        max_connections: 2,
        ..Config::default()
    })
    .await;
    let check = async |path: &str| {
        reqwest::Client::new()
            .get(server.url(path))
            .header("connection", "close")
            .send()
            .await
    };
    let guest = server.guest().await;
    let ready = check("/readyz").await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.text().await.unwrap().contains("as many connections"));
    let is_ok = async |path: &str| {
        check(path)
            .await
            .is_ok_and(|response| response.status() == StatusCode::OK)
    };
    or_time_out(async { while !is_ok("/healthz").await {} }).await;
    drop(guest);
    or_time_out(async { while !is_ok("/readyz").await {} }).await;
}

#[tokio::test]
async fn foreign_origins_and_unknown_hosts_are_refused() {
    let server = TestServer::with_config(Config {
        allowed_hosts: vec!["chat.example".into()],
        ..Config::default()
    })
    .await;
    let http = reqwest::Client::new();
    let address = server.address.to_string();
    let own_origin = format!("http://{address}");
    let foreign_host = format!("evil.example:{}", server.address.port());
    let cases = [
        (address.as_str(), None, StatusCode::OK),
        (&address, Some(own_origin.as_str()), StatusCode::OK),
        ("chat.example", Some("https://chat.example"), StatusCode::OK),
        (&address, Some("app://localhost"), StatusCode::FORBIDDEN),
        (&address, Some("http://evil.example"), StatusCode::FORBIDDEN),
        // DNS rebinding: the origin is the host.
        ("evil.example", Some("http://evil.example"), StatusCode::FORBIDDEN),
        ("evil.example", None, StatusCode::FORBIDDEN),
        (&foreign_host, None, StatusCode::FORBIDDEN),
    ];
    for path in ["/", "/api/hello", "/healthz", "/socket.io/?EIO=4&transport=polling"] {
        for (host, origin, status) in cases {
            let mut request = http.get(server.url(path)).header("host", host);
            if let Some(origin) = origin {
                request = request.header("origin", origin);
            }
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), status, "{path} of {host} for {origin:?}");
            let text = response.text().await.unwrap();
            let is_sentence = text.trim_end().ends_with('.');
            assert!(status == StatusCode::OK || is_sentence, "{text}");
        }
    }
    for (origin, status) in [
        (own_origin.as_str(), "101"),
        ("http://evil.example", "403"),
        ("null", "403"),
        ("app://localhost", "403"),
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
async fn a_connection_beyond_the_limit_gets_503() {
    let server = TestServer::with_config(Config {
        max_connections: 3,
        ..Config::default()
    })
    .await;
    let clients = [server.guest().await, server.guest().await, server.guest().await];
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let mut response = String::new();
    or_time_out(stream.read_to_string(&mut response)).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
    drop(clients);
    let is_healthy = async || {
        let response = reqwest::get(server.url("/healthz")).await;
        response.is_ok_and(|response| response.status() == StatusCode::OK)
    };
    or_time_out(async { while !is_healthy().await {} }).await;
}

#[tokio::test]
async fn a_polling_session_counts_as_a_connection() {
    const LIMIT: usize = 8;
    let server = TestServer::with_config(Config {
        max_connections: LIMIT,
        ..Config::default()
    })
    .await;
    let first = PollingClient::connect(&server).await;
    let second = PollingClient::connect(&server).await;
    let opens = async |query: &str| first.opens_another(&server, query).await == StatusCode::OK;
    // socketioxide reads a value up to the next `=`.
    for query in ["EIO=4&transport=polling", "EIO=4&transport=polling="] {
        let mut opened = 2;
        while opens(query).await {
            opened += 1;
            assert!(opened < LIMIT, "sessions of {query} are not counted");
        }
    }
    second.send("1").await;
    or_time_out(async { while !opens("EIO=4&transport=polling").await {} }).await;
}

/// Opens WebSocket connections until as many as wanted are open.
async fn fill(server: &TestServer, wanted: usize) -> Vec<TcpStream> {
    let mut opened = Vec::new();
    while opened.len() < wanted {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(&upgrade_request(server.address, "")).await.unwrap();
        let mut status = [0; "HTTP/1.1 101".len()];
        // A connection that is refused may end before its request is read.
        let is_open = stream.read_exact(&mut status).await.is_ok() && status.ends_with(b"101");
        if is_open {
            opened.push(stream);
        } else {
            drop(stream.read_to_end(&mut Vec::new()).await);
        }
    }
    opened
}

#[tokio::test]
async fn a_client_that_polls_keeps_its_session_on_a_full_server() {
    const LIMIT: usize = 8;
    let server = TestServer::with_config(Config {
        max_connections: LIMIT,
        ..Config::default()
    })
    .await;
    let mut poller = PollingClient::connect(&server).await;
    poller.closes_connections();
    let mut others = or_time_out(fill(&server, LIMIT - 1)).await;
    for path in [
        "/api/hello",
        "/socket.io/?EIO=4&transport=polling",
        "/socket.io/?EIO=4&transport=polling&sid=x",
    ] {
        let response = reqwest::get(server.url(path)).await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
    }
    poller.sends_while_it_polls("42[\"rooms\",{}]").await;
    poller.receives("42[\"rooms\"").await;
    others.pop();
    let opens = async || {
        reqwest::get(server.url("/api/hello"))
            .await
            .is_ok_and(|response| response.status() == StatusCode::OK)
    };
    or_time_out(async { while !opens().await {} }).await;
}
