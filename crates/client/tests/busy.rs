//! A real client on a real server that takes little from one person or address.
//!
//! - what is too much at once is sent later by itself, in its order and once, and nobody is told
//! - a client that the server asks to wait with its sign-in waits, also when the server is announced on the network meanwhile

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

mod common;

use common::{User, address};
use ichat_client::session::{Command, ConnectionStatus};
use ichat_server::Config;
use ichat_testkit::TestServer;

/// More than the server takes at once, and not as much as takes long.
const MESSAGES: usize = 120;

#[tokio::test]
async fn what_is_too_much_at_once_is_sent_later() {
    let config = Config {
        max_rate_per_person: 10,
        ..Config::default()
    };
    let server = TestServer::with_config(config).await;
    let mut alice = User::online("Alice", &server).await;
    let texts: Vec<_> = (0..MESSAGES).map(|number| format!("message {number}")).collect();
    for text in &texts {
        alice.says(text).await;
    }
    alice
        .does(Command::Browse {
            query: None,
            after: None,
        })
        .await;
    alice
        .until("all messages, and the rooms", |user| {
            user.outbox.is_empty() && user.texts().len() == MESSAGES && !user.directory.is_empty()
        })
        .await;
    assert_eq!(alice.texts(), texts);
    assert_eq!(alice.refusals, Vec::<String>::new());
}

#[tokio::test]
async fn an_announcement_does_not_shorten_a_wait_that_the_server_asks_for() {
    let config = Config {
        max_rate_per_address: 1,
        // The clients of this machine have no budget together, but those of a proxy that names none have.
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..Config::default()
    };
    let server = TestServer::with_config(config).await;
    // The first sign-in uses the budget up, and the second one, after a wait, puts it far into debt.
    let _others = [User::online("Alice", &server).await, User::online("Bob", &server).await];
    let mut cleo = User::new("Cleo");
    let at = [address(server.address)];
    let id = cleo.client.join(&at).await.unwrap();
    cleo.server = Some(id);
    cleo.until("a refusal", is_refused).await;
    cleo.connection = None;
    cleo.client.set_announced_addresses(id, &at).await;
    cleo.client.refresh().await;
    cleo.until("its status", |user| user.connection.is_some()).await;
    assert!(is_refused(&cleo), "{:?}", cleo.connection);
}

/// Returns `true` if the user waits for the next attempt because the server has refused the last one.
fn is_refused(user: &User) -> bool {
    matches!(
        &user.connection,
        Some(ConnectionStatus::Reconnecting {
            message: Some(_),
            trying: false,
            ..
        })
    )
}
