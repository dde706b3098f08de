//! Stopping a server, on purpose and not.
//!
//! - a shutdown sends `closing`, refuses new posts, and loses none that was published
//! - SIGTERM, SIGINT and SIGHUP end the program with exit code 0, unless it was told to ignore the last one (`nohup`)
//! - the program goes on, and ends as usual, when nothing reads its outputs any more
//! - after kill -9 and a restart, what was acknowledged is in the log, once
//! - the logs have no message in them

use std::path::Path;

use ichat_protocol::{Entry, EntryId};
use ichat_store::Store;
use ichat_testkit::{Identity, Received, TestClient, TestServer, entries, lobby_log, message, name, or_time_out};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;

use crate::program::{in_shell, serving, signal, start};

/// Returns the lobby's log in a data folder.
async fn log_on_disk(data: &Path) -> Vec<Entry> {
    let store = Store::open_server(data, &name("Lobby")).await.unwrap();
    lobby_log(&store).await
}

#[tokio::test]
async fn a_shutdown_refuses_new_posts_and_loses_none_that_was_published() {
    let mut server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    let mut posted = Vec::new();
    // Few enough that every refusal fits into her queue.
    for number in 0..300 {
        posted.push(alice.says(&number.to_string()).await);
    }
    let shutdown = server.shutdown();
    let (mut published, mut refused, mut was_notified) = (Vec::new(), Vec::new(), false);
    let mut late = None;
    loop {
        match alice.next().await {
            Received::Event(event, arguments) if event == "entries" => {
                published.extend(entries(&arguments[0]).into_iter().map(|entry| entry.id));
                if late.is_none() {
                    shutdown.cancel();
                    // On this runtime of one thread the server begins its shutdown before the next post is sent.
                    tokio::task::yield_now().await;
                    let id = alice.says("late").await;
                    posted.push(id);
                    late = Some(id);
                }
            }
            Received::Event(event, arguments) if event == "refused" => {
                assert_eq!(arguments[0]["error"]["code"], "closing");
                refused.push(serde_json::from_value::<EntryId>(arguments[0]["id"].clone()).unwrap());
            }
            Received::Event(event, _) if event == "closing" => was_notified = true,
            Received::Disconnected => break,
            Received::Event(..) | Received::Ack(..) | Received::ConnectError(_) => {}
        }
    }
    assert!(was_notified, "there was no `closing`");
    assert!(
        late.is_some_and(|id| refused.contains(&id)),
        "a post during the shutdown was not refused"
    );
    server.stops().await;
    assert!(refused.iter().all(|id| !published.contains(id)));
    let written: Vec<EntryId> = log_on_disk(server.data()).await.iter().map(|entry| entry.id).collect();
    for id in posted {
        assert_eq!(written.contains(&id), published.contains(&id), "{id}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn signals_end_the_program_with_exit_code_0() {
    for name in ["-TERM", "-INT", "-HUP"] {
        let folder = tempfile::tempdir().unwrap();
        let (mut server, address) = start(&mut serving(folder.path())).await;
        let mut guest = TestClient::join(address, json!({ "protocol": 1 })).await;
        signal(&server, name).await;
        guest.receives("closing").await;
        assert_eq!(or_time_out(server.wait()).await.unwrap().code(), Some(0));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_that_was_told_to_ignore_the_end_of_its_terminal_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, address) = start(&mut in_shell("trap '' HUP", &serving(folder.path()))).await;
    signal(&server, "-HUP").await;
    let mut guest = TestClient::join(address, json!({ "protocol": 1 })).await;
    signal(&server, "-TERM").await;
    guest.receives("closing").await;
    assert_eq!(or_time_out(server.wait()).await.unwrap().code(), Some(0));
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_whose_outputs_nothing_reads_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = serving(folder.path());
    let (mut server, address) = start(command.args(["--log", "trace"])).await;
    drop((server.stdout.take(), server.stderr.take()));
    let mut guest = TestClient::join(address, json!({ "protocol": 1 })).await;
    signal(&server, "-TERM").await;
    guest.receives("closing").await;
    assert_eq!(or_time_out(server.wait()).await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let identity = Identity::random();
    let mut acknowledged = Vec::new();
    for _ in 0..5 {
        let (mut server, address) = start(&mut serving(folder.path())).await;
        let mut alice = TestClient::join(address, identity.auth(address, "Alice").await.unwrap()).await;
        let room = alice.lobby();
        alice.subscribes(room).await;
        let post = |_| format!("42{}", json!(["post", message(room, EntryId::fresh(), "x")]));
        alice.send_all((0..2_000).map(post)).await;
        let before = acknowledged.len();
        loop {
            match alice.next().await {
                Received::Event(event, arguments) if event == "entries" => {
                    acknowledged.extend(entries(&arguments[0]));
                    server.start_kill().unwrap();
                }
                Received::Disconnected => break,
                Received::Event(..) | Received::Ack(..) | Received::ConnectError(_) => {}
            }
        }
        assert!(acknowledged.len() > before, "killed before the first acknowledgement");
        or_time_out(server.wait()).await.unwrap();
    }
    let log = log_on_disk(folder.path()).await;
    for (seq, entry) in (1..).zip(&log) {
        assert_eq!(entry.seq.0, seq, "a gap");
    }
    for entry in acknowledged {
        let copies = log.iter().filter(|other| other.id == entry.id);
        assert!(copies.eq([&entry]), "{entry:?}");
    }
}

#[tokio::test]
async fn the_logs_have_no_message_in_them() {
    const SECRET: &str = "xyzzy";
    let folder = tempfile::tempdir().unwrap();
    let mut command = serving(folder.path());
    command.args(["--log", "trace", "--log-format", "json"]);
    let (mut server, address) = start(&mut command).await;
    let mut guest = TestClient::join(address, json!({ "protocol": 1 })).await;
    let post = message(guest.lobby(), EntryId::fresh(), SECRET);
    guest.request("post", &[post]).await;
    guest.request(SECRET, &[json!(SECRET)]).await;
    guest.request("chat message", &[json!(SECRET)]).await;
    server.kill().await.unwrap();
    let mut logs = String::new();
    server.stderr.take().unwrap().read_to_string(&mut logs).await.unwrap();
    assert!(logs.lines().count() > 2, "{logs}");
    for line in logs.lines() {
        let line = serde_json::from_str::<Value>(line).unwrap().to_string();
        // The name of an unknown event is no message.
        assert!(!line.contains(SECRET) || line.contains("request rejected"), "{line}");
    }
}
