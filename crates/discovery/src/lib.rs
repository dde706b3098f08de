//! Finding I-Chat servers on the local network, and being found: multicast DNS and DNS-SD (RFC 6762, 6763).
//!
//! ```text
//!  Lan::announce ──┐                             ┌── mdns.rs (mdns-sd, one thread)
//!  Announced ──────┼─ Command ─▶ task.rs ◀───────┤      ▲ which cards: cards.rs
//!  Lan::browse ────┘               │             └── 224.0.0.251 and ff02::fb, port 5353
//!                                  ▼
//!                           neighbourhood.rs ── list of servers ─▶ Nearby::next ─▶ NearbyEvent
//! ```
//!
//! - [`Lan`]: one for each process, a cheap handle on one background task.
//! - [`Announced`]: a server that others can see, until it is stopped or dropped.
//! - [`Nearby`]: the list of servers as events; any number of them may be open at once.
//!
//! # What is announced
//!
//! Service type `_ichat._tcp.local.`. Instance and host are named `<server id>-<hash of addresses and port>`, so that
//! no two ever conflict, not even copies of one server; people read the name in the TXT record:
//!
//! | key | value | limit | when it is missing or malformed |
//! | --- | --- | --- | --- |
//! | `v` | version of this record, `1` | exactly `1` | ignored: it would have another meaning |
//! | `id` | the server's UUID | any but nil | ignored: it isn't an I-Chat server |
//! | `name` | the server's name, UTF-8 | 250 bytes, cut between characters; one line; control, bidirectional and invisible characters are removed on both sides | empty |
//! | `proto` | protocol versions spoken, as in `1` or `1,2`; the highest counts | 32 bits | 0, "unknown": ask the server |
//! | `people` | how many are there now | 99,999 | 0 |
//!
//! Unknown keys are ignored. Everything in it is a claim by whoever is on the network: whoever connects must check the
//! id of the server that answers.
//!
//! # Bounds
//!
//! At most 128 announcing programs are remembered, 4 for one id, 16 addresses each; the rest waits until somebody leaves.
//! When mdns-sd's own cache has grown beyond 20,000 records it is started anew. A new server is found as soon as it
//! announces itself, one that leaves politely is gone a second later, and one that died after 2.5 to 4 seconds, as long
//! as there are at most 20 of them (more are asked less often). Changes are told at most every 1.5 seconds.
//!
//! # Addresses
//!
//! Only the best class of network cards is used: cable and Wi-Fi; without them virtual ones (containers, virtual
//! machines, VPN); without them loopback. Cards that come and go are followed within a few seconds. Point-to-point
//! links never take part, for they know no multicast. An IPv6 link-local address is kept, as the last choice: on a cable
//! without DHCP it may be the only one. It carries the scope (the index of the card it was heard on), so it works as a
//! [`std::net::SocketAddr`], but not in a URL.

mod addresses;
mod announcement;
mod cards;
mod lan;
mod mdns;
mod nearby;
mod neighbourhood;
mod record;
mod task;

pub use announcement::{Announced, Announcement};
pub use cards::Reach;
pub use lan::{DiscoveryError, Lan};
pub use nearby::{Nearby, NearbyEvent, NearbyServer};
