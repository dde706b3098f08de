//! A server that runs out of file descriptors.
//!
//! - it goes on, logs it once, and accepts again when there are some

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::program::{in_shell, logs, serving, signal, start};

#[tokio::test]
async fn a_server_without_free_file_descriptors_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, address) = start(&mut in_shell("ulimit -n 60", &serving(folder.path()))).await;
    let mut streams = Vec::new();
    for _ in 0..60 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // Keeps the connection open for longer than one that says nothing.
        stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        streams.push(stream);
    }
    let (_, mut lines) = logs(&mut server, "connections wait").await;
    drop(streams);
    let health = reqwest::get(format!("http://{address}/healthz")).await.unwrap();
    assert_eq!(health.status(), 200);
    signal(&server, "-TERM").await;
    let mut warnings = 0;
    while let Some(line) = lines.next_line().await.unwrap() {
        warnings += usize::from(line.contains("connections wait"));
    }
    assert_eq!(server.wait().await.unwrap().code(), Some(0));
    assert!(warnings <= 1, "{warnings} more lines");
}
