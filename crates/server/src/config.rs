//! What whoever runs a server may choose.

use ichat_protocol::Name;

/// How a server behaves. The data folder and the address are not here: the caller hands in the open store and listener.
#[derive(Clone, Debug)]
pub struct Config {
    /// What people see in their list of servers.
    pub name: Name,
    /// Whether people without a key are let in.
    pub guests: bool,
    /// DNS names by which the server may be addressed, besides IP addresses, `localhost` and `*.local`.
    /// Any other name in a request is refused, which is what stops DNS rebinding.
    pub allowed_hosts: Vec<String>,
    /// Open connections at once, from everywhere.
    pub max_connections: usize,
    /// Open connections at once from one address. The loopback addresses are excepted: a reverse proxy on this
    /// machine speaks for everybody, and whoever is on this machine can harm it in simpler ways.
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

fn default_name() -> Name {
    #[expect(clippy::expect_used, reason = "a literal")]
    Name::parse("I-Chat").expect("six plain letters are a name")
}
