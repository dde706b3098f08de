//! A server that has a part of a host name only.
//!
//! - the page, the API and the health checks are below the base path, and a redirect leads there from it without its last slash
//! - the health checks are at the root, too; everything else outside is not found, with a sentence that says where the chat is
//! - clients connect below it by WebSocket and by polling, and not outside
//! - on a full server, nothing outside keeps a connection
//! - the program prints the address with it, and refuses a path that can't work with a sentence

use futures_util::{SinkExt as _, StreamExt as _};
use ichat_server::Config;
use ichat_testkit::{TestServer, or_time_out};
use reqwest::{StatusCode, redirect};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::polling::PollingClient;
use crate::program::{program, serving, startup_error, success};

async fn server_at_chat() -> TestServer {
    TestServer::with_config(Config {
        base_path: "/chat".parse().unwrap(),
        ..Config::default()
    })
    .await
}

/// Requests a path without following redirects.
async fn get(server: &TestServer, path: &str) -> reqwest::Response {
    let http = reqwest::Client::builder().redirect(redirect::Policy::none());
    http.build().unwrap().get(server.url(path)).send().await.unwrap()
}

#[tokio::test]
async fn everything_is_below_the_base_path() {
    let server = server_at_chat().await;
    let page = get(&server, "/chat/").await;
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("script-src 'self';"), "{policy}");
    assert!(page.text().await.unwrap().contains("I-Chat"));
    let hello: serde_json::Value = get(&server, "/chat/api/hello").await.json().await.unwrap();
    assert!(hello["nonce"].is_string(), "{hello}");
    for path in ["/chat/healthz", "/chat/readyz"] {
        assert_eq!(get(&server, path).await.text().await.unwrap(), "ok\n", "{path}");
    }
    let redirect = get(&server, "/chat").await;
    assert_eq!(redirect.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(redirect.headers()["location"], "/chat/");
}

#[tokio::test]
async fn outside_there_are_only_health_checks() {
    let server = server_at_chat().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(&server, path).await.text().await.unwrap(), "ok\n", "{path}");
    }
    for path in [
        "/",
        "/api/hello",
        "/socket.io/?EIO=4&transport=polling",
        "/chatter/",
        "/Chat/",
        "/chat/nothing",
    ] {
        let response = get(&server, path).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        let text = response.text().await.unwrap();
        assert_eq!(text, "There is nothing here. The chat is at /chat/.\n", "{path}");
    }
}

/// Receives packets until one is wanted.
async fn receives(socket: &mut WebSocketStream<TcpStream>, is_wanted: fn(&str) -> bool) {
    or_time_out(async { while !is_wanted(socket.next().await.unwrap().unwrap().to_text().unwrap()) {} }).await;
}

#[tokio::test]
async fn clients_connect_below_it_and_not_outside() {
    let server = server_at_chat().await;
    let websocket = async |path: &str| {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let url = format!("ws://{}{path}/socket.io/?EIO=4&transport=websocket", server.address);
        client_async(url, stream).await
    };
    let Err(Error::Http(refused)) = websocket("").await else {
        panic!("a WebSocket opens outside the base path");
    };
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    let (mut socket, _) = websocket("/chat").await.unwrap();
    socket.send(Message::text("40")).await.unwrap();
    let mut poller = PollingClient::connect_below(&server, "/chat").await;
    receives(&mut socket, |packet| packet.starts_with("40{")).await;
    // As in Socket.IO's tutorial.
    poller.send("42[\"chat message\",\"by polling\"]").await;
    receives(&mut socket, |packet| packet.contains("by polling")).await;
    socket
        .send(Message::text("42[\"chat message\",\"by WebSocket\"]"))
        .await
        .unwrap();
    poller.receives("by WebSocket").await;
}

#[tokio::test]
async fn nothing_outside_keeps_a_connection() {
    let server = server_at_chat().await;
    for path in ["/", "/chat"] {
        assert_eq!(get(&server, path).await.headers()["connection"], "close", "{path}");
    }
    assert!(!get(&server, "/chat/").await.headers().contains_key("connection"));
}

#[tokio::test]
async fn the_program_prints_the_address_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = serving(folder.path()).args(["--base-path", "/chat"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = or_time_out(lines.next_line()).await.unwrap().unwrap();
    let url = line.strip_prefix("listening on ").unwrap();
    assert!(url.ends_with("/chat/"), "{line}");
    assert_eq!(reqwest::get(url).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_path_that_cannot_work_is_refused_with_a_sentence() {
    let check = async |path: &str| {
        let mut command = program();
        command
            .args(["config", "check", "--data", "/d"])
            .env("ICHAT_BASE_PATH", path);
        or_time_out(command.output()).await.unwrap()
    };
    let report = success(check("/chat").await);
    assert!(
        report.lines().any(|line| line.starts_with("base-path = \"/chat/\"")),
        "{report}"
    );
    for (path, reason) in [
        ("chat", "it must begin with a slash"),
        ("/a/../b", "with . or .."),
        ("/chat?x", "without a ? or #"),
        ("/ch%61t", "encoded with a %"),
        ("/a//b", "two slashes"),
        ("/healthz", "health check"),
    ] {
        let error = startup_error(check(path).await);
        assert!(
            error.contains("such as /chat/") && error.contains(reason),
            "{path}: {error}"
        );
    }
}
