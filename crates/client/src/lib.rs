//! A client for I-Chat servers: it connects and reconnects, keeps a replica of each server's rooms, and sends posts
//! until they are acknowledged.
//!
//! ```text
//!   Client ── running_sessions ── SessionMessage ──▶ session_driver   one task per server
//!     │                                               │  │ └─ session      the rules: a state machine without I/O
//!     └─ state: profile, known_servers, server_prober │  └─── replica      ichat-store
//!   Updates ◀──────────── ClientUpdate ───────────────┤
//!                                                    connection           one attempt, one connection
//!                                                     ├─ server_prober     finds the address where the server answers
//!                                                     └─ socket            the only user of rust_socketio
//! ```
//!
//! [`Client::open`] returns the handle for commands and the stream of updates. The crate has no user interface: the desktop
//! shell and `ichat-cli` are built on it.

mod address;
mod atomic_file;
mod client;
mod clock;
mod connection;
mod error;
mod known_servers;
mod message;
mod parallel;
mod profile;
mod random_name;
mod replica;
mod running_sessions;
mod server_prober;
pub mod session;
mod session_driver;
mod socket;
mod state;
mod updates;

pub use address::{Address, InvalidAddress};
pub use atomic_file::write_atomically;
pub use client::Client;
pub use clock::Clock;
pub use error::{CommandError, JoinError, OpenError, ProbeError};
pub use known_servers::KnownServer;
pub use parallel::UnsentMark;
pub use profile::Profile;
pub use updates::{ClientUpdate, Updates};
