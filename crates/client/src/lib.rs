//! Sessions with I-Chat servers: connect, replica, outbox, resume.
//!
//! ```text
//!   Client ── sessions ── inbox ────▶ runner    one task for each server
//!     │                               │  │ └── session   the rules, as a plain state machine
//!     └ shared: profile, servers      │  └──── replica ─▶ ichat-store
//!   Updates ◀── ClientUpdate ─────────┤
//!                                    line      one attempt, one connection
//!                                     ├── hello    who answers where, raced over all addresses
//!                                     └── socket   the one place that knows rust_socketio
//! ```
//!
//! [`Client::open`] gives the handle for commands and the stream of what happens. It needs no window; `ichat-cli` stands on it.

mod address;
mod client;
mod clock;
mod error;
mod hello;
mod inbox;
mod line;
mod profile;
mod replica;
mod runner;
mod servers;
pub mod session;
mod sessions;
mod shared;
mod socket;
mod updates;

pub use address::{Address, DEFAULT_PORT, InvalidAddress};
pub use client::Client;
pub use clock::Clock;
pub use error::{CommandError, JoinError, OpenError};
pub use hello::HelloError;
pub use profile::Profile;
pub use servers::KnownServer;
pub use updates::{ClientUpdate, Updates};
