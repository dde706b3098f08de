//! A virtual Ethernet cable between two namespaces.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::netns::Netns;
use super::{GUEST, HOST};

/// Longer than the kernel takes to bring an interface up.
const UP_TIMEOUT: Duration = Duration::from_secs(40);

/// A host and a guest, and the cable between their interfaces, which have the same name.
pub struct Veth {
    pub host: Netns,
    pub guest: Netns,
    pub interface: String,
}

impl Veth {
    /// Makes two hosts with addresses. The cable is not plugged in.
    pub fn new(interface: &str) -> Result<Self> {
        let (host, guest) = (Netns::new()?, Netns::new()?);
        host.ip(&format!(
            "link add {interface} type veth peer name {interface} netns {}",
            guest.path()
        ))?;
        for (netns, ip, number) in [(&host, HOST, 1), (&guest, GUEST, 2)] {
            netns.ip(&format!("addr add {ip}/24 dev {interface}"))?;
            netns.ip(&format!("addr add fd77::{number}/64 dev {interface} nodad"))?;
        }
        Ok(Self {
            host,
            guest,
            interface: interface.to_owned(),
        })
    }

    /// Plugs the cable in, and returns when the kernel reports both interfaces as up.
    pub fn plug_in(&self) -> Result<()> {
        for netns in [&self.host, &self.guest] {
            netns.ip(&format!("link set {} up", self.interface))?;
        }
        let deadline = Instant::now() + UP_TIMEOUT;
        for netns in [&self.host, &self.guest] {
            let show = format!("link show dev {}", self.interface);
            while !netns.ip(&show)?.contains("state UP") {
                ensure!(Instant::now() < deadline, "{} does not come up", self.interface);
                std::thread::yield_now();
            }
        }
        Ok(())
    }

    /// Unplugs the cable at the host's end.
    pub fn unplug(&self) -> Result<()> {
        self.host.ip(&format!("link set {} down", self.interface))?;
        Ok(())
    }
}
