//! The life cycle of a hosted server:
//! - a server that is stopped and hosted again is the same, with the same history
//! - an app that was quit while hosting hosts again at its next start; one that had stopped does not,
//!   not even if it was stopped while it started
//! - two apps host at the same time, each on a port of its own
//! - a second click on *host* is rejected and changes nothing
//! - a server near is found, joined with one click, and gone when it stops
//! - a damaged history is reported, and nothing is hosted

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

mod support;

use std::fs;
use std::path::Path;

use ichat_app::Shell;
use serde_json::{Value, json};
use support::{TestApp, run};
use tauri::Manager as _;

fn nothing_hosted(event: &Value) -> Option<()> {
    (event["event"] == "hosting" && event["hosting"].is_null()).then_some(())
}

/// Returns whether the next start would host again.
fn would_resume(data: &Path) -> bool {
    let state: Value = serde_json::from_slice(&fs::read(data.join("hosting.json")).unwrap()).unwrap();
    state["hosting"] == true
}

#[test]
fn a_server_that_is_hosted_again_is_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let app = TestApp::open(dir.path());
    let server = app.hosts("Home");
    let lobby = app.lobby(&server);
    app.says(&server, &lobby, "before the break");
    app.sees_message(&server, &lobby, "before the break");

    let before = app.events();
    app.must("host_stop", json!({}));
    app.sees_after(before, "the end of hosting", nothing_hosted);

    assert_eq!(app.hosts("Home"), server);
    // Another device, without a replica, loads the history from the server.
    let elsewhere = tempfile::tempdir().unwrap();
    let guest = TestApp::open(elsewhere.path());
    guest.must("server_join", json!({ "address": app.address() }));
    guest.is_online(&server);
    guest.must("open_room", json!({ "server": server, "room": lobby }));
    guest.sees_message(&server, &lobby, "before the break");
    guest.quits();
    app.quits();
}

#[test]
fn hosting_resumes_after_a_restart_unless_it_was_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let app = TestApp::open(dir.path());
    let server = app.hosts("Home");
    app.quits();

    let app = TestApp::open(dir.path());
    let resumed = app.sees("the resumed server", |event| {
        (event["event"] == "hosting").then(|| event["hosting"]["server"].as_str().map(str::to_owned))?
    });
    assert_eq!(resumed, server);
    app.is_online(&server);
    app.must("host_stop", json!({}));
    app.quits();
    assert!(!would_resume(dir.path()));

    let app = TestApp::open(dir.path());
    app.must("host_start", json!({ "name": "Home" }));
    app.quits();
}

#[test]
fn a_server_that_is_stopped_while_it_starts_does_not_resume() {
    let dir = tempfile::tempdir().unwrap();
    let app = TestApp::open(dir.path());
    app.sees("the profile", |event| (event["event"] == "profile").then_some(()));
    let handle = app.app().handle().clone();
    let both = async move {
        let shell = handle.state::<Shell>();
        tokio::join!(shell.host_start("Home"), shell.host_stop())
    };
    let (started, stopped) = run(both);
    started.unwrap();
    stopped.unwrap();
    app.quits();
    assert!(!would_resume(dir.path()));
}

#[test]
fn two_apps_host_at_the_same_time() {
    let (ada_data, bob_data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (ada, bob) = (TestApp::open(ada_data.path()), TestApp::open(bob_data.path()));
    let servers = [ada.hosts("Ada's"), bob.hosts("Bob's")];
    assert_ne!(servers[0], servers[1]);
    assert_ne!(ada.address(), bob.address());
    ada.quits();
    bob.quits();
}

#[test]
fn a_second_click_on_host_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let app = TestApp::open(dir.path());
    let server = app.hosts("Home");
    let error = app.invoke("host_start", json!({ "name": "Other" })).unwrap_err();
    assert_eq!(error["code"], "conflict");
    assert!(error["message"].as_str().unwrap().contains("Home"), "{error}");
    let lobby = app.lobby(&server);
    app.says(&server, &lobby, "still here");
    app.sees_message(&server, &lobby, "still here");
    app.quits();
}

#[test]
fn a_server_near_is_found_joined_and_gone() {
    let (ada_data, bob_data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (ada, bob) = (TestApp::open(ada_data.path()), TestApp::open(bob_data.path()));
    let server = ada.hosts("Home");
    let near = |event: &Value| {
        let servers = event["servers"]
            .as_array()
            .filter(|_| event["event"] == "nearby")?
            .clone();
        Some(servers.into_iter().find(|found| found["id"] == server.as_str()))
    };
    let found = bob.sees("a server near", |event| near(event)?);
    assert_eq!(
        (&found["name"], &found["compatible"], &found["own"]),
        (&json!("Home"), &json!(true), &json!(false))
    );
    let own = ada.sees("its own announcement", |event| near(event)?);
    assert_eq!(own["own"], true);

    bob.must("nearby_join", json!({ "server": server }));
    bob.is_online(&server);
    bob.sees("two people", |event| near(event)?.filter(|found| found["people"] == 2));

    let before = bob.events();
    ada.must("host_stop", json!({}));
    bob.sees_after(before, "the server gone", |event| near(event)?.is_none().then_some(()));
    ada.quits();
    bob.quits();
}

#[test]
fn a_damaged_history_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let app = TestApp::open(dir.path());
    let server = app.hosts("Home");
    app.quits();

    let folder = dir.path().join("host");
    for file in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
        if file.path().extension().is_some_and(|extension| extension == "db") {
            fs::write(file.path(), vec![0xA5; 100_000]).unwrap();
        }
    }
    let app = TestApp::open(dir.path());
    let message = app.sees("the reason why hosting did not resume", |event| {
        (event["event"] == "hosting").then(|| event["error"]["message"].as_str().map(str::to_owned))?
    });
    assert!(message.contains("damaged"), "{message}");
    let error = app.invoke("host_start", json!({ "name": "Home" })).unwrap_err();
    assert_eq!(error["code"], "storage", "{error} for {server}");
    app.quits();
}
