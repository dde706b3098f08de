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

    /// Adds a server, or updates it if it is known. Returns whether the list changed.
    pub(crate) fn add(&mut self, id: ServerId, name: Name, found: &[Address]) -> io::Result<bool> {
        let before = self.servers.clone();
        if !self.servers.iter().any(|server| server.id == id) {
            self.servers.push(KnownServer {
                id,
                name: name.clone(),
                addresses: Vec::new(),
            });
        }
        self.apply(id, Some(name), found);
        self.save_if_changed(before)
    }

    /// Updates the name of a known server, and puts `found` ahead of its other addresses. Returns whether the list
    /// changed.
    pub(crate) fn update(&mut self, id: ServerId, name: Option<Name>, found: &[Address]) -> io::Result<bool> {
        let before = self.servers.clone();
        self.apply(id, name, found);
        self.save_if_changed(before)
    }

    /// Removes a server. Returns whether the list changed.
    pub(crate) fn remove(&mut self, id: ServerId) -> io::Result<bool> {
        let before = self.servers.clone();
        self.servers.retain(|server| server.id != id);
        self.save_if_changed(before)
    }

    fn apply(&mut self, id: ServerId, name: Option<Name>, found: &[Address]) {
        let Some(server) = self.servers.iter_mut().find(|server| server.id == id) else {
            return;
        };
        if let Some(name) = name {
            server.name = name;
        }
        let old = std::mem::take(&mut server.addresses);
        for address in found.iter().cloned().chain(old) {
            if !server.addresses.contains(&address) && server.addresses.len() < MAX_ADDRESSES {
                server.addresses.push(address);
            }
        }
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

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use uuid::Uuid;

    use super::*;

    const SERVER: ServerId = ServerId(Uuid::nil());

    fn empty_list() -> (KnownServers, TempDir) {
        let dir = tempfile::tempdir().unwrap();
        (KnownServers::open(dir.path()).unwrap(), dir)
    }

    fn office() -> Name {
        Name::parse("Office").unwrap()
    }

    fn address(port: u16) -> Address {
        Address::new([127, 0, 0, 1].into(), port).unwrap()
    }

    #[test]
    fn an_update_does_not_add_a_forgotten_server() {
        let (mut list, _dir) = empty_list();
        list.add(SERVER, office(), &[address(1)]).unwrap();
        list.remove(SERVER).unwrap();
        assert!(!list.update(SERVER, Some(office()), &[address(1)]).unwrap());
        assert_eq!(list.all(), []);
    }

    #[test]
    fn the_latest_address_comes_first() {
        let (mut list, dir) = empty_list();
        list.add(SERVER, office(), &[address(1), address(2), address(1)])
            .unwrap();
        assert!(list.update(SERVER, None, &[address(2)]).unwrap());
        assert!(!list.update(SERVER, None, &[address(2)]).unwrap());
        assert_eq!(list.addresses(SERVER), [address(2), address(1)]);
        assert_eq!(KnownServers::open(dir.path()).unwrap().all(), list.all());
        let many: Vec<_> = (3..100).map(address).collect();
        list.update(SERVER, None, &many).unwrap();
        assert_eq!(list.addresses(SERVER), many[..MAX_ADDRESSES]);
    }

    #[test]
    fn a_damaged_list_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("servers.json");
        fs::write(&file, "[{\"name\":\"Office\"").unwrap();
        let error = KnownServers::open(dir.path()).err().unwrap();
        assert!(error.to_string().contains("move it away"), "{error}");
        assert!(fs::read_to_string(&file).unwrap().contains("Office"));
    }
}
