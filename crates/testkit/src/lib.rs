//! Test support that several crates share, so that there is one implementation of each part.
//!
//! ```text
//!   TestServer ──── ichat_server::run on a free port          (feature `server`; tests of server and client)
//!   crowd ───────── very many rooms and members                (feature `server`)
//!   TestClient ──── a user who speaks the protocol: says, sees, receives
//!     └ SocketIoClient ── Socket.IO packets over a WebSocket  (also the crowds of `faults`)
//!         └ websocket ─── frames of bytes that were read elsewhere (the proxy, the load generator of `bench`)
//!   Proxy ───────── between a client and a server: drops packets, cuts connections, becomes a black hole
//!   SessionModel ── the session machine in a model of the network   (feature `session-model`; client and `faults`)
//!   typescript ──── the generated types of the interface
//!   net ─────────── network namespaces, and links between them (Linux); `in_own_network` runs a test in one
//! ```
//!
//! [`SocketIoClient`] shares no code with the server and none with `ichat-client`, so that a mistake would have to be
//! made twice to go unnoticed. The crate depends on `ichat-protocol` alone; the feature `server` adds the server, and
//! `session-model` the client.

#[cfg(feature = "server")]
pub mod crowd;
mod identity;
#[cfg(target_os = "linux")]
pub mod net;
mod own_network;
pub mod proxy;
mod reserved_port;
#[cfg(feature = "session-model")]
pub mod session_model;
pub mod socket_io;
mod test_client;
#[cfg(feature = "server")]
mod test_server;
mod typescript;
pub mod websocket;

pub use identity::{Identity, challenge, challenge_request, name, read_challenge};
pub use own_network::in_own_network;
pub use reserved_port::ReservedPort;
pub use socket_io::SocketIoClient;
pub use test_client::{Received, TestClient, entries, message, message_text, or_time_out};
#[cfg(feature = "server")]
pub use test_server::{TestServer, lobby_log};
pub use typescript::assert_generated;
