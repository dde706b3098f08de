//! I-Chat's server: rooms as logs, over Socket.IO. [`run`] gets its listener, its store, its stop signal and the
//! channel of the online count. The server knows nothing of windows, or of how people find it.
//!
//! Each folder uses only those above it:
//!
//! ```text
//!   metrics   what is counted and measured, in the form of Prometheus
//!   net       TCP: listening, accepting, limits, timeouts, the memory of what waits
//!   fanout    output: a client's queue, the hub, presence, heads
//!   commit    commit, then publish: one writer, one publisher
//!   session   the life of a connection: sign-in, and a function for each event
//!   web       HTTP: the routes, the check of hosts, the sessions of clients that poll, the web interface
//!   server    builds all of it, and shuts it down
//! ```
//!
//! They may also use `base_path`, `config` and `errors`.
//!
//! The path of a message:
//!
//! ```text
//!   acceptor ─▶ routes ─▶ socket_io ─▶ event_queue ─▶ connection ─▶ events/post
//!                                                                       │
//!                  all subscribers ◀── hub ◀── publisher ◀── writer ◀───┘
//! ```
//!
//! *Commit, then publish*: the posts of all connections go to the one writer, which commits all that wait in one
//! transaction. The one publisher then sends one `entries` event per room. Nothing waits for a slow client.

mod base_path;
#[cfg(feature = "broken")]
mod broken;
mod commit;
mod config;
mod errors;
mod fanout;
mod metrics;
mod net;
mod server;
mod session;
mod web;

pub use base_path::{BasePath, InvalidBasePath};
pub use config::Config;
pub use metrics::Metrics;
pub use net::free_port::listen_on_free_port;
pub use net::listen::{ListenError, listen};
pub use server::{ServeError, run, run_until};
pub use web::metrics_endpoint::serve_metrics;
