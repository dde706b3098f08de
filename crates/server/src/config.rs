//! The configuration of a server.

use ichat_protocol::Name;
use ipnet::IpNet;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

use crate::base_path::BasePath;
use crate::metrics::Metrics;

/// The memory of the smallest machine that the server is made for, in bytes. It counts where the system doesn't say more.
const MIN_MACHINE_MEMORY: u64 = 512 * MIB;
const MIB: u64 = 1024 * 1024;

/// The behaviour of a server. The data folder and the address are not here: the caller passes the open store and
/// listener.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name that people see in their list of servers.
    pub name: Name,
    /// `true` if people without a key may connect.
    pub guests: bool,
    /// The path below which everything is served.
    pub base_path: BasePath,
    /// DNS names by which the server may be addressed, besides IP addresses, `localhost`, `*.localhost` and `*.local`.
    /// Requests with any other name are rejected, which is what stops DNS rebinding.
    pub allowed_hosts: Vec<String>,
    /// Open connections in total, sessions of clients that poll included. On a full server such clients may open more, see
    /// [`Self::max_open_connections`].
    pub max_connections: usize,
    /// Open connections from one address, or one IPv6 network (/64). All loopback addresses count as one. Connections of trusted
    /// proxies are exempt, and their clients are not.
    pub max_connections_per_address: usize,
    /// The networks of reverse proxies that name their clients' addresses. A request that comes from one never counts as one of
    /// this machine's programs, whatever it names.
    pub trusted_proxies: Vec<IpNet>,
    /// Bytes that are queued for all clients together, and bytes of their events that wait for a response. When there are more,
    /// the connections with the most are closed.
    pub max_memory: usize,
    /// Units that one person, with all of their devices, may spend in each second. A short post costs one, what makes the server
    /// do more costs more (`session/costs.rs`). Ten seconds' worth may be spent at once. Beyond it the server answers `busy`. 0
    /// is no limit.
    pub max_rate_per_person: u32,
    /// The same for all clients of one address together. Loopback addresses are exempt.
    pub max_rate_per_address: u32,
    /// Rooms that a person may create within 24 hours. The guests at one address count as one person. 0 is no limit.
    pub max_rooms_per_day: u32,
    /// Rooms that a person with a key may create in all. 0 is no limit.
    pub max_rooms_per_person: u32,
    /// Entries that a person with a key may write within 24 hours. 0 is no limit, here and in the following.
    pub max_entries_per_day: u32,
    /// Bytes of the packets with these entries.
    pub max_bytes_per_day: u64,
    /// Entries that the guests at one address may write within 24 hours, all together.
    pub max_guest_entries_per_day: u32,
    /// Bytes of the packets with these entries.
    pub max_guest_bytes_per_day: u64,
    /// Free bytes on the disk below which nobody posts: members read, delete and leave.
    pub disk_reserve: u64,
    /// Free bytes on the disk below which guests write nothing: the rest is for people with a key.
    pub guest_disk_reserve: u64,
    /// Where the server counts what it does. Clones of the configuration share it.
    pub metrics: Metrics,
}

impl Config {
    /// Returns the number of connections that may be open: half as many more than `max_connections`, so that clients that poll
    /// can go on with their sessions on a full server.
    pub fn max_open_connections(&self) -> usize {
        self.max_connections.saturating_add(self.max_connections / 2)
    }

    /// Returns the number of the connections that only programs on this machine can open, so that the host's own app gets in
    /// when the server is full.
    pub(crate) fn local_reserve(&self) -> usize {
        (self.max_connections / 100).min(16)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: default_name(),
            guests: true,
            base_path: BasePath::default(),
            allowed_hosts: Vec::new(),
            max_connections: 10_000,
            max_connections_per_address: 512,
            trusted_proxies: Vec::new(),
            max_memory: default_max_memory(),
            max_rate_per_person: 100,
            max_rate_per_address: 1_000,
            max_rooms_per_day: 50,
            max_rooms_per_person: 1_000,
            max_entries_per_day: 20_000,
            max_bytes_per_day: 64 * MIB,
            max_guest_entries_per_day: 10_000,
            max_guest_bytes_per_day: 16 * MIB,
            disk_reserve: 64 * MIB,
            guest_disk_reserve: 512 * MIB,
            metrics: Metrics::default(),
        }
    }
}

fn default_name() -> Name {
    #[expect(clippy::expect_used, reason = "a literal")]
    Name::parse("I-Chat").expect("six plain letters are a name")
}

/// Returns a quarter of the memory of this machine, or of the control group of this process if that has less, but not less
/// than that of a machine with [`MIN_MACHINE_MEMORY`].
fn default_max_memory() -> usize {
    let memory = System::new().map_or(MIN_MACHINE_MEMORY, |mut system| {
        system.refresh_memory();
        system.total_memory().min(group_limit(&mut system).unwrap_or(u64::MAX))
    });
    usize::try_from(memory.max(MIN_MACHINE_MEMORY) / 4).unwrap_or(usize::MAX)
}

/// Returns the memory of the control group of this process, in bytes, if it has a limit. `System` itself knows only that of the
/// root group, which has one in containers alone.
fn group_limit(system: &mut System) -> Option<u64> {
    let pid = sysinfo::get_current_pid().ok()?;
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, ProcessRefreshKind::nothing());
    Some(system.process(pid)?.cgroup_limits()?.total_memory)
}
