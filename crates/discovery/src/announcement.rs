//! The description of a server to announce.

use uuid::Uuid;

/// A server as it is announced on the local network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The server's id. Clients recognise a server by it.
    pub server: Uuid,
    /// The name that people read. It is cut to 250 bytes, and control characters are removed.
    pub name: String,
    /// The highest protocol version that the server supports.
    pub protocol: u32,
    /// The TCP port on which the server listens, on all addresses. Not 0.
    pub port: u16,
    /// The path below which the server serves everything. It begins and ends with a slash; `/` is all of the address. Listeners
    /// read one of at most 100 letters, digits and `-._~/`, and take any other for `/`.
    pub path: String,
}
