//! The life of a hosted server: it listens, this device joins it, others see it; and it ends politely.
//!
//! ```text
//!   idle ── start ──▶ listening ──▶ joined ──▶ announced ── stop, shutdown ──▶ goodbye, drained ──▶ idle
//!                                                  └── the server failed ── told, with the reason ──▶ idle
//! ```

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ichat_client::Client;
use ichat_discovery::{Announcement, AnnouncementHandle, Discovery, Scope};
use ichat_protocol::{ErrorCode, Name, PROTOCOLS, ServerId, WireError};
use ichat_server::{Config, ServeError};
use ichat_store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::events::{BackendEvent, Hosting};
use crate::interface::Interface;
use crate::nearby::{NearbyList, addresses_of};
use crate::remembered::Remembered;
use crate::{cards, embedded, ports};

/// The room that everybody who comes in is in.
const LOBBY: &str = "Lobby";

/// What this device hosts, one server at a time. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Host(Arc<Inner>);

struct Inner {
    data: PathBuf,
    scope: Scope,
    client: Client,
    discovery: Result<Discovery, String>,
    nearby: NearbyList,
    interface: Interface,
    remembered: Mutex<Option<Remembered>>,
    shown: watch::Sender<Option<Hosting>>,
    running: tokio::sync::Mutex<Option<Running>>,
}

struct Running {
    port: u16,
    stop: CancellationToken,
    ended: JoinHandle<()>,
}

impl Host {
    /// Nothing is hosted yet; `data` is the app's data folder, `discovery` may say why nothing can be announced, and `shown`
    /// follows what is hosted.
    pub(crate) fn new(
        data: &Path,
        scope: Scope,
        client: Client,
        discovery: Result<Discovery, String>,
        nearby: NearbyList,
        interface: Interface,
        shown: watch::Sender<Option<Hosting>>,
    ) -> Self {
        let remembered = Remembered::load(&file(data));
        Self(Arc::new(Inner {
            data: data.to_owned(),
            scope,
            client,
            discovery,
            nearby,
            interface,
            remembered: Mutex::new(remembered),
            shown,
            running: tokio::sync::Mutex::default(),
        }))
    }

    /// The server that this device hosts or has hosted.
    pub(crate) fn server(&self) -> Option<ServerId> {
        let remembered = self.0.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.as_ref().map(|remembered| remembered.server)
    }

    /// Hosts again if the app was quit while it did.
    pub(crate) async fn resume(&self) {
        let remembered = self.0.remembered.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(Remembered {
            name, hosting: true, ..
        }) = remembered
        else {
            return;
        };
        if let Err(error) = self.start(name).await {
            self.0.interface.tell(BackendEvent::Hosting {
                hosting: None,
                error: Some(error),
            });
        }
    }

    /// Hosts under this name. Returns when this device has joined and others can.
    pub(crate) async fn start(&self, name: Name) -> Result<(), WireError> {
        let mut running = self.0.running.lock().await;
        if let Some(hosting) = self.0.shown() {
            let message = format!("This device hosts “{}” already. Stop that first.", hosting.name);
            return Err(WireError::new(ErrorCode::Conflict, message));
        }
        *running = Some(self.0.clone().begin(name).await?);
        Ok(())
    }

    /// Stops hosting; what was said stays for the next time.
    pub(crate) async fn stop(&self) {
        self.0.remember_hosting(false);
        self.shutdown().await;
        self.0.tell(None, None);
    }

    /// Ends the server, and leaves it to [`resume`](Self::resume) at the next start.
    pub(crate) async fn shutdown(&self) {
        let running = self.0.running.lock().await.take();
        if let Some(Running { stop, ended, .. }) = running {
            stop.cancel();
            if let Err(error) = ended.await {
                tracing::error!(%error, "hosting ended badly");
            }
        }
    }

    /// Tells anew where the server can be reached: a cable was plugged in, another Wi-Fi was joined.
    pub(crate) async fn addresses_changed(&self) {
        let running = self.0.running.lock().await;
        let (Some(Running { port, .. }), Some(hosting)) = (&*running, self.0.shown()) else {
            return;
        };
        let addresses = self.0.addresses(hosting.server, *port);
        if addresses != hosting.addresses {
            self.0.tell(Some(Hosting { addresses, ..hosting }), None);
        }
    }
}

