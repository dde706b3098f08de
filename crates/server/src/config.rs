//! The configuration of a server.

use ichat_protocol::Name;

/// The behaviour of a server. The data folder and the address are not here: the caller passes the open store and
/// listener.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name that people see in their list of servers.
    pub name: Name,
    /// `true` if people without a key may connect.
    pub guests: bool,
    /// DNS names by which the server may be addressed, besides IP addresses, `localhost`, `*.localhost` and `*.local`.
    /// Requests with any other name are rejected, which is what stops DNS rebinding.
    pub allowed_hosts: Vec<String>,
    /// Open connections in total, sessions of clients that poll included.
    pub max_connections: usize,
    /// Open connections from one address. Loopback addresses are exempt: a reverse proxy on this machine connects for
    /// everyone, and a local user can harm the machine in simpler ways.
    pub max_connections_per_address: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: default_name(),
            guests: true,
            allowed_hosts: Vec::new(),
            max_connections: 10_000,
            max_connections_per_address: 512,
        }
    }
}

impl Config {
    /// Returns the number of connections beyond `max_connections` that clients which poll may have to go on with their
    /// sessions.
    pub fn max_reserve(&self) -> usize {
        self.max_connections / 2
    }
}

fn default_name() -> Name {
    #[expect(clippy::expect_used, reason = "a literal")]
    Name::parse("I-Chat").expect("six plain letters are a name")
}
