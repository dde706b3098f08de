//! The commands `backup`, `restore` and `check`, beside a running server and without one.
//!
//! - a backup is made beside a running server, and cannot be restored there; clients of a restored server start over
//! - a command that fails prints one sentence, exits with 2, and overwrites nothing
//! - a wrong setting that a command doesn't use doesn't stop it, and one that it uses does
//! - a check that finds a problem prints it, and exits with 1; of a backup it says nothing of what is served
//! - a backup to a file that cannot be written fails (Linux)

use std::path::Path;
use std::process::Output;

use ichat_testkit::{Identity, TestClient, entries};
use serde_json::json;

use crate::program::{run, serving, start, startup_error, success};

/// Runs a command on a data folder.
async fn run_on(data: &Path, command: &str, file: Option<&Path>) -> Output {
    let mut arguments = vec![command, "--data", data.to_str().unwrap()];
    arguments.extend(file.map(|file| file.to_str().unwrap()));
    run(&arguments).await
}

#[tokio::test]
async fn a_backup_of_a_running_server_can_be_restored() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("backup.db"));
    let identity = Identity::random();
    let (mut server, address) = start(&mut serving(&data)).await;
    let mut alice = TestClient::join(address, identity.auth(address, "Alice").await.unwrap()).await;
    let room = alice.lobby();
    alice.emit("sync", json!({ "rooms": { room.to_string(): null } })).await;
    let epoch = alice.receives("page").await["head"]["epoch"].clone();
    let kept = alice.says("in the backup").await;
    alice.sees("in the backup").await;
    let text = success(run_on(&data, "backup", Some(&file)).await);
    assert!(text.contains("is sound"), "{text}");
    let lost = alice.says("after the backup").await;
    let head = alice.sees("after the backup").await.seq;
    let text = startup_error(run_on(&data, "restore", Some(&file)).await);
    assert!(text.contains("in use"), "{text}");
    server.kill().await.unwrap();

    let text = success(run_on(&data, "restore", Some(&file)).await);
    assert!(text.contains("before-restore-"), "{text}");
    let text = success(run_on(&data, "check", None).await);
    assert!(text.contains("is sound"), "{text}");
    let (_server, address) = start(&mut serving(&data)).await;
    let mut alice = TestClient::join(address, identity.auth(address, "Alice").await.unwrap()).await;
    let cursor = json!({ "rooms": { room.to_string(): { "epoch": epoch, "seq": head } } });
    alice.emit("sync", cursor).await;
    let reset = alice.receives("reset").await;
    assert_ne!(reset["head"]["epoch"], epoch);
    let page = entries(&alice.receives("page").await);
    assert!(page.iter().any(|entry| entry.id == kept));
    assert!(page.iter().all(|entry| entry.id != lost));
}

#[tokio::test]
async fn a_command_that_fails_prints_one_sentence_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (text_file, existing) = (folder.path().join("text"), folder.path().join("existing"));
    std::fs::write(&text_file, "not a backup at all").unwrap();
    std::fs::write(&existing, "precious").unwrap();
    let missing = folder.path().join("missing");
    let text = startup_error(run_on(&data, "backup", Some(&missing)).await);
    assert!(text.contains("There is no history in"), "{text}");
    startup_error(run_on(&data, "check", None).await);
    startup_error(run_on(&data, "restore", Some(&missing)).await);
    startup_error(run_on(&data, "restore", Some(&text_file)).await);
    startup_error(run_on(&data, "check", Some(&text_file)).await);
    drop(start(&mut serving(&data)).await);
    startup_error(run_on(&data, "backup", Some(&existing)).await);
    assert_eq!(std::fs::read(&existing).unwrap(), b"precious");
}

#[tokio::test]
async fn a_wrong_setting_that_a_command_does_not_use_does_not_stop_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    drop(start(&mut serving(&data)).await);
    let data = data.to_str().unwrap();
    success(run(&["--max-memory", "1G", "--name", "", "--data", data, "check"]).await);
    let text = startup_error(run(&["--max-memory", "1G", "--data", "~/chat", "check"]).await);
    assert!(text.contains("--data is \"~/chat\""), "{text}");
}

#[tokio::test]
async fn a_check_that_finds_a_problem_exits_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, address) = start(&mut serving(folder.path())).await;
    let auth = Identity::random().auth(address, "Alice").await.unwrap();
    let mut alice = TestClient::join(address, auth).await;
    alice.subscribes(alice.lobby()).await;
    alice.says("something").await;
    alice.sees("something").await;
    server.kill().await.unwrap();
    let wal = folder.path().join("ichat.db-wal");
    let bytes = std::fs::read(&wal).unwrap();
    std::fs::write(&wal, &bytes[..bytes.len() - 1]).unwrap();
    let output = run_on(folder.path(), "check", None).await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("the newest 1 of its entries were confirmed"), "{text}");
}

#[tokio::test]
async fn a_damaged_backup_is_not_taken_for_what_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("backup.db"));
    let (_server, address) = start(&mut serving(&data)).await;
    let auth = Identity::random().auth(address, "Alice").await.unwrap();
    let mut alice = TestClient::join(address, auth).await;
    alice.subscribes(alice.lobby()).await;
    alice.says("something").await;
    alice.sees("something").await;
    success(run_on(&data, "backup", Some(&file)).await);
    let mut bytes = std::fs::read(&file).unwrap();
    let position = bytes.windows(9).position(|window| window == b"something").unwrap();
    bytes[position] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let output = run_on(&data, "check", Some(&file)).await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("older backup") && !text.contains("served"), "{text}");
}

/// `/dev/full` takes nothing: <https://man7.org/linux/man-pages/man4/full.4.html>. The fault checker has a case with a
/// whole disk that is full, which needs a mount.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_backup_to_a_file_that_cannot_be_written_fails() {
    let folder = tempfile::tempdir().unwrap();
    drop(start(&mut serving(folder.path())).await);
    let text = startup_error(run_on(folder.path(), "backup", Some(Path::new("/dev/full"))).await);
    assert!(text.contains("is there already"), "{text}");
    let text = startup_error(run_on(folder.path(), "backup", Some(Path::new("/proc/backup.db"))).await);
    assert!(text.contains("can't be written"), "{text}");
}
