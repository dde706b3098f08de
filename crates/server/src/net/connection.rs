//! A client's connection, as the code that serves its requests sees it.

use std::net::IpAddr;

use crate::net::backlog::WeakBacklogSlot;
use crate::net::memory_budget::MemoryAccount;

/// The connection of a request, in its extensions.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) peer: IpAddr,
    /// `true` for a connection beyond the limits, which serves requests of sessions only.
    pub(crate) is_reserve: bool,
    /// The place for the backlog that its writes reduce.
    pub(crate) backlog: WeakBacklogSlot,
    /// The bytes that wait for it. Its token closes the connection.
    pub(crate) account: MemoryAccount,
}
