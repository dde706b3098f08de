//! The direct fan-out: how events reach a client that connects as a WebSocket.
//!
//! ```text
//!   publisher ── one Frame for all clients ──▶ OutboundQueue ──┐
//!                                                              ├──▶ TCP
//!   socketioxide ── its own packets ─────────▶ MuxStream ──────┘
//! ```
//!
//! socketioxide gives each client a copy, a queue and a task to wake for every packet. A broadcast is the same bytes
//! for all clients, so here the publisher writes one shared frame straight to each socket. The contract:
//!
//! 1. A broadcast is encoded once, and its bytes are shared by all queues.
//! 2. Sending never waits: the frame goes to the socket, and what the system does not take stays in the queue.
//! 3. A queue is bounded in frames and bytes. A broadcast that finds it full is dropped for this client, which finds
//!    the gap.
//! 4. Direct messages may use twice the bound, since a client cannot detect that one is missing.
//! 5. Frames leave whole and in order. socketioxide's packets pass through the same queue, so the two never mix within
//!    a frame.
//! 6. Events sent before socketioxide's `CONNECT` packet are buffered within the same bound, and follow it. After a
//!    disconnect nothing is sent.
//! 7. Where a connection ends because of what the client sent, the client receives the reason before. Nothing is read from a
//!    client whose connection the server ends.
//! 8. socketioxide waits while the queue is above its high-water mark, and nothing is read meanwhile.
//! 9. The connection's reading task drains the queue.
//! 10. A client that reads nothing for 30 seconds is disconnected.
//! 11. A message whose end has not arrived counts in the connection's account.
//! 12. socketioxide keeps handshakes, heartbeats and all input. Clients that poll use it for output as well.

pub(crate) mod frame;
mod mux_stream;
pub(crate) mod outbound_queue;
#[cfg(test)]
mod tests;
mod unfinished_message;
pub(crate) mod upgrade;
