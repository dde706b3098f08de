//! The handle of the commands to everything behind the window. It needs no window itself.

use std::path::Path;
use std::sync::Arc;

use ichat_client::session::Command;
use ichat_client::{Address, InvalidAddress};
use ichat_discovery::Scope;
use ichat_protocol::{ErrorCode, Name, ServerId, WireError};
use tokio::sync::watch;

use crate::backend::Backend;
use crate::events::{BackendEvent, Hosting};
use crate::ui_channel::{Sink, UiChannel};

/// The part of the app that has no window. The back end opens in the background while the window is drawn; commands wait
/// for it.
#[derive(Default)]
pub struct Shell {
    ui: UiChannel,
    hosting: watch::Sender<Option<Hosting>>,
    /// `None` while the back end opens; an error if that failed, or after the shutdown.
    backend: watch::Sender<Option<Result<Arc<Backend>, WireError>>>,
}

impl Shell {
    /// Opens the data folder and hosts again if the app was quit while hosting.
    pub async fn open(&self, data: &Path, scope: Scope) {
        let backend = Backend::open(data, scope, self.ui.clone(), self.hosting.clone());
        if let Err(error) = &backend {
            tracing::error!(%error, data = %data.display(), "I-Chat can't start");
            self.ui.send(BackendEvent::Fatal { error: error.clone() });
        }
        let opened = backend.map(Arc::new);
        // A shutdown during the start wins.
        let is_current = self.backend.send_if_modified(|current| {
            let is_opening = current.is_none();
            if is_opening {
                *current = Some(opened.clone());
            }
            is_opening
        });
        match opened {
            Ok(backend) if is_current => backend.host.resume().await,
            Ok(backend) => backend.shutdown().await,
            Err(_) => {}
        }
    }

    /// Connects the user interface, which receives the current state first. A failed start is an event too.
    pub async fn start(&self, sink: Sink) {
        self.ui.connect(sink);
        if let Ok(backend) = self.backend().await {
            backend.client.refresh().await;
        }
    }

    /// Runs a command in the session with a server. Returns once its effect is on disk.
    pub async fn command(&self, server: ServerId, command: Command) -> Result<(), WireError> {
        let backend = self.backend().await?;
        let done = backend.client.command(server, command).await;
        done.map_err(|error| error.to_wire())
    }

    /// Sets the user's name on this device and on every server.
    pub async fn set_name(&self, name: &str) -> Result<(), WireError> {
        let name = parse_name(name)?;
        let backend = self.backend().await?;
        let outcome = backend.client.set_name(name).await;
        // The profile may have changed even if a server did not get the name.
        backend.send_profile();
        outcome.map_err(|error| error.to_wire())
    }

    /// Hosts a server under this name.
    pub async fn host_start(&self, name: &str) -> Result<(), WireError> {
        self.backend().await?.host.start(parse_name(name)?).await
    }

    /// Stops hosting.
    pub async fn host_stop(&self) -> Result<(), WireError> {
        self.backend().await?.host.stop().await;
        Ok(())
    }

    /// Joins a server of the list of servers near.
    pub async fn nearby_join(&self, server: ServerId) -> Result<(), WireError> {
        self.backend().await?.join_nearby(server).await
    }

    /// Joins the server at an address that the user typed.
    pub async fn server_join(&self, address: &str) -> Result<ServerId, WireError> {
        let address: Address = address
            .parse()
            .map_err(|error: InvalidAddress| WireError::new(ErrorCode::BadRequest, error.to_string()))?;
        let joined = self.backend().await?.client.join(&[address]).await;
        joined.map_err(|error| error.to_wire())
    }

    /// Ends the session with a server and deletes its data on this device.
    pub async fn server_forget(&self, server: ServerId) -> Result<(), WireError> {
        let backend = self.backend().await?;
        backend.client.forget(server).await.map_err(|error| error.to_wire())
    }

    /// Reports whether the user looks at the window: a user who returns should not wait for a reconnect timer.
    pub async fn set_focused(&self, focused: bool) -> Result<(), WireError> {
        let backend = self.backend().await?;
        if focused {
            backend.client.nudge().await;
        }
        Ok(())
    }

    /// Returns whether this device hosts a server.
    pub fn is_hosting(&self) -> bool {
        self.hosting.borrow().is_some()
    }

    /// Subscribes to the hosted server.
    pub fn hosting(&self) -> watch::Receiver<Option<Hosting>> {
        self.hosting.subscribe()
    }

    /// Asks the user whether to go on hosting. Returns false if there is no page that could ask.
    pub fn ask_quit(&self) -> bool {
        self.ui.send(BackendEvent::AskQuit);
        self.ui.is_connected()
    }

    /// Sends an event of the window to the user interface.
    pub fn send_to_ui(&self, event: BackendEvent) {
        self.ui.send(event);
    }

    /// Ends everything. A hosted server resumes at the next start.
    pub async fn shutdown(&self) {
        // New commands are rejected from now on; running ones have their own handle.
        if let Some(Ok(backend)) = self.backend.send_replace(Some(Err(closing()))) {
            backend.shutdown().await;
        }
    }

    async fn backend(&self) -> Result<Arc<Backend>, WireError> {
        let mut backend = self.backend.subscribe();
        let backend = backend.wait_for(Option::is_some).await.map_err(|_| closing())?;
        backend.clone().unwrap_or_else(|| Err(closing()))
    }
}

/// Parses a name that the user typed.
pub(crate) fn parse_name(text: &str) -> Result<Name, WireError> {
    Name::parse(text).map_err(WireError::from)
}

fn closing() -> WireError {
    WireError::new(ErrorCode::Closing, "I-Chat is closing.")
}