impl Inner {
    async fn begin(self: Arc<Self>, name: Name) -> Result<Running, WireError> {
        let listener =
            ports::listen(self.scope).map_err(|error| WireError::new(ErrorCode::Other, error.to_string()))?;
        let port = local_port(&listener)?;
        let store = self.open_store().await?;
        let server = store.server_id();
        // Before this device joins, so that the server is known as its own from the first moment.
        self.remember(Remembered {
            server,
            name: name.clone(),
            hosting: true,
        });

        let people = watch::Sender::new(0);
        let present = people.subscribe();
        let stop = CancellationToken::new();
        let config = Config {
            name: name.clone(),
            ..Config::default()
        };
        let serving = tokio::spawn(embedded::serve(listener, store, config, people, stop.clone()));

        let door = addresses_of(&[(Ipv4Addr::LOCALHOST, port).into()]);
        if let Err(error) = self.client.join(&door).await {
            stop.cancel();
            embedded::drained(serving).await;
            self.remember_hosting(false);
            return Err(error.to_wire());
        }

        let announced = self.announce(server, &name, port, present);
        let unannounced = announced.as_ref().err().cloned();
        let hosting = Hosting {
            server,
            name,
            addresses: self.addresses(server, port),
            unannounced,
        };
        self.tell(Some(hosting), None);
        let ended = tokio::spawn(self.watch_over(serving, announced.ok(), stop.clone()));
        Ok(Running { port, stop, ended })
    }

    async fn open_store(&self) -> Result<Store, WireError> {
        let lobby = Name::parse(LOBBY).map_err(|error| WireError::new(ErrorCode::Other, error.to_string()))?;
        let dir = self.data.join("host");
        Store::open_server(&dir, &lobby)
            .await
            .map_err(|error| WireError::new(ErrorCode::Storage, error.to_string()))
    }

    fn announce(
        &self,
        server: ServerId,
        name: &Name,
        port: u16,
        people: watch::Receiver<u32>,
    ) -> Result<AnnouncementHandle, String> {
        let announcement = Announcement {
            server: server.0,
            name: name.to_string(),
            protocol: PROTOCOLS.last().copied().unwrap_or(0),
            port,
        };
        self.discovery
            .as_ref()
            .map_err(Clone::clone)?
            .announce(announcement, people)
            .map_err(|error| error.to_string())
    }

    fn addresses(&self, server: ServerId, port: u16) -> Vec<String> {
        cards::urls(self.nearby.addresses(server).unwrap_or_default(), port, self.scope)
    }

    async fn watch_over(
        self: Arc<Self>,
        mut serving: JoinHandle<Result<(), ServeError>>,
        announced: Option<AnnouncementHandle>,
        stop: CancellationToken,
    ) {
        tokio::select! {
            () = stop.cancelled() => {
                tokio::join!(goodbye(announced), embedded::drained(serving));
                self.hide();
            }
            ended = &mut serving => {
                goodbye(announced).await;
                let reason = match ended {
                    Ok(Ok(())) => "it was shut down".to_owned(),
                    Ok(Err(error)) => error.to_string(),
                    Err(error) => error.to_string(),
                };
                tracing::error!(reason, "the hosted server ended by itself");
                let message = format!("Hosting ended: {reason}. Host again, and what was said is still there.");
                self.tell(None, Some(WireError::new(ErrorCode::Other, message)));
            }
        }
    }

    fn shown(&self) -> Option<Hosting> {
        self.shown.borrow().clone()
    }

    fn hide(&self) {
        self.shown.send_replace(None);
    }

    fn tell(&self, hosting: Option<Hosting>, error: Option<WireError>) {
        self.shown.send_replace(hosting.clone());
        self.interface.tell(BackendEvent::Hosting { hosting, error });
    }

    fn remember_hosting(&self, hosting: bool) {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(remembered) = remembered {
            self.remember(Remembered { hosting, ..remembered });
        }
    }

    /// A failure costs only that the next start does not host by itself.
    fn remember(&self, remembered: Remembered) {
        let file = file(&self.data);
        if let Err(error) = remembered.save(&file) {
            tracing::warn!(file = %file.display(), %error, "what is hosted can't be remembered");
        }
        *self.remembered.lock().unwrap_or_else(PoisonError::into_inner) = Some(remembered);
    }
}

fn file(data: &Path) -> PathBuf {
    data.join("hosting.json")
}

fn local_port(listener: &TcpListener) -> Result<u16, WireError> {
    let address = listener
        .local_addr()
        .map_err(|error| WireError::new(ErrorCode::Other, error.to_string()))?;
    Ok(address.port())
}

async fn goodbye(announced: Option<AnnouncementHandle>) {
    if let Some(announced) = announced {
        announced.stop().await;
    }
}
