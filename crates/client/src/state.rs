//! The state that the client and all its sessions share.

use std::io;
use std::path::Path;

use ichat_protocol::{Name, ServerId};
use ichat_store::DirLock;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};

use crate::error::OpenError;
use crate::known_servers::{KnownServer, KnownServers};
use crate::profile::Identity;
use crate::server_prober::ServerProber;
use crate::updates::ClientUpdate;
use crate::{Address, Clock};

const LOCK_FILE: &str = "client.lock";
/// Other files by which a folder is known as a client's.
const OWN_FILES: &[&str] = &["profile.json", "servers.json"];

pub(crate) struct ClientState {
    pub(crate) prober: ServerProber,
    pub(crate) updates: mpsc::Sender<ClientUpdate>,
    pub(crate) clock: Clock,
    identity: Mutex<Identity>,
    servers: Mutex<KnownServers>,
    /// Wakes [`ClientState::send_server_lists`].
    servers_changed: Notify,
    /// Locks the data folder. All sessions share this state, so the lock lasts until the last one has ended.
    _lock: DirLock,
}

impl ClientState {
    /// Locks the data folder, and reads the identity and the known servers. Creates the folder if there is none.
    pub(crate) fn open(
        clock: Clock,
        dir: &Path,
        identity: impl FnOnce(&Path) -> io::Result<Identity>,
        updates: mpsc::Sender<ClientUpdate>,
    ) -> Result<Self, OpenError> {
        let lock = lock_folder(dir)?;
        let in_folder = |cause| folder_error(dir, cause);
        Ok(Self {
            prober: ServerProber::new()?,
            updates,
            clock,
            identity: Mutex::new(identity(dir).map_err(in_folder)?),
            servers: Mutex::new(KnownServers::open(dir).map_err(in_folder)?),
            servers_changed: Notify::new(),
            _lock: lock,
        })
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity.lock().clone()
    }

    pub(crate) fn set_name(&self, name: Name) -> io::Result<()> {
        self.identity.lock().set_name(name)
    }

    pub(crate) fn servers(&self) -> Vec<KnownServer> {
        self.servers.lock().all()
    }

    pub(crate) fn addresses(&self, server: ServerId) -> Vec<Address> {
        self.servers.lock().addresses(server)
    }

    /// Adds a server that the user joins, and that answered at `found`.
    pub(crate) fn add_server(
        &self,
        server: ServerId,
        name: Name,
        found: Address,
        others: &[Address],
    ) -> io::Result<()> {
        self.servers.lock().add(server, name, found, others)?;
        self.request_server_list();
        Ok(())
    }

    /// Records where a known server was found. A failure to save it is only logged.
    pub(crate) fn set_found(&self, server: ServerId, name: Name, address: Address) {
        match self.servers.lock().set_found(server, name, address) {
            Ok(true) => self.request_server_list(),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "failed to save the address of a server"),
        }
    }

    pub(crate) fn set_announced(&self, server: ServerId, addresses: &[Address]) {
        self.servers.lock().set_announced(server, addresses);
    }

    pub(crate) fn remove_server(&self, server: ServerId) -> io::Result<()> {
        self.servers.lock().remove(server)?;
        self.request_server_list();
        Ok(())
    }

    /// Requests a [`ClientUpdate::Servers`], even if the list has not changed.
    pub(crate) fn request_server_list(&self) {
        self.servers_changed.notify_one();
    }

    /// Sends the list of servers on each request. Never returns.
    pub(crate) async fn send_server_lists(&self) {
        loop {
            self.servers_changed.notified().await;
            let servers = self.servers();
            // Fails only without a receiver, which would be the only one to need the list.
            drop(self.updates.send(ClientUpdate::Servers(servers)).await);
        }
    }
}

/// Creates the data folder if needed, keeps other users out of it, and locks it until the lock is dropped.
fn lock_folder(dir: &Path) -> Result<DirLock, OpenError> {
    DirLock::acquire(dir, LOCK_FILE, OWN_FILES).map_err(|error| {
        if let ichat_store::OpenError::InUse { dir } = error {
            return OpenError::InUse { dir };
        }
        let sentence = error.to_string();
        folder_error(dir, io::Error::other(sentence.trim_end_matches('.')))
    })
}

fn folder_error(dir: &Path, cause: io::Error) -> OpenError {
    OpenError::Folder {
        dir: dir.to_owned(),
        cause,
    }
}
