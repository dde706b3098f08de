//! I-Chat's server: rooms as logs, over Socket.IO. It is handed its listener, its store and its stop signal, and knows
//! nothing of windows or of how people find it.
//!
//! ```text
//!   accept ── http ─┬─ guard      who may ask at all
//!                   ├─ pages      the web interface
//!                   └─ Socket.IO ── connect      who comes in
//!                                      │
//!                                    inbox       events, in order of arrival
//!                                      │
//!                                  connection    one task each ──▶ events/*   one event, one function
//!                                                                     │  └───── shelf      a page many want, read once
//!                                                                     │
//!        people, heads ──▶ clients ◀── publish ◀── commit ◀── writer ◀┘   one of each
//! ```
//!
//! *Commit, then publish*: posts of all connections go to the one writer, which makes one transaction of everything that
//! waits; the one publisher sends one `entries` per room and commit. Nothing waits for a slow client.

mod accept;
mod asker;
mod audience;
mod classic;
mod config;
mod connect;
mod connection;
mod events;
mod frame;
mod guard;
mod heads;
mod house;
mod http;
mod inbox;
mod lane;
mod listen;
mod nonce;
mod overtaking;
mod pages;
mod people;
mod publish;
mod seat;
mod serve;
mod shelf;
mod upgrade;
mod writer;

pub use config::Config;
pub use listen::{DEFAULT_PORT, ListenError, listen};
pub use serve::{ServeError, run};
