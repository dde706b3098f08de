//! The running back end: the sessions, discovery and the hosted server, connected to the user interface.

use std::path::Path;

use ichat_client::{Client, ClientUpdate, Updates};
use ichat_discovery::{Discovery, Scope};
use ichat_protocol::{ErrorCode, ServerId, WireError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::events::{BackendEvent, Hosting, KnownServer};
use crate::hosting::Host;
use crate::nearby::client_addresses;
use crate::nearby_watcher::NearbyWatcher;
use crate::ui_channel::UiChannel;

/// Everything that an opened data folder needs.
pub(crate) struct Backend {
    pub(crate) client: Client,
    pub(crate) host: Host,
    discovery: Result<Discovery, String>,
    ui: UiChannel,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Backend {
    /// Opens the data folder, connects to the servers in it and starts to search for others. `hosting` will receive the
    /// hosted server.
    pub(crate) fn open(
        data: &Path,
        scope: Scope,
        ui: UiChannel,
        hosting: watch::Sender<Option<Hosting>>,
    ) -> Result<Self, WireError> {
        let (client, updates) = Client::open(&data.join("client"), None)
            .map_err(|error| WireError::new(ErrorCode::Storage, error.to_string()))?;
        let discovery = Discovery::start(scope).map_err(|error| error.to_string());
        let host = Host::new(data, scope, client.clone(), discovery.clone(), ui.clone(), hosting);
        let backend = Self {
            client,
            host,
            discovery,
            ui,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        backend.send_profile();
        backend.spawn(forward_updates(updates, backend.host.clone(), backend.ui.clone()));
        if let Err(error) = backend.watch_nearby() {
            backend.ui.send(BackendEvent::Nearby {
                servers: Vec::new(),
                searching_ms: 0,
                checked: Vec::new(),
                error: Some(error),
            });
        }
        Ok(backend)
    }

    /// Joins a server of the list of servers near. Others may have announced its id; those are not joined.
    pub(crate) async fn join_nearby(&self, server: ServerId) -> Result<(), WireError> {
        let servers = self.discovery.as_ref().map(Discovery::servers).unwrap_or_default();
        let found = servers.get(&server.0).ok_or_else(|| {
            WireError::new(
                ErrorCode::Other,
                "That server is not near any more. Wait until it shows up again, or join by address.",
            )
        })?;
        let joined = self
            .client
            .join_server(server, &client_addresses(&found.addresses))
            .await;
        joined.map_err(|error| error.to_wire())
    }

    /// Sends the user's profile to the user interface.
    pub(crate) fn send_profile(&self) {
        let profile = self.client.profile();
        self.ui.send(BackendEvent::Profile {
            name: profile.name,
            device: profile.device,
            first_run: profile.first_run,
        });
    }

    /// Ends everything. A hosted server resumes at the next start.
    pub(crate) async fn shutdown(&self) {
        self.host.shutdown().await;
        self.client.shutdown().await;
        self.stop.cancel();
        if let Ok(discovery) = &self.discovery {
            discovery.clone().shutdown().await;
        }
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn watch_nearby(&self) -> Result<(), String> {
        let discovery = self.discovery.clone()?;
        let nearby = discovery.browse().map_err(|error| error.to_string())?;
        let watcher = NearbyWatcher::new(self.client.clone(), self.host.clone(), discovery, self.ui.clone());
        self.spawn(watcher.run(nearby));
        Ok(())
    }

    /// Runs a task until the shutdown.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            stop.run_until_cancelled(task).await;
        });
    }
}

/// Forwards the updates of all sessions to the user interface.
async fn forward_updates(mut updates: Updates, host: Host, ui: UiChannel) {
    while let Some(update) = updates.next().await {
        ui.send(match update {
            ClientUpdate::Session { server, update } => BackendEvent::Session { server, update },
            ClientUpdate::Servers(servers) => BackendEvent::Servers {
                servers: servers
                    .into_iter()
                    .map(|server| KnownServer {
                        own: host.server() == Some(server.id),
                        id: server.id,
                        name: server.name,
                        addresses: server.addresses.iter().map(ToString::to_string).collect(),
                    })
                    .collect(),
            },
        });
    }
}
