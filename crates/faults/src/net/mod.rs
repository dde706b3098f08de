//! Two computers and the line between them, on this one: network namespaces that nobody has to remove, and a line that
//! delays, loses, turns round, doubles or swallows what it carries, as it is told while it runs.
//!
//! ```text
//!   Computer "host"                                       Computer "guest"
//!   10.77.0.1 ── TUN ── reader ──▶ Weather ──▶ courier ── TUN ── 10.77.0.2
//!                         ◀────────  (the same back)  ◀──
//! ```
//!
//! Linux has `tc netem` for this, but not every kernel is built with it; a TUN device is everywhere.

mod computer;
mod link;
mod weather;

pub(crate) use computer::Computer;
pub(crate) use link::Link;

use anyhow::Result;

/// Where the host is.
pub(crate) const HOST: &str = "10.77.0.1";
/// Where the guest is at first.
pub(crate) const GUEST: &str = "10.77.0.2";

/// A host, a guest and their line.
pub(crate) struct Network {
    pub(crate) host: Computer,
    pub(crate) guest: Computer,
    pub(crate) link: Link,
}

impl Network {
    /// A line in fine weather. Its dice are thrown from the seed.
    pub(crate) fn new(seed: u64) -> Result<Self> {
        let (host, guest) = (Computer::new()?, Computer::new()?);
        let link = Link::between(&host, &guest, seed)?;
        host.is_at(HOST)?;
        guest.is_at(GUEST)?;
        Ok(Self { host, guest, link })
    }
}

/// Why there can be no networks here, if that is so.
pub(crate) fn obstacle() -> Option<String> {
    let network = Network::new(0).err()?;
    Some(format!(
        "it needs network namespaces and /dev/net/tun (Linux, root, iproute2): {network:#}"
    ))
}
