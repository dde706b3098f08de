//! Reactions and edits, however many there are.
//!
//! - who was away while one message got very many reactions, and one of them was set and removed very often, gets in step, by
//!   pages that are bounded in bytes; so does who loads the message later
//! - a reaction too many is refused with a sentence, and another one can be removed for it
//! - guests leave people with a key the half of a message's reactions

use ichat_protocol::limits::MAX_OWN_REACTIONS;
use ichat_protocol::{Body, EntryId, MemberId, RoomId, Seq};
use ichat_store::NewEntry;
use ichat_testkit::{TestClient, TestServer, crowd, entries};
use serde_json::{Value, json};

/// The size that docs/protocol.md gives for a page.
const MAX_PAGE_BYTES: usize = 512 * 1024;

const EMOJI: [&str; 21] = [
    "👍", "👎", "😀", "😁", "😂", "😃", "😄", "😅", "😆", "😇", "😈", "😉", "😊", "😋", "😌", "😍", "😎", "😏", "😐",
    "😑", "😒",
];

fn reaction(room: RoomId, author: &MemberId, to: EntryId, emoji: &str, on: bool) -> NewEntry {
    let emoji = emoji.to_owned();
    crowd::entry(room, author, Body::React { to, emoji, on })
}

/// Posts a reaction, and returns the acknowledgement.
async fn reacts(client: &mut TestClient, to: EntryId, emoji: &str, on: bool) -> Value {
    let body = json!({ "kind": "react", "to": to, "emoji": emoji, "on": on });
    let post = json!({ "room": client.lobby(), "id": EntryId::fresh(), "body": body });
    client.request("post", &[post]).await
}

#[tokio::test]
async fn very_many_reactions_keep_nobody_out_of_step() {
    let mut server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let lobby = server.lobby();
    alice.subscribes(lobby).await;
    let mut messages = Vec::new();
    for n in 0..5 {
        messages.push(alice.says(&n.to_string()).await);
        alice.sees(&n.to_string()).await;
    }
    let head = server.store().head(lobby).await.unwrap().unwrap();
    let people = crowd::add_people(server.store(), 25).await;
    for message in &messages {
        let all = people
            .iter()
            .flat_map(|person| EMOJI[..20].iter().map(move |emoji| (person, *emoji)));
        let reactions = all.map(|(person, emoji)| reaction(lobby, person, *message, emoji, true));
        server.store().commit(reactions.collect()).await.unwrap();
    }
    let toggles = (0..3_000).map(|n| reaction(lobby, &people[0], messages[0], "👍", n % 2 == 0));
    server.store().commit(toggles.collect()).await.unwrap();
    server.stops().await;
    server.starts_again().await;

    let end = server.store().head(lobby).await.unwrap().unwrap().seq;
    let mut bob = server.user("Bob").await;
    // Bob was away since before the first message.
    let cursor = json!({ "epoch": head.epoch, "seq": head.seq.0 - 5 });
    bob.emit("sync", json!({ "rooms": { lobby.to_string(): cursor } }))
        .await;
    let mut last = Seq(head.seq.0 - 5);
    while last < end {
        let page = bob.receives("page").await;
        assert!(page.to_string().len() < MAX_PAGE_BYTES);
        let entries = entries(&page);
        assert_eq!(entries.first().unwrap().seq, last.next());
        last = entries.last().unwrap().seq;
    }
    let history = json!({ "room": lobby, "after": head.seq.0 - 5, "before": head.seq.0 + 1 });
    let page = bob.request("history", &[history]).await;
    assert!(
        page.to_string().len() < MAX_PAGE_BYTES,
        "{} bytes",
        page.to_string().len()
    );
    let later = page["data"]["later"].as_array().unwrap();
    assert!(later.len() >= 499, "{} reactions", later.len());
}

#[tokio::test]
async fn a_reaction_too_many_is_refused() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    alice.subscribes(server.lobby()).await;
    let message = alice.says("hi").await;
    alice.sees("hi").await;
    let limit = MAX_OWN_REACTIONS as usize;
    for emoji in &EMOJI[..limit] {
        assert_eq!(reacts(&mut alice, message, emoji, true).await["event"], "entries");
    }
    let refused = reacts(&mut alice, message, EMOJI[limit], true).await;
    let error = &refused["data"]["error"];
    assert_eq!(error["code"], "too_large");
    assert!(
        error["message"].as_str().unwrap().contains("remove a reaction first"),
        "{refused}"
    );
    assert_eq!(reacts(&mut alice, message, EMOJI[0], false).await["event"], "entries");
    assert_eq!(
        reacts(&mut alice, message, EMOJI[limit], true).await["event"],
        "entries"
    );
}

#[tokio::test]
async fn guests_leave_people_with_a_key_the_half_of_the_reactions() {
    let server = TestServer::start().await;
    let mut alice = server.user("Alice").await;
    let lobby = server.lobby();
    alice.subscribes(lobby).await;
    let message = alice.says("hi").await;
    alice.sees("hi").await;
    let guests = crowd::add_guests(server.store(), 25).await;
    let all = guests
        .iter()
        .flat_map(|guest| EMOJI[..20].iter().map(move |emoji| (guest, *emoji)));
    let reactions = all.map(|(guest, emoji)| reaction(lobby, guest, message, emoji, true));
    server.store().commit(reactions.collect()).await.unwrap();
    let mut guest = server.guest().await;
    let refused = reacts(&mut guest, message, "👍", true).await;
    let error = &refused["data"]["error"];
    assert_eq!(error["code"], "too_large", "{refused}");
    let sentence = error["message"].as_str().unwrap();
    assert!(sentence.contains("people with a key can still react"), "{sentence}");
    assert_eq!(reacts(&mut alice, message, "👍", true).await["event"], "entries");
}
