//! The program's `backup`, `restore` and `check`, beside a running server and without one.
//!
//! - a backup beside a running server; a restored server is the same to people, who are told to begin anew
//! - what can't be done is one sentence on standard error and 2; what `check` finds wrong is 1
//! - a full disk leaves nothing half done

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails where its ground gives way"
)]

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Output, Stdio};

use ichat_testkit::{Identity, TestClient, entries, or_time_out};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ichat-server"));
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn serve(data: &Path) -> (Child, SocketAddr) {
    let mut command = program();
    command
        .args(["--no-announce", "--listen", "127.0.0.1:0", "--data"])
        .arg(data);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = or_time_out(lines.next_line()).await.unwrap().expect("it ended at once");
    let address = line.strip_prefix("listening on http://").unwrap();
    (child, address.parse().unwrap())
}

async fn told(arguments: &[&str], paths: &[&Path]) -> Output {
    or_time_out(program().args(arguments).args(paths).output())
        .await
        .unwrap()
}

/// What was said, when it went well.
async fn done(arguments: &[&str], paths: &[&Path]) -> String {
    let output = told(arguments, paths).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

async fn refused(arguments: &[&str], paths: &[&Path]) -> String {
    let output = told(arguments, paths).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

#[tokio::test]
async fn a_backup_beside_a_running_server_and_a_restored_one() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("backup.db"));
    let key = Identity::random();
    let (mut child, address) = serve(&data).await;
    let mut alice = TestClient::join(address, key.auth(address, "Alice").await.unwrap()).await;
    let room = alice.lobby();
    alice.emit("sync", json!({ "rooms": { room.to_string(): null } })).await;
    let epoch = alice.receives("page").await["head"]["epoch"].clone();
    let kept = alice.says("in the backup").await;
    alice.sees("in the backup").await;
    let data_flag = data.to_str().unwrap();
    let said = done(&["--data", data_flag, "backup"], &[&file]).await;
    assert!(said.contains("is sound"), "{said}");
    let lost = alice.says("after the backup").await;
    let head = alice.sees("after the backup").await.seq;
    let said = refused(&["restore", "--data", data_flag], &[&file]).await;
    assert!(said.contains("in use"), "{said}");
    child.kill().await.unwrap();

    let said = done(&["restore", "--data", data_flag], &[&file]).await;
    assert!(said.contains("before-restore-"), "{said}");
    let said = done(&["check", "--data", data_flag], &[]).await;
    assert!(said.contains("is sound"), "{said}");
    let (_child, address) = serve(&data).await;
    let mut alice = TestClient::join(address, key.auth(address, "Alice").await.unwrap()).await;
    let cursor = json!({ "rooms": { room.to_string(): { "epoch": epoch, "seq": head } } });
    alice.emit("sync", cursor).await;
    let reset = alice.receives("reset").await;
    assert_ne!(reset["head"]["epoch"], epoch);
    let page = alice.receives("page").await;
    let ids: Vec<String> = entries(&page).iter().map(|entry| entry.id.to_string()).collect();
    assert!(ids.contains(&kept.to_string()) && !ids.contains(&lost.to_string()));
}

#[tokio::test]
async fn what_can_not_be_done_is_a_sentence_and_two() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data_flag = data.to_str().unwrap();
    let (text, there) = (folder.path().join("text"), folder.path().join("there"));
    std::fs::write(&text, "not a backup at all").unwrap();
    std::fs::write(&there, "precious").unwrap();
    let missing = folder.path().join("missing");
    let nowhere = refused(&["backup", "--data", data_flag], &[&missing]).await;
    assert!(nowhere.contains("There is no history in"), "{nowhere}");
    refused(&["check", "--data", data_flag], &[]).await;
    refused(&["restore", "--data", data_flag], &[&missing]).await;
    refused(&["restore", "--data", data_flag], &[&text]).await;
    refused(&["check"], &[&text]).await;
    let (child, _) = serve(&data).await;
    drop(child);
    refused(&["backup", "--data", data_flag], &[&there]).await;
    assert_eq!(std::fs::read(&there).unwrap(), b"precious");
}

#[tokio::test]
async fn a_check_that_finds_something_says_it_and_gives_one() {
    let folder = tempfile::tempdir().unwrap();
    let data_flag = folder.path().to_str().unwrap();
    let (mut child, address) = serve(folder.path()).await;
    let key = Identity::random();
    let mut alice = TestClient::join(address, key.auth(address, "Alice").await.unwrap()).await;
    alice.subscribes(alice.lobby()).await;
    alice.says("something").await;
    alice.sees("something").await;
    child.kill().await.unwrap();
    let wal = folder.path().join("ichat.db-wal");
    let whole = std::fs::read(&wal).unwrap();
    std::fs::write(&wal, &whole[..whole.len() - 1]).unwrap();
    let output = told(&["check", "--data", data_flag], &[]).await;
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("the newest 1 of its entries were confirmed"), "{said}");
}

/// A disk that takes nothing: <https://man7.org/linux/man-pages/man4/full.4.html>. A folder on one needs a mount, which the
/// checker's case of a full disk makes.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_that_takes_nothing_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data_flag = folder.path().to_str().unwrap();
    let (child, _) = serve(folder.path()).await;
    drop(child);
    let said = refused(&["backup", "--data", data_flag], &[Path::new("/dev/full")]).await;
    assert!(said.contains("is there already"), "{said}");
    let said = refused(&["backup", "--data", data_flag], &[Path::new("/proc/backup.db")]).await;
    assert!(said.contains("can't be written"), "{said}");
}
