//! Limits per address: of the machine itself, and behind reverse proxies.
//!
//! - the clients of a trusted proxy are limited each, the proxy is not, and nobody else's header counts; by a WebSocket and by
//!   polling
//! - programs of the machine itself can't shut out others (Linux, needs network namespaces)

use ichat_server::Config;
use ichat_testkit::websocket::upgrade_request;
use ichat_testkit::{TestServer, or_time_out};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const MAX_PER_ADDRESS: usize = 3;

async fn server_with_proxies(proxies: &[&str]) -> TestServer {
    TestServer::with_config(Config {
        trusted_proxies: proxies.iter().map(|proxy| proxy.parse().unwrap()).collect(),
        max_connections_per_address: MAX_PER_ADDRESS,
        ..Config::default()
    })
    .await
}

/// Opens a WebSocket with the headers of a proxy. Returns `None` if the server has no room for it.
async fn open(server: &TestServer, header: &str) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = upgrade_request(server.address, &format!("{header}\r\n"));
    // A connection that is refused may end before its request is read.
    stream.write_all(&request).await.ok()?;
    let mut status = [0; "HTTP/1.1 101".len()];
    or_time_out(stream.read_exact(&mut status)).await.ok()?;
    match status.last_chunk() {
        Some(b"101") => Some(stream),
        Some(b"503") => None,
        _ => panic!("{}", String::from_utf8_lossy(&status)),
    }
}

/// Opens as many connections as the server lets a client have.
async fn open_all(server: &TestServer, header: &str) -> Vec<TcpStream> {
    let mut opened = Vec::new();
    while opened.len() <= MAX_PER_ADDRESS
        && let Some(stream) = open(server, header).await
    {
        opened.push(stream);
    }
    opened
}

#[tokio::test]
async fn the_clients_of_a_trusted_proxy_are_limited_each() {
    let server = server_with_proxies(&["127.0.0.0/8"]).await;
    let mut first = open_all(&server, "X-Forwarded-For: 203.0.113.9, 203.0.113.7").await;
    assert_eq!(first.len(), MAX_PER_ADDRESS);
    let second = open_all(&server, "X-Forwarded-For: 203.0.113.8").await;
    assert_eq!(second.len(), MAX_PER_ADDRESS);
    assert_eq!(
        open_all(&server, "Forwarded: for=\"[2001:db8::1]:4711\"").await.len(),
        MAX_PER_ADDRESS
    );
    let status = async |client: &str| {
        let request = reqwest::Client::new()
            .get(server.url("/socket.io/?EIO=4&transport=polling"))
            .header("x-forwarded-for", client);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(status("203.0.113.7").await, 503);
    assert_eq!(status("203.0.113.6").await, 200);
    first.pop();
    or_time_out(async { while open(&server, "X-Forwarded-For: 203.0.113.7").await.is_none() {} }).await;
}

#[tokio::test]
async fn nobody_elses_header_counts() {
    let server = server_with_proxies(&["192.0.2.1/32"]).await;
    let mut opened = Vec::new();
    for client in 0..=MAX_PER_ADDRESS {
        opened.extend(open(&server, &format!("X-Forwarded-For: 203.0.113.{client}")).await);
    }
    assert_eq!(opened.len(), MAX_PER_ADDRESS);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn programs_of_the_machine_can_not_shut_out_others() {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream as BlockingStream;

    use ichat_testkit::net::{Netns, or_skip};

    use crate::program::{in_netns, serving_on};

    let Some(netns) = or_skip(Netns::new()) else { return };
    netns.ip("addr add 10.9.8.7/24 dev lo").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut serving = serving_on("0.0.0.0:4242", folder.path());
    serving.args(["--max-connections", "200", "--max-connections-per-address", "150"]);
    let mut server = in_netns(&netns, &serving).spawn().unwrap();
    // The line says that it listens.
    let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(server.stdout.take().unwrap()));
    or_time_out(lines.next_line()).await.unwrap();
    let response = netns.run(|| {
        let flood = (0..250).map(|number| BlockingStream::connect((format!("127.0.0.{}", 1 + number % 9), 4242)));
        let flood: Vec<_> = flood.filter_map(Result::ok).collect();
        let mut other = BlockingStream::connect("10.9.8.7:4242").unwrap();
        other.write_all(b"GET /healthz HTTP/1.0\r\n\r\n").unwrap();
        let mut response = String::new();
        other.read_to_string(&mut response).unwrap();
        drop(flood);
        response
    });
    let response = response.unwrap();
    assert!(
        response.starts_with("HTTP/1.0 200") || response.starts_with("HTTP/1.1 200"),
        "{response}"
    );
}
