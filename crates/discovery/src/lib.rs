//! Announces I-Chat servers on the local network and finds them: multicast DNS (RFC 6762) and DNS-SD (RFC 6763).
//!
//! ```text
//!  Discovery::announce ─┐                        ┌─ mdns.rs: mdns-sd and its thread
//!  AnnouncementHandle ──┼─ Command ─▶ task.rs ◀──┤     ▲ which interfaces: interface_selector.rs
//!  Discovery::browse ───┘             │    │     └─ 224.0.0.251 and ff02::fb, UDP port 5353
//!                       registrations.rs   ▼
//!                  what to announce when   server_table.rs ── list of servers ─▶ Nearby::next ─▶ NearbyEvent
//! ```
//!
//! - [`Discovery`]: a cheap handle to one background task. Start one per process.
//! - [`AnnouncementHandle`]: a running announcement, until it is stopped or dropped.
//! - [`Nearby`]: a subscription to the list of servers. Any number may be open at once.
//! - [`local_addresses`]: the addresses of this computer that a neighbour can type.
//!
//! # What is announced
//!
//! The service type is `_ichat._tcp.local.`. Instance and host are named `<server id>-<hash of addresses and port>`, so
//! two never conflict, not even two copies of one server. The name that people read is in the TXT record:
//!
//! | key | value | limit | if missing or malformed |
//! | --- | --- | --- | --- |
//! | `v` | version of this record, `1` | exactly `1` | the record is ignored: other versions give the keys another meaning |
//! | `id` | the server's UUID | not nil | the record is ignored: it isn't an I-Chat server's |
//! | `name` | the server's name, UTF-8 | 250 bytes, cut between characters; one line; control, bidirectional and invisible characters are removed by both sides | empty |
//! | `proto` | supported protocol versions, `1` or `1,2`; the highest counts | 32 bits | 0, "unknown": ask the server |
//! | `people` | number of people online | 99,999 | 0 |
//! | `rev` | number of changes so far; makes a record differ from a cached one with the same values | 64 bits | not read |
//!
//! Unknown keys are ignored. Anyone on the network can announce anything, so a client must check the id of the server
//! that answers.
//!
//! # Bounds
//!
//! The table keeps 128 instances, 4 per server id and 16 addresses each. Further instances are ignored until one leaves.
//! If mdns-sd's own cache grows beyond 20,000 records, mdns-sd is restarted. A new server is found as soon as it
//! announces itself. A server that says goodbye is removed after a second, one that died after 2.5 to 4 seconds if there
//! are at most 20 servers (with more, each is verified less often). Changes are announced at most every 1.5 seconds.
//!
//! # Addresses
//!
//! Only interfaces of the best kind are used: physical ones (cable, Wi-Fi); if there are none, virtual ones (containers,
//! virtual machines, VPNs); if there are none either, loopback. Interfaces that appear or disappear are noticed within a
//! few seconds. Point-to-point links are never used: they have no multicast. IPv6 link-local addresses are kept as
//! the last choice, since a cable without DHCP may have no other. They carry the scope id of the interface on which they
//! were received, so they work as a [`std::net::SocketAddr`] but not in a URL.

mod addresses;
mod announcement;
mod announcement_handle;
mod command;
mod discovery;
mod interface_selector;
mod interfaces;
mod local_addresses;
mod mdns;
mod nearby;
mod record;
mod registrations;
mod server_table;
mod task;

pub use announcement::Announcement;
pub use announcement_handle::AnnouncementHandle;
pub use discovery::{Discovery, DiscoveryError};
pub use interface_selector::Scope;
pub use interfaces::Interface;
pub use local_addresses::{fits_into_url, local_addresses, shareable_addresses};
pub use nearby::{Nearby, NearbyAddress, NearbyEvent, NearbyServer, ServerList};
