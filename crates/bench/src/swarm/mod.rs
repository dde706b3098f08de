//! The load generator: many WebSocket clients in one thread, which do as little as they can beside what the server has
//! to do.
//!
//! ```text
//!   Swarm ── polls the sockets ──▶ Client (one each) ── frames ──▶ Receiver (shared) ──▶ Deliveries
//!     └ run(Workload) -> Sample: sends messages, and waits until every client has every message
//! ```
//!
//! A client makes one `read` for everything that has come, and searches it for the marks in the messages instead of
//! parsing it. The marks go into [`Deliveries`](deliveries::Deliveries), which checks that each client gets every
//! message once, each sender's in order, and counts in how many orders the clients got them.

mod client;
mod connections;
mod deliveries;
mod message;
mod receiver;
#[cfg(test)]
mod tests;
mod workload;

pub(crate) use connections::Swarm;
pub(crate) use receiver::Protocol;
pub(crate) use workload::{Sample, Workload};
