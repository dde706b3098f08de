//! What the page can ask of the shell. Every command of the page runs with its real permission, client and server.
//!
//! - each command is allowed to the one window, and to no other
//! - a page that loads late, or again, is told everything
//! - each session command reaches the server: send, create, browse, join, leave, open, history, typing, read, away, set_name
//! - retry and discard reach the outbox of a server that is gone
//! - a server is joined by an address as people write it, and forgotten
//! - names, addresses and servers that are wrong are refused with `{code, message}`
//! - a data folder that is in use is said, and every command says it too

#![allow(clippy::unwrap_used, reason = "a test that can't go on should stop where it is")]

mod support;

use ichat_protocol::{EntryId, RoomId, ServerId};
use serde_json::{Value, json};
use support::{Desk, ask};
use tauri::WebviewWindowBuilder;

const COMMANDS: &[&str] = include!("../src/commands/names.rs");

fn is_refused(answer: Result<Value, Value>, code: &str, words: &str) {
    let error = answer.unwrap_err();
    assert_eq!(error["code"], code, "{error}");
    assert!(error["message"].as_str().unwrap().contains(words), "{error}");
}

#[test]
fn each_command_is_allowed_to_the_one_window_only() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path());
    let other = WebviewWindowBuilder::new(desk.app(), "other", tauri::WebviewUrl::default())
        .build()
        .unwrap();
    for command in COMMANDS {
        let denied = ask(&other, command, json!({})).unwrap_err();
        assert!(denied.to_string().contains("not allowed"), "{command}: {denied}");
        // Those without arguments are called elsewhere; these two would end or hide this app.
        if !["host_stop", "quit", "hide"].contains(command) {
            let incomplete = desk.asks(command, json!({})).unwrap_err();
            assert!(
                incomplete.to_string().contains("invalid args"),
                "{command}: {incomplete}"
            );
        }
    }
    let unknown = desk.asks("open_path", json!({ "path": "/" })).unwrap_err();
    assert!(unknown.to_string().contains("not allowed"), "{unknown}");
    desk.quits();
}

#[test]
fn a_page_that_loads_late_or_again_is_told_everything() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open_without_interface(dir.path());
    desk.does("host_start", json!({ "name": "Office" }));
    assert_eq!(desk.events(), 0);
    for _ in 0..2 {
        let before = desk.events();
        desk.does("start", json!({ "events": "__CHANNEL__:1" }));
        let server = desk.sees_after(before, "what is hosted", |event| {
            (event["event"] == "hosting").then(|| event["hosting"]["server"].as_str().map(str::to_owned))?
        });
        desk.sees_after(before, "who one is", |event| {
            (event["event"] == "profile" && event["first_run"] == true && event["name"].is_string()).then_some(())
        });
        desk.sees_after(before, "the own server", |event| {
            let own = event["event"] == "servers" && event["servers"][0]["id"] == server.as_str();
            own.then(|| assert_eq!(event["servers"][0]["own"], true))
        });
        desk.sees_after(before, "the search", |event| (event["event"] == "nearby").then_some(()));
        desk.sees_update_after(before, &server, "the connection", |update| {
            (update["update"] == "connection" && update["state"] == "online").then_some(())
        });
        desk.sees_update_after(before, &server, "the rooms", |update| {
            (update["update"] == "rooms").then_some(())
        });
    }
    desk.quits();
}

