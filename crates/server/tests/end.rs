//! The end, wished for and not, and starts that fail. The program itself runs here.
//!
//! - a shutdown tells everybody, refuses new posts, and loses nothing that was acknowledged; it takes five seconds at most,
//!   also when somebody does not read
//! - SIGTERM and SIGINT end the program with 0
//! - kill -9 in mid-talk, and a restart: acknowledged ⊆ history, no id twice
//! - a port in use, a folder in use, a folder that can't be written, a damaged database, wrong settings: a sentence, and 2
//! - the logs hold nothing that anybody said

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails where its ground gives way"
)]

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use ichat_protocol::EntryId;
use ichat_store::Store;
use ichat_testkit::{Identity, Received, TestClient, TestServer, entries, lobby_log, message, name, or_time_out};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

fn program(data: &Path) -> Command {
    program_on("127.0.0.1:0", data)
}

fn program_on(address: &str, data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ichat-server"));
    command.args(["--no-announce", "--listen", address, "--data"]).arg(data);
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn start(command: &mut Command) -> (Child, SocketAddr) {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = or_time_out(lines.next_line()).await.unwrap().expect("it ended at once");
    let address = line
        .strip_prefix("listening on http://")
        .unwrap_or_else(|| panic!("{line}"));
    (child, address.parse().unwrap())
}

/// What a program that can't start says.
async fn complaint(command: &mut Command) -> String {
    let output = or_time_out(command.output()).await.unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert_eq!(text.lines().count(), 1, "one sentence: {text}");
    text
}

#[tokio::test]
async fn a_shutdown_tells_everybody_and_loses_nothing() {
    let mut server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    let mut sleeper = server.user("Sleeper").await;
    sleeper.subscribes(server.lobby()).await;
    let mut posted = Vec::new();
    // As many refusals fit into what the server buffers for her, so that none of what she is told is lost.
    for number in 0..300 {
        posted.push(alice.says(&number.to_string()).await);
    }
    let began = Instant::now();
    let shutdown = server.shutdown();
    let (mut committed, mut refused, mut told) = (Vec::new(), Vec::new(), false);
    loop {
        match alice.next().await {
            Received::Event(event, data) if event == "entries" => {
                if committed.is_empty() {
                    shutdown.cancel();
                }
                committed.extend(entries(&data[0]).into_iter().map(|entry| entry.id));
            }
            Received::Event(event, data) if event == "refused" => {
                assert_eq!(data[0]["error"]["code"], "closing");
                refused.push(serde_json::from_value::<EntryId>(data[0]["id"].clone()).unwrap());
            }
            Received::Event(event, _) if event == "closing" => told = true,
            Received::Disconnected => break,
            _ => {}
        }
    }
    assert!(told, "nobody was told");
    server.stops().await;
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    assert!(refused.iter().all(|id| !committed.contains(id)));
    let store = Store::open_server(server.data(), &name("Lobby")).await.unwrap();
    let standing: Vec<EntryId> = lobby_log(&store).await.into_iter().map(|entry| entry.id).collect();
    for id in posted {
        assert_eq!(
            standing.contains(&id),
            committed.contains(&id),
            "what was told is what is"
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn signals_end_the_program_with_zero() {
    for signal in ["TERM", "INT"] {
        let folder = tempfile::tempdir().unwrap();
        let (mut child, address) = start(&mut program(folder.path())).await;
        let mut guest = TestClient::join(address, json!({ "protocol": 1 })).await;
        let pid = child.id().unwrap().to_string();
        Command::new("kill")
            .args([&format!("-{signal}"), &pid])
            .status()
            .await
            .unwrap();
        guest.receives("closing").await;
        assert_eq!(or_time_out(child.wait()).await.unwrap().code(), Some(0));
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let key = Identity::random();
    let mut acknowledged = Vec::new();
    for _ in 0..5 {
        let (mut child, address) = start(&mut program(folder.path())).await;
        let mut alice = TestClient::join(address, key.auth(address, "Alice").await.unwrap()).await;
        alice.subscribes(alice.lobby()).await;
        let room = alice.lobby();
        let post = |_| format!("42{}", json!(["post", message(room, EntryId::fresh(), "x")]));
        alice.send_all((0..2_000).map(post)).await;
        let mut was_killed = false;
        loop {
            match alice.next().await {
                Received::Event(event, data) if event == "entries" => {
                    acknowledged.extend(entries(&data[0]));
                    if !was_killed {
                        child.start_kill().unwrap();
                        was_killed = true;
                    }
                }
                Received::Disconnected => break,
                _ => {}
            }
        }
        assert!(was_killed);
        or_time_out(child.wait()).await.unwrap();
    }
    let store = Store::open_server(folder.path(), &name("Lobby")).await.unwrap();
    let standing = lobby_log(&store).await;
    for (place, entry) in (1..).zip(&standing) {
        assert_eq!(entry.seq.0, place, "a gap");
    }
    for entry in acknowledged {
        assert_eq!(
            standing.iter().filter(|other| other.id == entry.id).count(),
            1,
            "{entry:?}"
        );
        let place = usize::try_from(entry.seq.0).unwrap() - 1;
        assert_eq!(standing[place], entry);
    }
}

#[tokio::test]
async fn a_port_in_use_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let text = complaint(&mut program_on(&address, folder.path())).await;
    assert!(
        text.contains(&format!("Port {}", taken.local_addr().unwrap().port())) && text.contains("in use"),
        "{text}"
    );
    let text = complaint(&mut program_on("192.0.2.1:0", folder.path())).await;
    assert!(text.contains("192.0.2.1"), "{text}");
}

#[tokio::test]
async fn a_data_folder_that_can_not_be_used_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (_running, _) = start(&mut program(folder.path())).await;
    let text = complaint(&mut program(folder.path())).await;
    assert!(
        text.contains("in use") && text.contains(folder.path().to_str().unwrap()),
        "{text}"
    );

    let file = tempfile::NamedTempFile::new().unwrap();
    let text = complaint(&mut program(&file.path().join("below a file"))).await;
    assert!(text.contains("data folder"), "{text}");
    let text = complaint(&mut program(Path::new("/proc/ichat"))).await;
    assert!(text.contains("/proc/ichat"), "{text}");
}

#[tokio::test]
async fn a_damaged_database_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, address) = start(&mut program(folder.path())).await;
    let mut guest = TestClient::join(address, json!({ "protocol": 1 })).await;
    guest
        .request("post", &[message(guest.lobby(), EntryId::fresh(), "x")])
        .await;
    child.kill().await.unwrap();
    let mut damaged = 0;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        if bytes.starts_with(b"SQLite format 3") {
            std::fs::write(&path, vec![0xA5; bytes.len()]).unwrap();
            damaged += 1;
        }
    }
    assert_eq!(damaged, 1);
    let text = complaint(&mut program(folder.path())).await;
    assert!(text.contains("damaged"), "{text}");
}

