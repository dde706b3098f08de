//! Messages and bodies whose end has not arrived count in the budget of all clients.
//!
//! - when WebSocket messages that have no end take too much, the longest are cut, and the others arrive
//! - so it is with the bodies of those that poll

use ichat_server::Config;
use ichat_testkit::{TestServer, or_time_out};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::polling::PollingClient;

/// Bytes that have arrived of a long message.
const LONG: usize = 120_000;
/// The budget: one long message fits, with its copy, and two don't.
const MAX_MEMORY: usize = LONG * 3;

async fn start() -> TestServer {
    TestServer::with_config(Config {
        max_memory: MAX_MEMORY,
        ..TestServer::config_without_rate_limits()
    })
    .await
}

/// Reads until the text was received. Fails if the connection ends before.
async fn reads_until(stream: &mut TcpStream, text: &str) {
    let mut received = Vec::new();
    or_time_out(async {
        while !String::from_utf8_lossy(&received).contains(text) {
            let count = stream.read_buf(&mut received).await.unwrap();
            assert_ne!(count, 0, "the connection ended without {text:?}");
        }
    })
    .await;
}

/// Waits until the server has closed one of the two connections.
async fn one_is_closed(streams: [TcpStream; 2]) {
    async fn ends(mut stream: TcpStream) {
        let mut received = [0; 1024];
        while stream.read(&mut received).await.is_ok_and(|count| count > 0) {}
    }
    let [one, other] = streams;
    or_time_out(async {
        tokio::select! {
            () = ends(one) => {}
            () = ends(other) => {}
        }
    })
    .await;
}

/// Returns a masked frame of a WebSocket without its last `missing` bytes.
fn frame(payload: &[u8], missing: usize) -> Vec<u8> {
    let mut bytes = vec![0x81, 0x80 | 127];
    bytes.extend((payload.len() as u64).to_be_bytes());
    // A mask of zeros changes nothing.
    bytes.extend([0; 4]);
    bytes.extend(&payload[..payload.len() - missing]);
    bytes
}

/// A guest over a WebSocket.
async fn guest(server: &TestServer) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        server.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    reads_until(&mut stream, "sid").await;
    stream.write_all(&frame(b"40", 0)).await.unwrap();
    reads_until(&mut stream, "hello").await;
    stream
}

#[tokio::test]
async fn the_longest_messages_without_an_end_are_cut() {
    let server = start().await;
    let mut small = guest(&server).await;
    let event = br#"42["post",{}]"#;
    small.write_all(&frame(event, 3)).await.unwrap();
    let mut large = [guest(&server).await, guest(&server).await];
    for stream in &mut large {
        stream.write_all(&frame(&vec![b'4'; LONG + 1], 1)).await.unwrap();
    }
    one_is_closed(large).await;
    small.write_all(&event[event.len() - 3..]).await.unwrap();
    reads_until(&mut small, "refused").await;
}

#[tokio::test]
async fn the_longest_bodies_without_an_end_are_cut() {
    let server = start().await;
    let poller = PollingClient::connect(&server).await;
    let path = poller.path();
    let post = async |length: usize, body: &[u8]| {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {length}\r\n\r\n",
            server.address
        );
        stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
        stream
    };
    let mut small = post(2, b"4").await;
    let large = [
        post(LONG + 1, &vec![b'4'; LONG]).await,
        post(LONG + 1, &vec![b'4'; LONG]).await,
    ];
    one_is_closed(large).await;
    small.write_all(b"2").await.unwrap();
    reads_until(&mut small, "200 OK").await;
}
