//! The commands of the session with a server, each with its real permission, client and server:
//! - a message reaches another member, and history is loaded
//! - a room is created, listed, joined, opened and left
//! - typing is shown, and a read room has nothing unread
//! - presence and a new name reach another member
//! - a forgotten server is no longer listed
//! - a failed message can be retried and discarded

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

mod support;

use ichat_protocol::{EntryId, RoomId};
use serde_json::{Value, json};
use support::TestApp;
use tempfile::TempDir;

/// Ada hosts a server, and Bob has joined it by its address.
struct Users {
    ada: TestApp,
    bob: TestApp,
    server: String,
    lobby: String,
    _data: [TempDir; 2],
}

impl Users {
    fn online() -> Self {
        let data = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let (ada, bob) = (TestApp::open(data[0].path()), TestApp::open(data[1].path()));
        let server = ada.hosts("Home");
        let lobby = ada.lobby(&server);
        assert_eq!(bob.must("server_join", json!({ "address": ada.address() })), server);
        bob.is_online(&server);
        // A client subscribes to its rooms once it is online. This proves both subscriptions: typing is not repeated.
        ada.says(&server, &lobby, "welcome");
        for user in [&ada, &bob] {
            user.sees_message(&server, &lobby, "welcome");
        }
        Self {
            ada,
            bob,
            server,
            lobby,
            _data: data,
        }
    }

    fn quit(self) {
        self.bob.quits();
        self.ada.quits();
    }
}

/// Creates the room "Plans" and returns its id.
fn creates_room(app: &TestApp, server: &str) -> String {
    let room = RoomId::fresh().to_string();
    app.must(
        "create_room",
        json!({ "server": server, "room": room, "name": "Plans", "topic": "What next" }),
    );
    app.sees_update(server, "the new room", |update| {
        find_room(update, "rooms", &room)?.map(drop)
    });
    room
}

/// Finds a room in an update of the given kind. Returns `None` for another kind, and `Some(None)` if the room is missing.
#[expect(clippy::option_option, reason = "the two cases differ")]
fn find_room<'a>(update: &'a Value, kind: &str, room: &str) -> Option<Option<&'a Value>> {
    let rooms = update["rooms"].as_array().filter(|_| update["update"] == kind)?;
    Some(rooms.iter().find(|listed| listed["id"] == room))
}

fn people(update: &Value) -> Option<&Vec<Value>> {
    update["people"].as_array().filter(|_| update["update"] == "presence")
}

#[test]
fn a_message_reaches_another_member_and_history_is_loaded() {
    let users = Users::online();
    let Users {
        ada,
        bob,
        server,
        lobby,
        ..
    } = &users;
    ada.says(server, lobby, "hello bob");
    bob.sees_message(server, lobby, "hello bob");

    let before = bob.events();
    bob.must(
        "history",
        json!({ "server": server, "room": lobby, "range": { "limit": 10 } }),
    );
    bob.sees_update_after(before, server, "history", |update| {
        (update["update"] == "entries" && update["room"] == lobby.as_str()).then_some(())
    });
    users.quit();
}

#[test]
fn a_room_is_created_listed_joined_opened_and_left() {
    let users = Users::online();
    let Users { ada, bob, server, .. } = &users;
    let room = creates_room(ada, server);
    let before = bob.events();
    bob.must("browse_rooms", json!({ "server": server }));
    bob.sees_update_after(before, server, "the directory", |update| {
        find_room(update, "directory", &room)?.map(|listed| assert_eq!(listed["name"], "Plans"))
    });
    bob.must("join_room", json!({ "server": server, "room": room }));
    bob.sees_update(server, "the joined room", |update| {
        find_room(update, "rooms", &room)?.map(drop)
    });
    bob.must("open_room", json!({ "server": server, "room": room }));
    bob.sees_update(server, "the members", |update| {
        (update["update"] == "members" && update["room"] == room.as_str() && update["members"].as_array()?.len() == 2)
            .then_some(())
    });
    let before = bob.events();
    bob.must("leave_room", json!({ "server": server, "room": room }));
    bob.sees_update_after(before, server, "the rooms without it", |update| {
        find_room(update, "rooms", &room)?.is_none().then_some(())
    });
    users.quit();
}

