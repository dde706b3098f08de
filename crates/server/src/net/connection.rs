//! A client's connection, as the code that serves its requests sees it.

use std::net::IpAddr;

use crate::net::backlog::WeakBacklogSlot;
use crate::net::client_address::ClientAddress;
use crate::net::limiter::PermitSlot;
use crate::net::memory_budget::MemoryAccount;

/// The connection of a request, in its extensions.
#[derive(Clone)]
pub(crate) struct Connection {
    /// The client's address: the other end's or, behind a trusted proxy, that which the proxy names in the request.
    pub(crate) peer: IpAddr,
    /// `true` if a trusted proxy has opened it.
    pub(crate) is_proxied: bool,
    /// The permit of the WebSocket that it has become, if it is proxied.
    pub(crate) websocket_permit: PermitSlot,
    /// `true` for a connection beyond the limits, which serves requests of sessions only.
    pub(crate) is_reserve: bool,
    /// The place for the backlog that its writes reduce.
    pub(crate) backlog: WeakBacklogSlot,
    /// The bytes that wait for it. Its token closes the connection.
    pub(crate) account: MemoryAccount,
}

impl Connection {
    /// Returns the address that limits count.
    pub(crate) fn address(&self) -> ClientAddress {
        ClientAddress::of(self.peer)
    }
}
