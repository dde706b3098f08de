//! A server whose disk is full.
//!
//! - it is alive, but not ready, until there is space again
//! - on a disk that fills up guests can't write first, then nobody can, and with new space everybody can

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::process::Stdio;

use ichat_protocol::EntryId;
use ichat_testkit::{Identity, TestClient, message, or_time_out};
use serde_json::json;
use tokio::process::{Child, Command};

use crate::program::{in_shell, serving, start};

/// Posts a message. Returns the code of its refusal, or `None` if it is taken.
async fn refusal(client: &mut TestClient) -> Option<String> {
    let post = message(client.lobby(), EntryId::fresh(), "hi");
    let answer = client.request("post", &[json!(post)]).await;
    answer["data"]["error"]["code"].as_str().map(str::to_owned)
}

/// Limits the size of files that the program can write; without a limit they may grow again.
async fn limit_files(server: &Child, limit: &str) {
    let mut prlimit = Command::new("prlimit");
    prlimit
        .args(["--pid", &server.id().unwrap().to_string()])
        .arg(format!("--fsize={limit}:unlimited"));
    assert!(prlimit.stdout(Stdio::null()).status().await.unwrap().success());
}

#[tokio::test]
async fn a_server_that_can_not_write_is_alive_and_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    // Without the signal a write beyond the limit fails, as on a full disk.
    let (server, address) = start(&mut in_shell("trap '' XFSZ", &serving(folder.path()))).await;
    let check = async |path: &str| {
        let response = reqwest::get(format!("http://{address}{path}")).await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(check("/readyz").await, (200, "ok\n".to_owned()));
    limit_files(&server, "0").await;
    let until = async |status: u16| loop {
        let (found, text) = check("/readyz").await;
        if found == status {
            return text;
        }
    };
    let text = or_time_out(until(503)).await;
    assert!(text.contains("The store can't be written"), "{text}");
    assert_eq!(check("/healthz").await.0, 200);
    limit_files(&server, "unlimited").await;
    or_time_out(until(200)).await;
}

#[tokio::test]
async fn on_a_disk_that_fills_up_guests_are_the_first_who_can_not_write() {
    const MIB: usize = 1024 * 1024;
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        assert!(std::env::var("CI").is_err(), "CI does not run as root");
        return eprintln!("skipped: only root can mount a small disk");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let mut serving = serving(folder.path());
    serving.args(["--guest-disk-reserve", "100", "--disk-reserve", "60"]);
    for limit in [
        "--max-rate-per-person",
        "--max-rate-per-address",
        "--max-entries-per-day",
        "--max-guest-entries-per-day",
    ] {
        serving.args([limit, "0"]);
    }
    // The disk is in a mount namespace of the server, and ends with it.
    let shell = in_shell(&format!("mount -t tmpfs -o size=128m,mode=700 small {path}"), &serving);
    let mut command = Command::new("unshare");
    command
        .arg("--mount")
        .arg(shell.as_std().get_program())
        .args(shell.as_std().get_args())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let (server, address) = start(&mut command).await;
    let filler = format!("/proc/{}/root{path}/filler", server.id().unwrap());
    let is_ready = async || {
        let response = reqwest::get(format!("http://{address}/readyz")).await.unwrap();
        response.status() == 200
    };
    let auth = Identity::random().auth(address, "Alice").await.unwrap();
    let mut alice = TestClient::join(address, auth).await;
    let mut guest = TestClient::join(address, json!({ "protocol": 1 })).await;
    assert_eq!((refusal(&mut alice).await, refusal(&mut guest).await), (None, None));

    fs::write(&filler, vec![0; 40 * MIB]).unwrap();
    or_time_out(async { while refusal(&mut guest).await.as_deref() != Some("over_quota") {} }).await;
    assert_eq!(refusal(&mut alice).await, None);
    assert!(is_ready().await);

    fs::write(&filler, vec![0; 80 * MIB]).unwrap();
    or_time_out(async { while refusal(&mut alice).await.as_deref() != Some("over_quota") {} }).await;
    assert!(!is_ready().await);

    fs::remove_file(&filler).unwrap();
    or_time_out(async { while !is_ready().await {} }).await;
    assert_eq!((refusal(&mut alice).await, refusal(&mut guest).await), (None, None));
}
