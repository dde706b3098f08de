//! Being found on the local network.

use std::net::SocketAddr;

use ichat_discovery::{Announced, Announcement, DiscoveryError, Lan};
use ichat_protocol::PROTOCOLS;
use ichat_server::Config;
use ichat_store::Store;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// An announcement that follows how many people are here.
pub(crate) struct Following {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// Announces the server. It is no reason not to serve when that fails: people can join by address.
pub(crate) fn start(
    store: &Store,
    config: &Config,
    address: SocketAddr,
    people: watch::Receiver<u32>,
) -> Option<Following> {
    if address.ip().is_loopback() {
        tracing::info!("not announced: only this machine can reach the server");
        return None;
    }
    match announce(store, config, address.port()) {
        Ok(announced) => {
            let stop = CancellationToken::new();
            let task = tokio::spawn(follow(announced, people, stop.clone()));
            Some(Following { stop, task })
        }
        Err(error) => {
            tracing::warn!(%error, "not announced on the local network: people must join by address");
            None
        }
    }
}

fn announce(store: &Store, config: &Config, port: u16) -> Result<Announced, DiscoveryError> {
    Lan::start()?.announce(Announcement {
        server: store.server_id().0,
        name: config.name.to_string(),
        protocol: PROTOCOLS.last().copied().unwrap_or_default(),
        port,
        people: 0,
    })
}

async fn follow(announced: Announced, mut people: watch::Receiver<u32>, stop: CancellationToken) {
    while let Some(Ok(())) = stop.run_until_cancelled(people.changed()).await {
        let count = *people.borrow_and_update();
        announced.update_people(count);
    }
    announced.stop().await;
}

impl Following {
    /// Says goodbye to everybody near.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "the announcement failed");
        }
    }
}
