//! An attack on the memory of the server. It has a process of its own, since it measures the process's memory.
//!
//! - a frame over the limit ends the connection before its payload is read

#![cfg(target_os = "linux")]

use ichat_testkit::{TestServer, or_time_out};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::test]
async fn a_frame_over_the_limit_ends_the_connection_before_its_payload_is_read() {
    let resident = || {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
    };
    let server = TestServer::start().await;
    let before = resident();
    for megabytes in [1_u64, 16, 63] {
        for _ in 0..8 {
            let mut mallory = server.user("Mallory").await;
            let stream = mallory.socket().stream();
            // A text frame's header with a length of 64 bits, masked with zeroes.
            let header = [&[0x81, 0xFF][..], &(megabytes << 20).to_be_bytes(), &[0; 4]].concat();
            stream.write_all(&header).await.unwrap();
            // The server closes on the header alone; these bytes may find the connection closed.
            drop(stream.write_all(&vec![b'4'; 64 << 10]).await);
            drop(or_time_out(stream.read_to_end(&mut Vec::new())).await);
        }
    }
    let growth = resident().saturating_sub(before);
    assert!(growth < 64 << 20, "memory grew by {growth} bytes");
    server.user("Alice").await.request("rooms", &[]).await;
}
