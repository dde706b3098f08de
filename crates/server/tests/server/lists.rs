//! Lists of rooms and people, however long they are.
//!
//! - no list is longer than a page, and the pages have everything once: rooms that a user is in, all rooms, members
//! - rooms and members are found by a part of their names, and members by their ids
//! - a request that names too much, or begins after nothing, is refused with a sentence
//! - a guest is listed as a member of the lobby
//! - the heads of very many rooms come in several events

use std::collections::BTreeSet;

use ichat_protocol::limits::{MAX_LIST_ITEMS, MAX_SYNC_ROOMS};
use ichat_protocol::{MemberId, RoomId};
use ichat_testkit::crowd::{add_guests, create_rooms};
use ichat_testkit::{Identity, Received, TestClient, TestServer, or_time_out};
use serde_json::{Value, json};

/// The size that docs/protocol.md gives for an event with a list.
const MAX_LIST_BYTES: usize = 192 * 1024;

/// Starts a server on which somebody is in so many rooms, and so many guests are in the lobby.
async fn crowded(rooms: usize, guests: usize) -> (TestServer, Identity) {
    let mut server = TestServer::start().await;
    let owner = Identity::random();
    let me = server.user_with("Owner", &owner).await.me().to_owned();
    create_rooms(server.store(), rooms, &MemberId::try_from(me).unwrap()).await;
    add_guests(server.store(), guests).await;
    server.stops().await;
    server.starts_again().await;
    (server, owner)
}

/// Checks the size of a list, and returns its items.
#[track_caller]
fn page(data: &Value, field: &str) -> Vec<Value> {
    let items = data[field].as_array().unwrap_or_else(|| panic!("{data}")).clone();
    let bytes = data.to_string().len();
    assert!(
        items.len() <= MAX_LIST_ITEMS as usize && bytes <= MAX_LIST_BYTES,
        "{} items, {bytes} bytes",
        items.len()
    );
    items
}

/// Requests the pages of a list, of which the first is known or not, and returns the ids of all items.
async fn all_pages(client: &mut TestClient, event: &str, request: Value, first: Option<Value>) -> Vec<String> {
    let mut ids = Vec::new();
    let mut answer = first;
    loop {
        let data = if let Some(data) = answer.take() {
            data
        } else {
            let mut request = request.clone();
            if let Some(last) = ids.last() {
                request["after"] = json!(last);
            }
            let response = client.request(event, &[request]).await;
            assert_eq!(response["event"], event, "{response}");
            response["data"].clone()
        };
        let items = page(&data, if event == "members" { "members" } else { "rooms" });
        ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        if data["more"] != true {
            return ids;
        }
    }
}

#[track_caller]
fn assert_distinct(ids: &[String], count: usize) {
    assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (count, count));
}

#[tokio::test]
async fn no_list_is_longer_than_a_page() {
    let (server, owner) = crowded(1_000, 1_500).await;
    let mut client = server.user_with("Owner", &owner).await;
    let hello = client.hello.clone();
    let joined = all_pages(&mut client, "rooms", json!({ "joined": true }), Some(hello)).await;
    assert_distinct(&joined, 1_001);
    assert_eq!(joined[0], server.lobby().to_string());

    let mut stranger = server.user("Stranger").await;
    assert_eq!(page(&stranger.hello, "rooms").len(), 1);
    let all = all_pages(&mut stranger, "rooms", json!({}), None).await;
    assert_distinct(&all, 1_001);
    let members = all_pages(&mut stranger, "members", json!({ "room": server.lobby() }), None).await;
    assert_distinct(&members, 1_502);
    assert_eq!(members.last().unwrap(), stranger.me(), "a new member is the last");
}

