//! The data folder, and the other users of the machine.
//!
//! - a new folder, its files, a backup and a restored history are for the server's user only, whatever the umask
//! - a folder that others could look into is closed to them; one with files of other programs is refused and left as it is
//! - a symbolic link in the place of a file is refused
//! - root doesn't start a server in another user's folder (needs root)
//! - a user who locked the lock file while they could doesn't keep the server from starting (needs root)

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Stdio;

use ichat_protocol::EntryId;
use ichat_testkit::{TestClient, message, or_time_out};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::program::{in_shell, program, serving, signal, start, startup_error, success};

/// Returns the rights of a file or folder.
fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Asserts that other users can neither look into a folder nor read what is in it.
fn assert_is_private(folder: &Path) {
    assert_eq!(mode(folder), 0o700, "{}", folder.display());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_is_private(&path);
        } else {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
}

/// Runs a server under a umask, until it has a message.
async fn serves_a_message(umask: &str, data: &Path) {
    let (mut server, address) = start(&mut in_shell(&format!("umask {umask}"), &serving(data))).await;
    let mut guest = TestClient::join(address, json!({ "protocol": 1 })).await;
    guest
        .request("post", &[message(guest.lobby(), EntryId::fresh(), "x")])
        .await;
    assert!(data.join("ichat.db-wal").exists() && data.join("ichat.db-shm").exists());
    assert_is_private(data);
    signal(&server, "-TERM").await;
    or_time_out(server.wait()).await.unwrap();
}

#[tokio::test]
async fn everything_is_for_the_user_only_whatever_the_umask() {
    for umask in ["000", "022", "077"] {
        let folder = tempfile::tempdir().unwrap();
        let (data, backup) = (folder.path().join("above/data"), folder.path().join("backup.db"));
        serves_a_message(umask, &data).await;
        assert_eq!(mode(&folder.path().join("above")), 0o700);
        for (command, file) in [("backup", &backup), ("restore", &backup)] {
            let mut arguments = program();
            arguments.args([command, "--data"]).args([&data, file]);
            let output = in_shell(&format!("umask {umask}"), &arguments).output();
            success(or_time_out(output).await.unwrap());
        }
        assert_eq!(mode(&backup), 0o600, "{umask}");
        assert_is_private(&data);
        serves_a_message(umask, &data).await;
    }
}

#[tokio::test]
async fn a_folder_that_others_could_look_into_is_closed_to_them() {
    let folder = tempfile::tempdir().unwrap();
    serves_a_message("022", folder.path()).await;
    for entry in fs::read_dir(folder.path()).unwrap() {
        set_mode(&entry.unwrap().path(), 0o644);
    }
    set_mode(folder.path(), 0o755);
    serves_a_message("022", folder.path()).await;

    let empty = tempfile::tempdir().unwrap();
    set_mode(empty.path(), 0o777);
    serves_a_message("022", empty.path()).await;

    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("letter"), "").unwrap();
    set_mode(other.path(), 0o755);
    let text = startup_error(or_time_out(serving(other.path()).output()).await.unwrap());
    assert!(
        text.contains(other.path().to_str().unwrap()) && text.contains("chmod 700"),
        "{text}"
    );
    assert_eq!(mode(other.path()), 0o755);
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_link_in_the_place_of_a_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    for name in ["lock", "ichat.db", "ichat.db-wal", "commit-watermark"] {
        let data = folder.path().join(format!("with {name}"));
        fs::create_dir(&data).unwrap();
        set_mode(&data, 0o700);
        symlink(&target, data.join(name)).unwrap();
        let text = startup_error(or_time_out(serving(&data).output()).await.unwrap());
        assert!(text.contains(name) && text.contains("is a symbolic link"), "{text}");
        assert!(!target.exists(), "{name}");
    }
    // A folder may be somewhere else, if this user says so.
    let data = folder.path().join("data");
    fs::create_dir(&target).unwrap();
    symlink(&target, &data).unwrap();
    serves_a_message("022", &data).await;
}

#[tokio::test]
async fn nobody_elses_lock_keeps_the_server_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    serves_a_message("022", folder.path()).await;
    set_mode(folder.path(), 0o755);
    set_mode(&folder.path().join("lock"), 0o644);
    let mut stranger = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "flock"])
        .arg(folder.path().join("lock"))
        // `flock` takes signals while the program that it runs has the lock: it waits for the end of this test's input.
        .args(["sh", "-c", "echo locked; exec cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(stranger.stdout.take().unwrap()).lines();
    match or_time_out(lines.next_line()).await.unwrap() {
        Some(line) => assert_eq!(line, "locked"),
        None if std::env::var("CI").is_ok_and(|ci| ci == "true") => panic!("CI does not run as root"),
        None => return eprintln!("skipped: only root can be another user"),
    }
    serves_a_message("022", folder.path()).await;
    // The next server notices the one that runs.
    let (_server, _) = start(&mut serving(folder.path())).await;
    let output = serving(folder.path())
        .args(["--start-timeout", "0"])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn root_does_not_start_a_server_in_another_users_folder() {
    let folder = tempfile::tempdir().unwrap();
    if chown(folder.path(), Some(65_534), Some(65_534)).is_err() {
        assert!(
            !std::env::var("CI").is_ok_and(|ci| ci == "true"),
            "CI does not run as root"
        );
        return eprintln!("skipped: only root can give a folder away");
    }
    let text = startup_error(or_time_out(serving(folder.path()).output()).await.unwrap());
    assert!(text.contains("belongs to another user (id 65534)"), "{text}");
    assert!(
        fs::read_dir(folder.path()).unwrap().next().is_none(),
        "something was made in it"
    );
}
