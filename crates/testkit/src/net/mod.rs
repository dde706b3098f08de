//! Two hosts on one machine: network namespaces, and two kinds of link between them.
//!
//! ```text
//!   Veth   10.77.0.1 ── virtual Ethernet cable ── 10.77.0.2     plugged in, unplugged; multicast; IPv6
//!   Link   10.77.0.1 ── TUN ── reader ─▶ LinkConditions ─▶ queue ── TUN ── 10.77.0.2
//!                        (the same in the other direction)      delays, loses, reorders, duplicates, swallows
//! ```
//!
//! `tc netem` does what `Link` does, but not every kernel is built with it; TUN devices are everywhere. Nothing has to
//! be removed afterwards: a namespace ends with the process that made it.

mod conditions;
mod link;
mod netns;
mod veth;

pub use link::{Link, LinkedHosts};
pub use netns::Netns;
pub use veth::Veth;

/// The first host's address.
pub const HOST: &str = "10.77.0.1";
/// The second host's address.
pub const GUEST: &str = "10.77.0.2";

/// Returns why there can be no network namespaces and TUN devices here, if so.
pub fn obstacle() -> Option<String> {
    let error = LinkedHosts::new(0).err()?;
    Some(format!(
        "it needs network namespaces and /dev/net/tun (Linux, root, iproute2): {error:#}"
    ))
}

/// Returns what a test needs of the network. Without it the test is skipped, except in CI, where it fails.
pub fn or_skip<T>(made: anyhow::Result<T>) -> Option<T> {
    match made {
        Ok(made) => Some(made),
        Err(error) if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
            panic!("there are no network namespaces in CI: {error:#}")
        }
        Err(error) => {
            eprintln!("skipped: it needs network namespaces (Linux, root, iproute2): {error:#}");
            None
        }
    }
}
