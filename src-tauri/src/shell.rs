//! The handle of the commands to everything behind the window. It needs no window itself.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ichat_client::session::Command;
use ichat_client::{Address, InvalidAddress};
use ichat_discovery::Scope;
use ichat_protocol::{ErrorCode, Name, ServerId, WireError};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::backend::Backend;
use crate::events::{BackendEvent, Hosting};
use crate::ui_channel::{Sink, UiChannel};

/// The time that a page has to show a question. After that, it counts as not responding.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(1);

/// A question to the user that only the page can ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Quit although this device hosts? `tray` is `true` if the desktop shows the icon that brings a hidden window back.
    Quit { tray: bool },
    /// Stop hosting although others are connected?
    Stop,
}

/// The part of the app that has no window. The back end opens in the background while the window is drawn; commands wait
/// for it.
#[derive(Default)]
pub struct Shell {
    ui: UiChannel,
    hosting: watch::Sender<Option<Hosting>>,
    /// `None` while the back end opens; an error if that failed, or after the shutdown.
    backend: watch::Sender<Option<Result<Arc<Backend>, WireError>>>,
    /// The time of a question that the page has not shown yet.
    asked: Mutex<Option<Instant>>,
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
        *self.asked.lock() = None;
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

    /// Connects now, with one server or with all, and checks the open connections: a user who returns, or asks for it, should
    /// not wait for a reconnect timer.
    pub async fn reconnect(&self, server: Option<ServerId>) -> Result<(), WireError> {
        let client = &self.backend().await?.client;
        match server {
            Some(server) => client.reconnect(server).await,
            None => client.nudge().await,
        }
        Ok(())
    }

    /// Connects with a server soon, because the user writes there.
    pub async fn hurry(&self, server: ServerId) -> Result<(), WireError> {
        self.backend().await?.client.hurry(server).await;
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

    /// Returns whether others are connected to the hosted server.
    pub fn has_guests(&self) -> bool {
        let backend = self.backend.borrow();
        matches!(&*backend, Some(Ok(backend)) if backend.host.has_guests())
    }

    /// Lets the page ask the user a question. Returns false if there is no page that could, or if it has not shown the last
    /// question in time.
    pub fn ask(&self, question: Question) -> bool {
        let mut asked = self.asked.lock();
        if !self.ui.is_connected() || asked.is_some_and(|asked| asked.elapsed() >= QUESTION_TIMEOUT) {
            return false;
        }
        asked.get_or_insert_with(Instant::now);
        self.ui.send(match question {
            Question::Quit { tray } => BackendEvent::AskQuit { tray },
            Question::Stop => BackendEvent::AskStop,
        });
        true
    }

    /// Reports that the page shows a question.
    pub fn acknowledge_question(&self) {
        *self.asked.lock() = None;
    }

    /// Reports that the page has crashed. The next one is told so.
    pub fn page_crashed(&self) {
        self.ui.disconnect();
        self.ui.send(BackendEvent::Recovered);
    }

    /// Returns the exit status of the app: failure if the data folder can't be used.
    pub fn exit_code(&self) -> i32 {
        let backend = self.backend.borrow();
        i32::from(matches!(&*backend, Some(Err(error)) if error.code != ErrorCode::Closing))
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