#[tokio::test]
async fn wrong_settings_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.toml");
    std::fs::write(&file, "nmae = \"x\"\n").unwrap();
    let output = or_time_out(program(folder.path()).arg("--config").arg(&file).output())
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("nmae"));
    for flags in [["--listen", "nowhere"], ["--name", ""], ["--log", "loud"]] {
        let output = or_time_out(Command::new(env!("CARGO_BIN_EXE_ichat-server")).args(flags).output())
            .await
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        assert!(
            String::from_utf8(output.stderr).unwrap().contains(flags[0]),
            "{flags:?}"
        );
    }
}

#[tokio::test]
async fn logs_hold_nothing_that_anybody_said() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, address) = start(program(folder.path()).args(["--log", "trace", "--log-format", "json"])).await;
    let mut guest = TestClient::join(address, json!({ "protocol": 1 })).await;
    guest
        .request("post", &[message(guest.lobby(), EntryId::fresh(), "xyzzy")])
        .await;
    guest.request("xyzzy", &[json!("xyzzy")]).await;
    guest.request("chat message", &[json!("xyzzy")]).await;
    child.kill().await.unwrap();
    let mut logs = String::new();
    child.stderr.take().unwrap().read_to_string(&mut logs).await.unwrap();
    assert!(logs.lines().count() > 2, "{logs}");
    for line in logs.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let shown = line.to_string();
        assert!(!shown.contains("xyzzy") || shown.contains("rejected"), "{shown}");
    }
}
