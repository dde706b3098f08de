//! Signing in.
//!
//! - a key makes a member of the lobby, once
//! - a member who signs in under another name is renamed in their rooms
//! - a guest becomes a member with the first message, and not before
//! - a guest who connects with their secret is the same person, also after a restart: they can repeat a post, edit their message
//!   and change their name; the device alone makes nobody a known guest, nor does an invented secret
//! - a client that may not connect learns the reason: a wrong payload, another protocol version, a wrong signature, a
//!   nonce that was used or invented
//! - a server without guests requires a key
//! - a client that takes half a minute to sign in, as on a busy machine, is let in

use std::time::Duration;

use ichat_protocol::{Body, DeviceId, EntryId};
use ichat_server::Config;
use ichat_testkit::{Identity, SocketIoClient, TestClient, TestServer, challenge, entries, message, message_text};
use serde_json::{Value, json};

#[tokio::test]
async fn a_key_makes_a_member_of_the_lobby_once() {
    let server = TestServer::start().await;
    let identity = Identity::random();
    let alice = server.user_with("Alice", &identity).await;
    assert_eq!(alice.hello["name"], "Alice");
    assert_eq!(alice.hello["protocol"], 1);
    assert_eq!(alice.hello["rooms"][0]["joined"], true);
    assert_eq!(alice.hello["device"], json!(identity.device));
    let again = server.user_with("Alice", &identity).await;
    assert_eq!(again.me(), alice.me());
    let joined: Vec<_> = server
        .log()
        .await
        .into_iter()
        .filter(|entry| matches!(entry.body, Body::Joined { .. }))
        .collect();
    assert_eq!(joined.len(), 1, "{joined:?}");
}

#[tokio::test]
async fn a_new_name_at_sign_in_renames_the_member() {
    let server = TestServer::start().await;
    let identity = Identity::random();
    drop(server.user_with("Alice", &identity).await);
    let mut bob = server.user("Bob").await;
    bob.subscribes(server.lobby()).await;
    server.user_with("Alicia", &identity).await;
    let seen = entries(&bob.receives("entries").await);
    assert!(
        matches!(&seen[0].body, Body::MemberRenamed { name, .. } if name.as_str() == "Alicia"),
        "{seen:?}"
    );
}

#[tokio::test]
async fn a_guest_becomes_a_member_with_the_first_message() {
    let server = TestServer::start().await;
    let before = server.log().await.len();
    let mut guest = server.guest().await;
    assert!(guest.me().starts_with("guest-"));
    assert_eq!(guest.hello["rooms"][0]["joined"], true);
    assert_eq!(server.log().await.len(), before);
    guest.says("hello").await;
    let seen = entries(&guest.receives("entries").await);
    assert!(
        matches!(&seen[0].body, Body::Joined { name } if name.as_str() == guest.hello["name"]),
        "{seen:?}"
    );
    assert_eq!(message_text(&seen[1]), Some("hello"));
    guest.says("again").await;
    guest.sees("again").await;
    assert_eq!(server.log().await.len(), before + 3);
}

