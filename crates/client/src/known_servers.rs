//! The servers that the user has joined, with the addresses where each was last found.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ichat_protocol::{Name, ServerId};
use serde::{Deserialize, Serialize};

use crate::Address;
use crate::atomic_file::write_atomically;

/// The number of addresses that are kept for a server. The oldest are dropped.
const MAX_ADDRESSES: usize = 16;

/// A server that the user has joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownServer {
    pub id: ServerId,
    /// Its name as last seen.
    pub name: Name,
    /// The addresses where it was found, the most recent first.
    pub addresses: Vec<Address>,
}

/// The list in `servers.json`.
pub(crate) struct KnownServers {
    servers: Vec<KnownServer>,
    file: PathBuf,
}

impl KnownServers {
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        let file = dir.join("servers.json");
        let servers = match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                let text = format!(
                    "{} is damaged ({error}). Put a backup in its place, or move it away and join your servers again",
                    file.display()
                );
                io::Error::new(io::ErrorKind::InvalidData, text)
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(Self { servers, file })
    }

    pub(crate) fn all(&self) -> Vec<KnownServer> {
        self.servers.clone()
    }

    pub(crate) fn addresses(&self, id: ServerId) -> Vec<Address> {
        let known = self.servers.iter().find(|server| server.id == id);
        known.map(|server| server.addresses.clone()).unwrap_or_default()
    }

    /// Adds a server, or updates its name and puts `found` ahead of its other addresses. Without a name it adds nothing.
    /// Returns whether the list changed.
    pub(crate) fn upsert(&mut self, id: ServerId, name: Option<Name>, found: &[Address]) -> io::Result<bool> {
        let before = self.servers.clone();
        if let Some(server) = self.servers.iter_mut().find(|server| server.id == id) {
            if let Some(name) = name {
                server.name = name;
            }
            let old = std::mem::take(&mut server.addresses);
            for address in found.iter().cloned().chain(old) {
                if !server.addresses.contains(&address) && server.addresses.len() < MAX_ADDRESSES {
                    server.addresses.push(address);
                }
            }
        } else if let Some(name) = name {
            let addresses = found.iter().take(MAX_ADDRESSES).cloned().collect();
            self.servers.push(KnownServer { id, name, addresses });
        }
        self.save_if_changed(before)
    }

    /// Removes a server. Returns whether the list changed.
    pub(crate) fn remove(&mut self, id: ServerId) -> io::Result<bool> {
        let before = self.servers.clone();
        self.servers.retain(|server| server.id != id);
        self.save_if_changed(before)
    }

    fn save_if_changed(&mut self, before: Vec<KnownServer>) -> io::Result<bool> {
        if self.servers == before {
            return Ok(false);
        }
        let bytes = serde_json::to_vec_pretty(&self.servers)?;
        write_atomically(&self.file, &bytes).inspect_err(|_| self.servers = before)?;
        Ok(true)
    }
}