#[test]
fn typing_is_shown_and_a_read_room_has_nothing_unread() {
    let users = Users::online();
    let Users {
        ada,
        bob,
        server,
        lobby,
        ..
    } = &users;
    bob.must("open_room", json!({ "server": server, "room": lobby }));
    ada.must("typing", json!({ "server": server, "room": lobby, "on": true }));
    bob.sees_update(server, "ada typing", |update| {
        (update["update"] == "typing" && update["room"] == lobby.as_str() && !update["members"].as_array()?.is_empty())
            .then_some(())
    });

    ada.says(server, lobby, "news");
    let seq = bob.sees_update(server, "the news", |update| {
        let mut entries = update["entries"].as_array()?.iter();
        let news = entries.find(|entry| entry["body"]["text"] == "news")?;
        Some(news["seq"].clone())
    });
    bob.sees_update(server, "an unread message", |update| {
        let lobby = find_room(update, "rooms", lobby)??;
        (lobby["head"]["seq"] == seq && lobby["unread"].as_u64()? > 0).then_some(())
    });
    let before = bob.events();
    bob.must("read", json!({ "server": server, "room": lobby, "seq": seq }));
    bob.sees_update_after(before, server, "nothing unread", |update| {
        (find_room(update, "rooms", lobby)??["unread"] == 0).then_some(())
    });
    users.quit();
}

#[test]
fn presence_and_a_new_name_reach_another_member() {
    let users = Users::online();
    let Users { ada, bob, server, .. } = &users;
    bob.must("away", json!({ "server": server, "away": true }));
    ada.sees_update(server, "bob away", |update| {
        people(update)?
            .iter()
            .any(|person| person.to_string().contains("away"))
            .then_some(())
    });
    bob.must("set_name", json!({ "name": "Robert" }));
    bob.sees("the new name", |event| {
        (event["event"] == "profile" && event["name"] == "Robert").then_some(())
    });
    ada.sees_update(server, "robert", |update| {
        people(update)?
            .iter()
            .any(|person| person["name"] == "Robert")
            .then_some(())
    });
    users.quit();
}

#[test]
fn a_forgotten_server_is_no_longer_listed() {
    let users = Users::online();
    let Users { bob, server, .. } = &users;
    let before = bob.events();
    bob.must("server_forget", json!({ "server": server }));
    bob.sees_after(before, "no server", |event| {
        (event["event"] == "servers" && event["servers"].as_array()?.is_empty()).then_some(())
    });
    users.quit();
}

#[test]
fn a_failed_message_can_be_retried_and_discarded() {
    let dir = tempfile::tempdir().unwrap();
    let app = TestApp::open(dir.path());
    let server = app.hosts("Home");
    let lobby = app.lobby(&server);
    app.must("host_stop", json!({}));
    let id = EntryId::fresh();
    // The session refuses a message without text before it sends anything.
    let body = json!({ "kind": "message", "text": " " });
    app.must(
        "send",
        json!({ "server": server, "room": lobby, "id": id, "body": body, "written": 1 }),
    );
    app.sees_update(&server, "a failed post", |update| is_outbox_in(update, "failed"));
    let before = app.events();
    app.must("retry", json!({ "server": server, "id": id }));
    app.sees_update_after(before, &server, "a queued post", |update| {
        is_outbox_in(update, "sending")
    });
    let before = app.events();
    app.must("discard", json!({ "server": server, "id": id }));
    app.sees_update_after(before, &server, "an empty outbox", |update| {
        (update["update"] == "outbox" && update["items"].as_array()?.is_empty()).then_some(())
    });
    app.quits();
}

fn is_outbox_in(update: &Value, state: &str) -> Option<()> {
    (update["update"] == "outbox" && update["items"][0]["state"]["state"] == state).then_some(())
}