#[test]
fn each_session_command_reaches_the_server() {
    let (at_ada, at_bob) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (ada, bob) = (Desk::open(at_ada.path()), Desk::open(at_bob.path()));
    let server = ada.hosts("Office");
    let lobby = ada.lobby(&server);
    assert_eq!(bob.does("server_join", json!({ "address": ada.address() })), server);
    bob.is_online(&server);

    ada.says(&server, &lobby, "hello bob");
    bob.sees_message(&server, &lobby, "hello bob");

    let room = RoomId::fresh().to_string();
    ada.does(
        "create_room",
        json!({ "server": server, "room": room, "name": "Plans", "topic": "What next" }),
    );
    ada.sees_update(&server, "the new room", |update| {
        let there =
            update["update"] == "rooms" && update["rooms"].as_array()?.iter().any(|it| it["id"] == room.as_str());
        there.then_some(())
    });
    let before = bob.events();
    bob.does("browse_rooms", json!({ "server": server }));
    bob.sees_update_after(before, &server, "the directory", |update| {
        let there =
            update["update"] == "directory" && update["rooms"].as_array()?.iter().any(|it| it["name"] == "Plans");
        there.then_some(())
    });
    bob.does("join_room", json!({ "server": server, "room": room }));
    bob.sees_update(&server, "the joined room", |update| {
        let there =
            update["update"] == "rooms" && update["rooms"].as_array()?.iter().any(|it| it["id"] == room.as_str());
        there.then_some(())
    });

    bob.does("open_room", json!({ "server": server, "room": room }));
    bob.sees_update(&server, "the members", |update| {
        (update["update"] == "members" && update["room"] == room.as_str() && update["members"].as_array()?.len() == 2)
            .then_some(())
    });
    let before = bob.events();
    bob.does(
        "history",
        json!({ "server": server, "room": lobby, "range": { "limit": 10 } }),
    );
    bob.sees_update_after(before, &server, "history", |update| {
        (update["update"] == "entries" && update["room"] == lobby.as_str()).then_some(())
    });

    ada.does("typing", json!({ "server": server, "room": room, "on": true }));
    bob.sees_update(&server, "ada typing", |update| {
        (update["update"] == "typing" && update["room"] == room.as_str() && !update["members"].as_array()?.is_empty())
            .then_some(())
    });

    ada.says(&server, &room, "news");
    let (seq, unread) = bob.sees_update(&server, "an unread message", |update| {
        let rooms = update["rooms"].as_array().filter(|_| update["update"] == "rooms")?;
        let plans = rooms.iter().find(|it| it["id"] == room.as_str())?;
        Some((
            plans["head"]["seq"].clone(),
            plans["unread"].as_u64().filter(|unread| *unread > 0)?,
        ))
    });
    assert!(unread > 0);
    let before = bob.events();
    bob.does("read", json!({ "server": server, "room": room, "seq": seq }));
    bob.sees_update_after(before, &server, "nothing unread", |update| {
        let rooms = update["rooms"].as_array().filter(|_| update["update"] == "rooms")?;
        (rooms.iter().find(|it| it["id"] == room.as_str())?["unread"] == 0).then_some(())
    });

    bob.does("away", json!({ "server": server, "away": true }));
    ada.sees_update(&server, "bob away", |update| {
        let people = update["people"].as_array().filter(|_| update["update"] == "people")?;
        people
            .iter()
            .any(|person| person.to_string().contains("away"))
            .then_some(())
    });
    bob.does("set_name", json!({ "name": "Robert" }));
    bob.sees("the new name", |event| {
        (event["event"] == "profile" && event["name"] == "Robert").then_some(())
    });
    ada.sees_update(&server, "robert", |update| {
        let people = update["people"].as_array().filter(|_| update["update"] == "people")?;
        people.iter().any(|person| person["name"] == "Robert").then_some(())
    });

    let before = bob.events();
    bob.does("leave_room", json!({ "server": server, "room": room }));
    bob.sees_update_after(before, &server, "the room gone", |update| {
        let rooms = update["rooms"].as_array().filter(|_| update["update"] == "rooms")?;
        (!rooms.iter().any(|it| it["id"] == room.as_str())).then_some(())
    });

    bob.does("server_forget", json!({ "server": server }));
    bob.sees_after(before, "no server", |event| {
        (event["event"] == "servers" && event["servers"].as_array()?.is_empty()).then_some(())
    });
    bob.quits();
    ada.quits();
}

#[test]
fn what_waits_for_a_server_that_is_gone_can_be_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path());
    let server = desk.hosts("Office");
    let lobby = desk.lobby(&server);
    desk.does("host_stop", json!({}));
    let id = EntryId::fresh();
    let body = json!({ "kind": "message", "text": "too late" });
    desk.does(
        "send",
        json!({ "server": server, "room": lobby, "id": id, "body": body, "written": 1 }),
    );
    desk.sees_update(&server, "the waiting post", |update| {
        (update["update"] == "outbox" && update["items"].as_array()?.len() == 1).then_some(())
    });
    desk.does("retry", json!({ "server": server, "id": id }));
    let before = desk.events();
    desk.does("discard", json!({ "server": server, "id": id }));
    desk.sees_update_after(before, &server, "an empty outbox", |update| {
        (update["update"] == "outbox" && update["items"].as_array()?.is_empty()).then_some(())
    });
    desk.quits();
}

#[test]
fn what_is_wrong_is_refused_with_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path());
    is_refused(
        desk.asks("set_name", json!({ "name": " " })),
        "bad_request",
        "at least one character",
    );
    is_refused(
        desk.asks("host_start", json!({ "name": "x".repeat(10_000) })),
        "bad_request",
        "at most 64",
    );
    is_refused(
        desk.asks("server_join", json!({ "address": "not an address" })),
        "bad_request",
        "192.168.1.7",
    );
    is_refused(
        desk.asks("server_join", json!({ "address": "127.0.0.1:9" })),
        "other",
        "127.0.0.1:9",
    );
    is_refused(
        desk.asks("nearby_join", json!({ "server": ServerId::fresh() })),
        "other",
        "near any more",
    );
    is_refused(
        desk.asks("browse_rooms", json!({ "server": ServerId::fresh() })),
        "other",
        "not known",
    );
    desk.quits();
}

#[test]
fn a_data_folder_that_is_in_use_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let first = Desk::open(dir.path());
    first.sees("who one is", |event| (event["event"] == "profile").then_some(()));
    let second = Desk::open(dir.path());
    let message = second.sees("why nothing works", |event| {
        (event["event"] == "fatal").then(|| event["error"]["message"].as_str().map(str::to_owned))?
    });
    assert!(message.contains("in use"), "{message}");
    is_refused(second.asks("set_name", json!({ "name": "Ada" })), "storage", "in use");
    second.quits();
    first.quits();
}
