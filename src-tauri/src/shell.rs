//! What runs behind the window, without a window: sessions, discovery and the hosted server, wired to the interface.

use std::path::Path;
use std::sync::Arc;

use ichat_client::session::Command;
use ichat_client::{Address, Client, ClientUpdate, InvalidAddress, Updates};
use ichat_discovery::{Discovery, Scope};
use ichat_protocol::{ErrorCode, Name, ServerId, WireError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::events::{BackendEvent, Hosting, KnownServer};
use crate::hosting::Host;
use crate::interface::{Interface, Sink};
use crate::nearby::{NearbyList, addresses_of};
use crate::search::Search;

/// The half of the app that has no window. It opens in the background, while the window is painted.
#[derive(Default)]
pub struct Shell {
    interface: Interface,
    hosting: watch::Sender<Option<Hosting>>,
    opened: watch::Sender<Option<Result<Arc<Opened>, WireError>>>,
}

struct Opened {
    client: Client,
    discovery: Result<Discovery, String>,
    host: Host,
    nearby: NearbyList,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Shell {
    /// Opens what lies in the data folder, connects to the servers in it, looks around, and hosts again what was hosted.
    pub async fn open(&self, data: &Path, scope: Scope) {
        let opened = Opened::open(data, scope, &self.interface, self.hosting.clone());
        if let Err(error) = &opened {
            tracing::error!(%error, data = %data.display(), "I-Chat can't start");
            self.interface.tell(BackendEvent::Fatal { error: error.clone() });
        }
        self.opened.send_replace(Some(opened.map(Arc::new)));
        if let Ok(opened) = self.opened().await {
            opened.host.resume().await;
        }
    }

    /// The interface is there: it is told everything, from what is known already. A start that failed is an event too.
    pub async fn start(&self, sink: Sink) {
        self.interface.connect(sink);
        if let Ok(opened) = self.opened().await {
            opened.client.refresh().await;
        }
    }

    /// Does what a person wants of one server. Returns when it is safe on the disk.
    pub async fn command(&self, server: ServerId, command: Command) -> Result<(), WireError> {
        let opened = self.opened().await?;
        opened
            .client
            .command(server, command)
            .await
            .map_err(|error| error.to_wire())
    }

    /// Takes another name, here and on every server.
    pub async fn set_name(&self, name: &str) -> Result<(), WireError> {
        let name = named(name)?;
        let opened = self.opened().await?;
        opened.client.set_name(name).await.map_err(|error| error.to_wire())?;
        opened.tell_profile(&self.interface);
        Ok(())
    }

    /// Hosts under this name.
    pub async fn host_start(&self, name: &str) -> Result<(), WireError> {
        self.opened().await?.host.start(named(name)?).await
    }

    /// Stops hosting.
    pub async fn host_stop(&self) -> Result<(), WireError> {
        self.opened().await?.host.stop().await;
        Ok(())
    }

    /// Joins a server of the list of those near.
    pub async fn nearby_join(&self, server: ServerId) -> Result<ServerId, WireError> {
        let opened = self.opened().await?;
        let addresses = opened.nearby.addresses(server).ok_or_else(|| {
            WireError::new(
                ErrorCode::Other,
                "That server is not near any more. Wait until it shows up again, or join by address.",
            )
        })?;
        let joined = opened.client.join(&addresses_of(&addresses)).await;
        joined.map_err(|error| error.to_wire())
    }

    /// Joins the server at an address as people write it.
    pub async fn server_join(&self, address: &str) -> Result<ServerId, WireError> {
        let address: Address = address
            .parse()
            .map_err(|error: InvalidAddress| WireError::new(ErrorCode::BadRequest, error.to_string()))?;
        let joined = self.opened().await?.client.join(&[address]).await;
        joined.map_err(|error| error.to_wire())
    }

    /// Ends the session with a server and drops what is kept of it.
    pub async fn server_forget(&self, server: ServerId) -> Result<(), WireError> {
        let opened = self.opened().await?;
        opened.client.forget(server).await.map_err(|error| error.to_wire())
    }

    /// The window has come to the front, or left it.
    pub async fn attention(&self, focused: bool) -> Result<(), WireError> {
        let opened = self.opened().await?;
        if focused {
            // Whoever looks should not wait for a back-off to end.
            opened.client.nudge().await;
        }
        Ok(())
    }

    /// Whether closing the window would take a server away from others.
    pub fn is_hosting(&self) -> bool {
        self.hosting.borrow().is_some()
    }

    /// What is hosted, and when that changes.
    pub fn hosting(&self) -> watch::Receiver<Option<Hosting>> {
        self.hosting.subscribe()
    }

    /// Asks the person whether to go on hosting. False when there is no interface that could ask.
    pub fn ask_quit(&self) -> bool {
        self.interface.tell(BackendEvent::AskQuit);
        self.interface.is_connected()
    }

    /// Tells the interface something that came from the window's side.
    pub fn tell(&self, event: BackendEvent) {
        self.interface.tell(event);
    }

    /// Ends everything politely. The hosted server is hosted again at the next start.
    pub async fn shutdown(&self) {
        // What is asked for from now on is refused; what is under way holds its own handle.
        let Some(Ok(opened)) = self.opened.send_replace(Some(Err(closing()))) else {
            return;
        };
        opened.host.shutdown().await;
        opened.client.shutdown().await;
        opened.stop.cancel();
        if let Ok(discovery) = &opened.discovery {
            discovery.clone().shutdown().await;
        }
        opened.tasks.close();
        opened.tasks.wait().await;
    }

    async fn opened(&self) -> Result<Arc<Opened>, WireError> {
        let mut opened = self.opened.subscribe();
        let opened = opened.wait_for(Option::is_some).await.map_err(|_| closing())?;
        opened.clone().unwrap_or_else(|| Err(closing()))
    }
}

fn closing() -> WireError {
    WireError::new(ErrorCode::Closing, "I-Chat is closing.")
}

/// A name as a person typed it.
pub(crate) fn named(text: &str) -> Result<Name, WireError> {
    Name::parse(text).map_err(|error| WireError::new(ErrorCode::BadRequest, format!("{error}.")))
}

impl Opened {
    fn open(
        data: &Path,
        scope: Scope,
        interface: &Interface,
        hosting: watch::Sender<Option<Hosting>>,
    ) -> Result<Self, WireError> {
        let (client, updates) = Client::open(&data.join("client"), None)
            .map_err(|error| WireError::new(ErrorCode::Storage, error.to_string()))?;
        let discovery = Discovery::start(scope).map_err(|error| error.to_string());
        let nearby = NearbyList::default();
        let host = Host::new(
            data,
            scope,
            client.clone(),
            discovery.clone(),
            nearby.clone(),
            interface.clone(),
            hosting,
        );
        let opened = Self {
            client,
            discovery,
            host,
            nearby,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        opened.tell_profile(interface);
        opened.spawn(pass_up(updates, opened.host.clone(), interface.clone()));
        match opened
            .discovery
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|discovery| discovery.browse().map_err(|error| error.to_string()))
        {
            Ok(nearby) => {
                let search = Search::new(
                    opened.client.clone(),
                    opened.host.clone(),
                    opened.nearby.clone(),
                    interface.clone(),
                );
                opened.spawn(search.follow(nearby));
            }
            Err(reason) => interface.tell(BackendEvent::Nearby {
                servers: Vec::new(),
                searching_ms: 0,
                checked: vec![reason],
            }),
        }
        Ok(opened)
    }

    /// Does this until the shell is shut down.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            stop.run_until_cancelled(task).await;
        });
    }

    fn tell_profile(&self, interface: &Interface) {
        let profile = self.client.profile();
        interface.tell(BackendEvent::Profile {
            name: profile.name,
            device: profile.device.to_string(),
            first_run: profile.first_run,
        });
    }
}

/// Everything that the sessions say.
async fn pass_up(mut updates: Updates, host: Host, interface: Interface) {
    while let Some(update) = updates.next().await {
        interface.tell(match update {
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
