//! Everything that goes out to clients: answers, broadcasts, presence and heads.
//!
//! ```text
//!   presence, heads ──▶ hub ──▶ client ──┬─▶ websocket    straight to the TCP socket
//!                       request ──▲      └─▶ socketioxide  for clients that poll
//! ```

pub(crate) mod client;
pub(crate) mod entry_batch;
pub(crate) mod heads;
pub(crate) mod hub;
pub(crate) mod outgoing_event;
pub(crate) mod presence;
pub(crate) mod request;
pub(crate) mod tutorial;
pub(crate) mod websocket;
