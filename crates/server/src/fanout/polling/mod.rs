//! Clients that poll, also after their upgrade to a WebSocket: their sessions, and the way to send to them.

pub(crate) mod session;
#[cfg(test)]
pub(crate) mod test_poller;
pub(crate) mod transport;
