//! Announces the server on the local network.

use std::net::SocketAddr;

use ichat_discovery::{Announcement, AnnouncementHandle, Discovery, Scope};
use ichat_protocol::NEWEST_PROTOCOL;
use ichat_server::Config;
use ichat_store::Store;
use tokio::sync::watch;

/// Announces the server and follows the number of people. Returns `None` if others can't reach the server, or if it
/// can't be announced: it runs all the same, and people join by address.
pub(crate) fn start(
    store: &Store,
    config: &Config,
    address: SocketAddr,
    people: watch::Receiver<u32>,
) -> Option<AnnouncementHandle> {
    if address.ip().is_loopback() {
        tracing::info!("not announced: only this machine can reach the server");
        return None;
    }
    let announcement = Announcement {
        server: store.server_id().0,
        name: config.name.to_string(),
        protocol: NEWEST_PROTOCOL,
        port: address.port(),
        path: config.base_path.to_string(),
    };
    Discovery::start(Scope::LocalNetwork)
        .and_then(|discovery| discovery.announce(announcement, people))
        .inspect_err(|error| tracing::warn!(%error, "not announced on the local network: people must join by address"))
        .ok()
}