#[tokio::test]
async fn rooms_and_members_are_found_by_their_names() {
    let (server, _) = crowded(120, 1_200).await;
    let mut client = server.user("Stranger").await;
    let names = |answer: &Value, field: &str| -> Vec<String> {
        let items = page(&answer["data"], field);
        items
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let found = client.request("rooms", &[json!({ "query": "ROOM 11" })]).await;
    let rooms = names(&found, "rooms");
    assert_eq!((rooms.len(), &*rooms[0], &*rooms[1]), (11, "Room 11", "Room 110"));
    assert_eq!(
        (&found["data"]["query"], &found["data"]["more"]),
        (&json!("ROOM 11"), &json!(null))
    );
    let id = page(&found["data"], "rooms")[3]["id"].as_str().unwrap().to_owned();
    let by_id = client.request("rooms", &[json!({ "query": id })]).await;
    assert_eq!(page(&by_id["data"], "rooms")[0]["id"], json!(id));

    let lobby = server.lobby();
    let found = client
        .request("members", &[json!({ "room": lobby, "query": "guest 119" })])
        .await;
    let guests = names(&found, "members");
    assert_eq!(
        (guests.len(), &*guests[0], &found["data"]["more"]),
        (11, "Guest 119", &json!(false))
    );
    let ids: Vec<Value> = page(&found["data"], "members")
        .iter()
        .map(|member| member["id"].clone())
        .collect();
    let by_id = client
        .request("members", &[json!({ "room": lobby, "ids": &ids[2..4] })])
        .await;
    assert_eq!(names(&by_id, "members"), guests[2..4]);
    assert_eq!(by_id["data"].get("more"), None);
}

#[tokio::test]
async fn a_request_that_can_not_be_answered_is_refused() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let (lobby, me) = (server.lobby(), alice.me().to_owned());
    let too_many = vec![json!(me); MAX_LIST_ITEMS as usize + 1];
    for (event, request, code, sentence) in [
        (
            "rooms",
            json!({ "query": "x".repeat(65) }),
            "too_large",
            "at most 64 characters",
        ),
        (
            "rooms",
            json!({ "after": RoomId::fresh() }),
            "unknown_room",
            "no such room",
        ),
        (
            "rooms",
            json!({ "joined": true, "after": RoomId::fresh() }),
            "unknown_room",
            "no such room",
        ),
        (
            "members",
            json!({ "room": lobby, "ids": too_many }),
            "too_large",
            "at most 100 members",
        ),
        (
            "members",
            json!({ "room": lobby, "ids": ["x"] }),
            "bad_request",
            "\"ids\"",
        ),
        (
            "members",
            json!({ "room": lobby, "query": "x".repeat(65) }),
            "too_large",
            "at most 64 characters",
        ),
        (
            "members",
            json!({ "room": lobby, "after": "guest-01890a5d-ac96-774b-bcce-b302099a8057" }),
            "bad_request",
            "\"after\"",
        ),
    ] {
        let refused = alice.request(event, &[request]).await;
        let error = &refused["data"]["error"];
        assert_eq!(error["code"], code, "{refused}");
        assert!(error["message"].as_str().unwrap().contains(sentence), "{refused}");
    }
}

#[tokio::test]
async fn a_guest_is_listed_as_a_member_of_the_lobby() {
    let server = TestServer::start().await;
    let mut guest = server.guest().await;
    let lobby = json!(server.lobby());
    for request in [json!({ "joined": true }), json!({}), json!({ "query": "lob" })] {
        let listed = guest.request("rooms", &[request]).await;
        let rooms = page(&listed["data"], "rooms");
        assert_eq!((&rooms[0]["id"], &rooms[0]["joined"]), (&lobby, &json!(true)));
    }
}

#[tokio::test]
async fn the_heads_of_very_many_rooms_come_in_several_events() {
    let (server, owner) = crowded(MAX_SYNC_ROOMS + 1, 0).await;
    let mut client = server.user_with("Owner", &owner).await;
    let hello = client.hello.clone();
    let joined = all_pages(&mut client, "rooms", json!({ "joined": true }), Some(hello)).await;
    for rooms in joined.chunks(500) {
        let cursors: serde_json::Map<_, _> = rooms.iter().map(|room| (room.clone(), Value::Null)).collect();
        client.request("sync", &[json!({ "rooms": cursors })]).await;
    }
    or_time_out(async {
        let mut heads = BTreeSet::new();
        while heads.len() < joined.len() {
            if let Received::Event(event, data) = client.next().await
                && event == "heads"
            {
                let some = data[0]["heads"].as_object().unwrap();
                assert!(some.len() <= MAX_SYNC_ROOMS);
                heads.extend(some.keys().cloned());
            }
        }
    })
    .await;
}
