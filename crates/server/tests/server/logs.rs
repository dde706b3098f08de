//! The log of the program `ichat-server`.
//!
//! - of the lines that clients can cause without end one of each kind is written in a second, with the number of the others
//! - nor can a client that reads nothing make the library log without end

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ichat_testkit::{SocketIoClient, TestClient, or_time_out};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use crate::program::{serving, start};

/// Clients that are disconnected, each with a line.
const OFFENDERS: usize = 30;
/// Packets to an unknown namespace. The library logs an error for an answer that a client doesn't read.
const PACKETS: usize = 100_000;

/// Starts a server, and lets clients do their worst. Returns the log, and the seconds that it took.
async fn log_of(attack: impl AsyncFnOnce(SocketAddr)) -> (String, usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = serving(folder.path());
    let (mut server, address) = start(command.args(["--max-rate-per-person", "1"])).await;
    let began = Instant::now();
    attack(address).await;
    terminate(&server).await;
    let mut log = String::new();
    or_time_out(server.stderr.as_mut().unwrap().read_to_string(&mut log))
        .await
        .unwrap();
    (log, usize::try_from(began.elapsed().as_secs()).unwrap() + 1)
}

async fn terminate(server: &Child) {
    let pid = server.id().unwrap().to_string();
    let status = or_time_out(Command::new("kill").args(["-TERM", &pid]).status()).await;
    assert!(status.unwrap().success());
}

#[tokio::test]
async fn one_line_of_a_kind_is_written_in_a_second() {
    let (log, seconds) = log_of(async |address| {
        for _ in 0..OFFENDERS {
            let mut client = TestClient::join(address, json!({ "protocol": 1 })).await;
            client
                .send_all((0..1_500).map(|_| r#"42["members",{}]"#.to_owned()))
                .await;
            client.is_disconnected().await;
        }
    })
    .await;
    let lines: Vec<_> = log
        .lines()
        .filter(|line| line.contains("a client was disconnected"))
        .collect();
    // The last report comes at the end.
    assert!(lines.len() <= seconds + 2, "{} lines in {seconds} seconds", lines.len());
    let counted = lines.iter().map(|line| match line.split_once("count=") {
        Some((_, count)) => count.split(' ').next().unwrap().parse().unwrap(),
        None => 1,
    });
    assert_eq!(counted.sum::<usize>(), OFFENDERS, "{log}");
}

#[tokio::test]
async fn a_client_that_reads_nothing_can_not_flood_the_log() {
    let (log, seconds) = log_of(async |address| {
        let mut client = SocketIoClient::open(address).await.unwrap();
        // Text frames, masked with zeroes.
        let flood = [&[0x81, 0x87, 0, 0, 0, 0][..], b"40/n,{}"].concat().repeat(PACKETS);
        // The server reads no more when too many answers wait.
        let flooding = client.stream().write_all(&flood);
        drop(tokio::time::timeout(Duration::from_secs(10), flooding).await);
    })
    .await;
    let lines = log.lines().filter(|line| line.contains("invalid namespace")).count();
    assert!(lines <= seconds + 2, "{lines} lines in {seconds} seconds");
}
