//! A client's connection, as the code that serves its requests sees it.

use std::net::IpAddr;

use crate::net::memory_budget::MemoryAccount;
use crate::net::written_bytes::WrittenBytes;

/// The connection of a request, in its extensions.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) peer: IpAddr,
    /// `true` for a connection beyond the limits, which serves requests of sessions only.
    pub(crate) is_reserve: bool,
    /// The bytes that were written to it.
    pub(crate) written: WrittenBytes,
    /// The bytes that wait for it. Its token closes the connection.
    pub(crate) account: MemoryAccount,
}
