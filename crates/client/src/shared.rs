//! What the sessions share: who one is, which servers one knows, and where news goes.

use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ichat_protocol::{Name, ServerId};
use tokio::sync::{Notify, mpsc};

use crate::error::OpenError;
use crate::hello::Asker;
use crate::profile::Identity;
use crate::servers::{KnownServer, Servers};
use crate::updates::ClientUpdate;
use crate::{Address, Clock};

pub(crate) struct Shared {
    pub(crate) asker: Asker,
    pub(crate) updates: mpsc::Sender<ClientUpdate>,
    pub(crate) clock: Clock,
    identity: Mutex<Identity>,
    servers: Mutex<Servers>,
    /// The list has changed; somebody tells it.
    servers_changed: Notify,
}

impl Shared {
    /// Reads the profile, or makes one, and the servers that were joined.
    pub(crate) fn open(
        clock: Clock,
        dir: &Path,
        name: Option<Name>,
        updates: mpsc::Sender<ClientUpdate>,
    ) -> Result<Self, OpenError> {
        let folder = |cause| OpenError::Folder {
            dir: dir.to_owned(),
            cause,
        };
        Ok(Self {
            asker: Asker::new()?,
            updates,
            clock,
            identity: Mutex::new(Identity::open(dir, name).map_err(folder)?),
            servers: Mutex::new(Servers::open(dir).map_err(folder)?),
            servers_changed: Notify::new(),
        })
    }

    pub(crate) fn identity(&self) -> Identity {
        locked(&self.identity).clone()
    }

    pub(crate) fn set_name(&self, name: Name) -> io::Result<()> {
        locked(&self.identity).set_name(name)
    }

    pub(crate) fn servers(&self) -> Vec<KnownServer> {
        locked(&self.servers).all()
    }

    pub(crate) fn addresses(&self, server: ServerId) -> Vec<Address> {
        locked(&self.servers).addresses(server)
    }

    /// Remembers a server that the person joins.
    pub(crate) fn remember(&self, server: ServerId, name: Name, found: &[Address]) -> io::Result<()> {
        locked(&self.servers).learn(server, Some(name), found)?;
        self.tell_servers();
        Ok(())
    }

    /// Remembers where a server is, and its name, and tells that if it is new.
    pub(crate) fn learn(&self, server: ServerId, name: Option<Name>, found: &[Address]) {
        match locked(&self.servers).learn(server, name, found) {
            Ok(true) => self.tell_servers(),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "a server's address could not be remembered"),
        }
    }

    pub(crate) fn forget(&self, server: ServerId) -> io::Result<()> {
        locked(&self.servers).forget(server)?;
        self.tell_servers();
        Ok(())
    }

    /// Has the list told, though it may not have changed.
    pub(crate) fn tell_servers(&self) {
        self.servers_changed.notify_one();
    }

    /// Tells the list whenever that is due, for as long as it is polled.
    pub(crate) async fn tell_servers_when_due(&self) {
        loop {
            self.servers_changed.notified().await;
            let servers = self.servers();
            // Nobody listens: then nobody misses it.
            drop(self.updates.send(ClientUpdate::Servers(servers)).await);
        }
    }
}

/// What a panic left behind is still whole: nothing here is changed in two steps.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
