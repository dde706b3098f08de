//! The commands of the page, with their real permissions:
//! - each command is allowed in the main window and in no other
//! - a page that loads late, or again, receives the current state
//! - wrong names, addresses and servers are rejected with `{code, message}`
//! - a data folder in use is reported as an event and by every command

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

mod support;

use ichat_app::COMMANDS;
use ichat_protocol::ServerId;
use serde_json::{Value, json};
use support::{TestApp, invoke};
use tauri::WebviewWindowBuilder;

/// The commands without arguments.
const WITHOUT_ARGUMENTS: &[&str] = &[
    "reconnect",
    "host_stop",
    "toggle_fullscreen",
    "close",
    "request_quit",
    "acknowledge_question",
    "quit",
    "hide",
];

fn assert_rejected(result: Result<Value, Value>, code: &str, words: &str) {
    let error = result.unwrap_err();
    assert_eq!(error["code"], code, "{error}");
    assert!(error["message"].as_str().unwrap().contains(words), "{error}");
}

#[test]
fn each_command_is_allowed_in_the_main_window_only() {
    let dir = tempfile::tempdir().unwrap();
    let app = TestApp::open(dir.path());
    let other = WebviewWindowBuilder::new(app.app(), "other", tauri::WebviewUrl::default())
        .build()
        .unwrap();
    for command in COMMANDS {
        let denied = invoke(&other, command, json!({})).unwrap_err();
        assert!(denied.to_string().contains("not allowed"), "{command}: {denied}");
        // Without arguments these would run: they are tested elsewhere, or would end or hide this app.
        if !WITHOUT_ARGUMENTS.contains(command) {
            let incomplete = app.invoke(command, json!({})).unwrap_err();
            assert!(
                incomplete.to_string().contains("invalid args"),
                "{command}: {incomplete}"
            );
        }
    }
    let unknown = app.invoke("open_path", json!({ "path": "/" })).unwrap_err();
    assert!(unknown.to_string().contains("not allowed"), "{unknown}");
    app.quits();
}

#[test]
fn a_page_that_loads_late_or_again_receives_the_current_state() {
    let dir = tempfile::tempdir().unwrap();
    let app = TestApp::open_without_page(dir.path());
    app.must("host_start", json!({ "name": "Home" }));
    assert_eq!(app.events(), 0);
    for _ in 0..2 {
        let before = app.events();
        app.must("start", json!({ "events": "__CHANNEL__:1" }));
        let server = app.sees_after(before, "the hosted server", |event| {
            (event["event"] == "hosting").then(|| event["hosting"]["server"].as_str().map(str::to_owned))?
        });
        app.sees_after(before, "the profile", |event| {
            (event["event"] == "profile" && event["first_run"] == true && event["name"].is_string()).then_some(())
        });
        app.sees_after(before, "the own server", |event| {
            let own = event["event"] == "servers" && event["servers"][0]["id"] == server.as_str();
            own.then(|| assert_eq!(event["servers"][0]["own"], true))
        });
        app.sees_after(before, "the search", |event| (event["event"] == "nearby").then_some(()));
        app.sees_update_after(before, &server, "the connection", |update| {
            (update["update"] == "connection" && update["state"] == "online").then_some(())
        });
        app.sees_update_after(before, &server, "the rooms", |update| {
            (update["update"] == "rooms").then_some(())
        });
    }
    app.quits();
}

#[test]
fn wrong_input_is_rejected_with_a_message() {
    let dir = tempfile::tempdir().unwrap();
    let app = TestApp::open(dir.path());
    assert_rejected(
        app.invoke("set_name", json!({ "name": " " })),
        "bad_request",
        "at least one visible character",
    );
    assert_rejected(
        app.invoke("host_start", json!({ "name": "x".repeat(10_000) })),
        "bad_request",
        "at most 64",
    );
    assert_rejected(
        app.invoke("server_join", json!({ "address": "not an address" })),
        "bad_request",
        "192.168.1.7",
    );
    assert_rejected(
        app.invoke("server_join", json!({ "address": "127.0.0.1:9" })),
        "other",
        "127.0.0.1:9",
    );
    assert_rejected(
        app.invoke("nearby_join", json!({ "server": ServerId::fresh() })),
        "other",
        "near any more",
    );
    assert_rejected(
        app.invoke("browse_rooms", json!({ "server": ServerId::fresh() })),
        "other",
        "not known",
    );
    app.quits();
}

#[test]
fn a_data_folder_in_use_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let first = TestApp::open(dir.path());
    first.sees("the profile", |event| (event["event"] == "profile").then_some(()));
    let second = TestApp::open(dir.path());
    let message = second.sees("the fatal error", |event| {
        (event["event"] == "fatal").then(|| event["error"]["message"].as_str().map(str::to_owned))?
    });
    assert!(message.contains("in use"), "{message}");
    assert_rejected(second.invoke("set_name", json!({ "name": "Ada" })), "storage", "in use");
    second.quits();
    first.quits();
}
