//! Starts that fail: one sentence on standard error, and an exit code that says whether to try again (1) or not (2).
//!
//! - a port in use, and an address that the machine does not have: 1
//! - a data folder in use: 1; one that cannot be made: 2
//! - a port, a folder or an address that is there a moment later is waited for
//! - a damaged database: 2
//! - wrong settings: 2
//!
//! And one that succeeds: after a start while the clock was ahead, new messages have today's date.

use std::net::TcpListener;
use std::path::Path;
use std::time::UNIX_EPOCH;

use ichat_protocol::{Body, DeviceId, EntryId, MemberId, Name};
use ichat_store::{NewEntry, Outcome, Store};
#[cfg(target_os = "linux")]
use ichat_testkit::net::{Netns, or_skip};
use ichat_testkit::{TestClient, message, or_time_out};
use serde_json::json;
use tokio::process::Command;

#[cfg(target_os = "linux")]
use crate::program::in_netns;
use crate::program::{error_with_code, listening, logs, run, serving, serving_on, start, startup_error};

async fn fails(command: &mut Command) -> String {
    startup_error(or_time_out(command.output()).await.unwrap())
}

/// Returns the sentence of a server that may start later, and was told not to wait.
async fn fails_for_now(command: &mut Command) -> String {
    let output = command.args(["--start-timeout", "0"]).output();
    error_with_code(or_time_out(output).await.unwrap(), 1)
}

#[tokio::test]
async fn an_address_that_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let text = fails_for_now(&mut serving_on(&address.to_string(), folder.path())).await;
    let port = format!("Port {}", address.port());
    assert!(text.contains(&port) && text.contains("in use"), "{text}");
    let text = fails_for_now(&mut serving_on("192.0.2.1:0", folder.path())).await;
    assert!(text.contains("192.0.2.1"), "{text}");
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (_running, _) = start(&mut serving(folder.path())).await;
    let text = fails_for_now(&mut serving(folder.path())).await;
    let path = folder.path().to_str().unwrap();
    assert!(text.contains("in use") && text.contains(path), "{text}");

    let file = tempfile::NamedTempFile::new().unwrap();
    let text = fails(&mut serving(&file.path().join("below a file"))).await;
    assert!(text.contains("data folder"), "{text}");
}

#[tokio::test]
async fn a_port_that_an_old_process_still_has_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut server = serving_on(&address.to_string(), folder.path()).spawn().unwrap();
    let (line, _lines) = logs(&mut server, "Trying again for 10 seconds").await;
    assert!(line.contains("in use"), "{line}");
    drop(taken);
    assert_eq!(listening(&mut server).await, address);
}

#[tokio::test]
async fn a_folder_that_an_old_process_still_has_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let (mut old, _) = start(&mut serving(folder.path())).await;
    let mut server = serving(folder.path()).spawn().unwrap();
    let (line, _lines) = logs(&mut server, "Trying again for 10 seconds").await;
    assert!(line.contains("in use"), "{line}");
    old.kill().await.unwrap();
    listening(&mut server).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_address_that_the_machine_gets_later_is_waited_for() {
    let Some(netns) = or_skip(Netns::new()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut server = in_netns(&netns, &serving_on("10.9.8.7:4242", folder.path()))
        .spawn()
        .unwrap();
    let (_, _lines) = logs(&mut server, "This machine does not have the address 10.9.8.7:4242").await;
    netns.ip("addr add 10.9.8.7/24 dev lo").unwrap();
    assert_eq!(listening(&mut server).await.to_string(), "10.9.8.7:4242");
}

/// `/proc` refuses new folders to root as well.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_data_folder_that_cannot_be_created_is_named() {
    let text = fails(&mut serving(Path::new("/proc/ichat"))).await;
    assert!(text.contains("/proc/ichat"), "{text}");
}

#[tokio::test]
async fn a_damaged_database_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, address) = start(&mut serving(folder.path())).await;
    let mut guest = TestClient::join(address, json!({ "protocol": 1 })).await;
    let post = message(guest.lobby(), EntryId::fresh(), "x");
    guest.request("post", &[post]).await;
    server.kill().await.unwrap();
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
    let text = fails(&mut serving(folder.path())).await;
    assert!(text.contains("damaged"), "{text}");
}

#[tokio::test]
async fn wrong_settings_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.toml");
    std::fs::write(&file, "nmae = \"x\"\n").unwrap();
    let file = file.to_str().unwrap();
    for (arguments, expected) in [
        (["--config", file], "nmae"),
        (["--listen", "nowhere"], "--listen"),
        (["--name", ""], "--name"),
        (["--log", "loud"], "--log"),
    ] {
        let output = run(&arguments).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(expected), "{arguments:?}: {text}");
    }
}

#[tokio::test]
async fn after_the_clock_was_ahead_messages_have_the_present_date() {
    let now = || u64::try_from(UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let next_year = now() + 365 * 24 * 60 * 60 * 1_000;
    let folder = tempfile::tempdir().unwrap();
    let name = Name::parse("Lobby").unwrap();
    let store = Store::open_server(folder.path(), &name).await.unwrap();
    let joined = NewEntry {
        room: store.lobby(),
        id: EntryId::fresh(),
        author: MemberId::of_key(&[1; 32]),
        device: DeviceId::fresh(),
        at: next_year,
        body: Body::Joined { name },
    };
    let outcomes = store.commit(vec![joined]).await.unwrap();
    assert!(matches!(outcomes[..], [Outcome::Committed(_)]), "{outcomes:?}");
    store.close().await;
    let started = now();
    let (_server, address) = start(&mut serving(folder.path())).await;
    let mut guest = TestClient::join(address, json!({ "protocol": 1 })).await;
    let lobby = guest.lobby();
    guest.subscribes(lobby).await;
    guest.says("today").await;
    let message = guest.sees("today").await;
    assert!((started..=now()).contains(&message.at), "{message:?}");
}
