//! The life of a hosted server.
//!
//! - hosted, stopped and hosted again: the same server with the same history, this device its first guest
//! - an app that was quit while hosting hosts again at its next start; one that had stopped does not
//! - two apps host side by side, each on a port of its own
//! - a second click on *host* is refused, and changes nothing
//! - a server near is found, joined with one click, and gone when it stops
//! - a damaged history is said, and nothing is hosted

mod support;

use std::fs;

use serde_json::{Value, json};
use support::Desk;

fn nothing_hosted(event: &Value) -> Option<()> {
    (event["event"] == "hosting" && event["hosting"].is_null()).then_some(())
}

#[test]
fn what_is_hosted_again_is_the_same_server() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path());
    let server = desk.hosts("Office");
    let lobby = desk.lobby(&server);
    desk.says(&server, &lobby, "before the break");
    desk.sees_message(&server, &lobby, "before the break");

    let before = desk.events();
    desk.does("host_stop", json!({}));
    desk.sees_after(before, "that nothing is hosted", nothing_hosted);

    assert_eq!(desk.hosts("Office"), server);
    // Another device, which has nothing of its own, gets the history from the server.
    let elsewhere = tempfile::tempdir().unwrap();
    let guest = Desk::open(elsewhere.path());
    guest.does("server_join", json!({ "address": desk.address() }));
    guest.is_online(&server);
    guest.does("open_room", json!({ "server": server, "room": lobby }));
    guest.sees_message(&server, &lobby, "before the break");
    guest.quits();
    desk.quits();
}

#[test]
fn hosting_goes_on_after_a_restart_unless_it_was_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path());
    let server = desk.hosts("Office");
    desk.quits();

    let desk = Desk::open(dir.path());
    let again = desk.sees("that it hosts again", |event| {
        (event["event"] == "hosting").then(|| event["hosting"]["server"].as_str().map(str::to_owned))?
    });
    assert_eq!(again, server);
    desk.is_online(&server);
    desk.does("host_stop", json!({}));
    desk.quits();

    let desk = Desk::open(dir.path());
    desk.sees("who one is", |event| (event["event"] == "profile").then_some(()));
    // Hosting begins anew only by hand; the refusal would come if it had begun by itself.
    desk.does("host_start", json!({ "name": "Office" }));
    desk.quits();
}

#[test]
fn two_apps_host_side_by_side() {
    let (at_ada, at_bob) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (ada, bob) = (Desk::open(at_ada.path()), Desk::open(at_bob.path()));
    let servers = [ada.hosts("Ada's"), bob.hosts("Bob's")];
    assert_ne!(servers[0], servers[1]);
    assert_ne!(ada.address(), bob.address());
    ada.quits();
    bob.quits();
}

#[test]
fn a_second_click_on_host_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path());
    let server = desk.hosts("Office");
    let error = desk.asks("host_start", json!({ "name": "Other" })).unwrap_err();
    assert_eq!(error["code"], "conflict");
    assert!(error["message"].as_str().unwrap().contains("Office"), "{error}");
    let lobby = desk.lobby(&server);
    desk.says(&server, &lobby, "still here");
    desk.sees_message(&server, &lobby, "still here");
    desk.quits();
}

#[test]
fn a_server_near_is_found_joined_and_gone() {
    let (at_ada, at_bob) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (ada, bob) = (Desk::open(at_ada.path()), Desk::open(at_bob.path()));
    let server = ada.hosts("Office");
    let near = |event: &Value| {
        let servers = event["servers"]
            .as_array()
            .filter(|_| event["event"] == "nearby")?
            .clone();
        Some(servers.into_iter().find(|it| it["id"] == server.as_str()))
    };
    let found = bob.sees("a server near", |event| near(event)?);
    assert_eq!(
        (&found["name"], &found["compatible"], &found["own"]),
        (&json!("Office"), &json!(true), &json!(false))
    );
    let own = ada.sees("its own announcement", |event| near(event)?);
    assert_eq!(own["own"], true);

    assert_eq!(bob.does("nearby_join", json!({ "server": server })), server.as_str());
    bob.is_online(&server);
    bob.sees("two people", |event| near(event)?.filter(|found| found["people"] == 2));

    let before = bob.events();
    ada.does("host_stop", json!({}));
    bob.sees_after(before, "the server gone", |event| near(event)?.is_none().then_some(()));
    ada.quits();
    bob.quits();
}

#[test]
fn a_damaged_history_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path());
    let server = desk.hosts("Office");
    desk.quits();

    let folder = dir.path().join("host");
    for file in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
        if file.path().extension().is_some_and(|it| it == "db") {
            fs::write(file.path(), vec![0xA5; 100_000]).unwrap();
        }
    }
    let desk = Desk::open(dir.path());
    let message = desk.sees("why hosting did not go on", |event| {
        (event["event"] == "hosting").then(|| event["error"]["message"].as_str().map(str::to_owned))?
    });
    assert!(message.contains("damaged"), "{message}");
    let error = desk.asks("host_start", json!({ "name": "Office" })).unwrap_err();
    assert_eq!(error["code"], "storage", "{error} for {server}");
    desk.quits();
}
