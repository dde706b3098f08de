//! A server whose disk is full.
//!
//! - it is alive, but not ready, until there is space again

use std::process::Stdio;

use ichat_testkit::or_time_out;
use tokio::process::{Child, Command};

use crate::program::{in_shell, serving, start};

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
