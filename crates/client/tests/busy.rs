//! A real client on a real server that takes little from one person.
//!
//! - what is too much at once is sent later by itself, in its order and once, and nobody is told

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

mod common;

use common::User;
use ichat_client::session::Command;
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