#[tokio::test]
async fn a_guest_with_their_secret_is_the_same_person() {
    let mut server = TestServer::start().await;
    let device = DeviceId::fresh();
    let mut guest = TestClient::join(
        server.address,
        json!({ "protocol": 1, "name": "Ping", "device": device }),
    )
    .await;
    let (me, secret) = (guest.me().to_owned(), guest.hello["guest_secret"].clone());
    let id = guest.says("hello").await;
    guest.sees("hello").await;
    drop(guest);
    server.stops().await;
    server.starts_again().await;

    let auth = json!({ "protocol": 1, "guest_secret": secret });
    let mut back = TestClient::join(server.address, auth).await;
    assert_eq!((back.me(), &back.hello["name"]), (me.as_str(), &json!("Ping")));
    let repeated = back.request("post", &[message(server.lobby(), id, "hello")]).await;
    assert_eq!(repeated["event"], "entries", "{repeated}");
    let edit = json!({ "kind": "edit", "of": id, "text": "hello, all" });
    let edit = json!({ "room": server.lobby(), "id": EntryId::fresh(), "body": edit });
    let edited = back.request("post", &[edit]).await;
    assert_eq!(edited["event"], "entries", "{edited}");

    let auth = json!({ "protocol": 1, "name": "Pong", "guest_secret": back.hello["guest_secret"] });
    let renamed = TestClient::join(server.address, auth).await;
    assert_eq!((renamed.me(), &renamed.hello["name"]), (me.as_str(), &json!("Pong")));
    let bodies: Vec<_> = server.log().await.into_iter().map(|entry| entry.body).collect();
    let [
        ..,
        Body::Joined { name: joined },
        Body::Message { .. },
        Body::Edit { .. },
        Body::MemberRenamed { name, .. },
    ] = bodies.as_slice()
    else {
        panic!("{bodies:?}");
    };
    assert_eq!([joined.as_str(), name.as_str()], ["Ping", "Pong"]);

    for stranger in [
        json!({}),
        json!({ "guest_secret": "A".repeat(54) }),
        json!({ "guest_secret": me }),
    ] {
        let mut auth = json!({ "protocol": 1, "name": "Ping", "device": device });
        auth.as_object_mut()
            .unwrap()
            .extend(stranger.as_object().unwrap().clone());
        let stranger = TestClient::join(server.address, auth).await;
        assert_ne!(stranger.me(), me);
    }
    let error = TestClient::connect_error(server.address, json!({ "protocol": 1, "guest_secret": 7 })).await;
    assert!(error.contains("guest_secret"), "{error}");
}

#[tokio::test]
async fn a_client_that_may_not_connect_learns_the_reason() {
    let server = TestServer::start().await;
    let connect_error = async |auth: Value| TestClient::connect_error(server.address, auth).await;
    let text = connect_error(json!({ "protocol": 7 })).await;
    assert!(
        text.contains("version 1") && text.contains("speaks 7"),
        "both versions are named: {text}"
    );

    let good = Identity::random().auth(server.address, "Alice").await.unwrap();
    let good_but = |field: &str, value: Value| {
        let mut auth = good.clone();
        auth[field] = value;
        auth
    };
    let unsigned_nonce = challenge(server.address).await.unwrap().nonce;
    let cases = [
        (json!({ "protocol": 7 }), "protocol"),
        (json!({ "protocol": "one" }), "protocol"),
        (json!("text"), "bad_request"),
        (json!([1]), "bad_request"),
        (json!({ "name": "x".repeat(10_000) }), "bad_request"),
        (json!({ "name": 7 }), "bad_request"),
        (json!({ "protocol": 1, "device": "here" }), "bad_request"),
        (json!({ "protocol": 1, "key": "short" }), "bad_request"),
        (good_but("nonce", json!(unsigned_nonce)), "auth"),
        (good_but("nonce", json!("invented")), "auth"),
        (good_but("device", json!(EntryId::fresh())), "auth"),
        (good_but("name", json!("\u{202e}")), "bad_request"),
        (good_but("protocol", json!(2)), "protocol"),
    ];
    for (auth, code) in cases {
        let shown: String = auth.to_string().chars().take(200).collect();
        let text = connect_error(auth).await;
        assert_eq!(text.split(": ").next(), Some(code), "{shown}: {text}");
    }

    // None of these has used the nonce up.
    let mut alice = TestClient::join(server.address, good.clone()).await;
    let text = connect_error(good).await;
    assert!(text.starts_with("auth: "), "the nonce is used: {text}");
    alice.request("rooms", &[]).await;
}

#[tokio::test]
async fn a_server_without_guests_requires_a_key() {
    let server = TestServer::with_config(Config {
        guests: false,
        ..Config::default()
    })
    .await;
    for auth in [
        Value::Null,
        json!({}),
        json!({ "protocol": 1 }),
        json!({ "name": "Bob" }),
    ] {
        let text = TestClient::connect_error(server.address, auth).await;
        assert!(text.starts_with("no_guests: "), "{text}");
    }
    assert!(!challenge(server.address).await.unwrap().guests);
    server.user("Alice").await;
}

#[tokio::test]
async fn a_client_that_takes_half_a_minute_to_sign_in_is_let_in() {
    let server = TestServer::start().await;
    let auth = Identity::random().auth(server.address, "Alice").await.unwrap();
    let socket = SocketIoClient::open(server.address).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(30)).await;
    tokio::time::resume();
    let mut alice = TestClient::join_over(socket, auth).await;
    alice.subscribes(server.lobby()).await;
    alice.says("late").await;
    alice.sees("late").await;
}
