//! The configuration of a server.

use ichat_protocol::Name;
use sysinfo::System;

/// The memory of the smallest machine that the server is made for, in bytes. It counts where the system doesn't say more.
const MIN_MACHINE_MEMORY: u64 = 512 * 1024 * 1024;

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
    /// Open connections from one address, or one IPv6 network (/64). Loopback addresses are exempt: a reverse proxy on this
    /// machine connects for everyone, and a local user can harm the machine in simpler ways.
    pub max_connections_per_address: usize,
    /// Bytes that wait for all clients together, and of their events that wait. When there are more, the connections with
    /// most of them are closed.
    pub max_memory: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: default_name(),
            guests: true,
            allowed_hosts: Vec::new(),
            max_connections: 10_000,
            max_connections_per_address: 512,
            max_memory: default_max_memory(),
        }
    }
}

/// Returns a quarter of the memory of this machine, or of the control group that limits it.
fn default_max_memory() -> usize {
    let total = System::new().ok().map_or(MIN_MACHINE_MEMORY, |mut system| {
        system.refresh_memory();
        let limit = system.cgroup_limits().map(|limits| limits.total_memory);
        system.total_memory().min(limit.unwrap_or(u64::MAX))
    });
    usize::try_from(total.max(MIN_MACHINE_MEMORY) / 4).unwrap_or(usize::MAX)
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
