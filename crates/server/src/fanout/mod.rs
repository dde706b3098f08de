//! Everything that goes out to clients: responses, broadcasts, presence and heads.
//!
//! ```text
//!   presence, heads ──▶ hub ──▶ transport ──┬─▶ websocket   straight to the TCP socket
//!   request ──────▶ client ────────▲        └─▶ polling     into socketioxide's queue
//! ```

pub(crate) mod chat_message;
pub(crate) mod client;
pub(crate) mod engine_io_request;
pub(crate) mod entry_batch;
pub(crate) mod heads;
pub(crate) mod hub;
pub(crate) mod online_members;
pub(crate) mod outgoing_event;
pub(crate) mod polling;
pub(crate) mod presence;
pub(crate) mod queue_bound;
pub(crate) mod request;
pub(crate) mod transport;
pub(crate) mod websocket;
