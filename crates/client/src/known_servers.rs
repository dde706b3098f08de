//! The servers that the user has joined, with their addresses.
//!
//! Anyone on the network can announce any address for any server. So an announced address is tried as well, but never
//! takes the place of one where the server has answered.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ichat_protocol::{Name, ServerId};
use serde::{Deserialize, Serialize};

use crate::Address;
use crate::atomic_file::write_atomically;

/// The number of addresses that are saved for a server, and the number of announced ones that are tried beside them.
const MAX_ADDRESSES: usize = 16;

/// A server that the user has joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownServer {
    pub id: ServerId,
    /// Its name as last seen.
    pub name: Name,
    /// The addresses where it was found, the most recent first, then those that it announced when the user joined it.
    pub addresses: Vec<Address>,
}

/// The list in `servers.json`, and what discovery sees of its servers now.
pub(crate) struct KnownServers {
    servers: Vec<KnownServer>,
    announced: HashMap<ServerId, Vec<Address>>,
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
        Ok(Self {
            servers,
            announced: HashMap::new(),
            file,
        })
    }

    pub(crate) fn all(&self) -> Vec<KnownServer> {
        self.servers.clone()
    }

    /// Returns the addresses to try, in this order: those that are saved, then those that are announced.
    pub(crate) fn addresses(&self, id: ServerId) -> Vec<Address> {
        let saved = self.server(id).map(|server| server.addresses.clone());
        let announced = self.announced.get(&id).into_iter().flatten().cloned();
        without_duplicates(saved.unwrap_or_default(), announced).collect()
    }

    /// Adds a server that answered at `found`, or updates it if it is known. It may have the other addresses as well.
    /// Returns whether the list changed.
    pub(crate) fn add(&mut self, id: ServerId, name: Name, found: Address, others: &[Address]) -> io::Result<bool> {
        let before = self.servers.clone();
        if self.server(id).is_none() {
            self.servers.push(KnownServer {
                id,
                name: name.clone(),
                addresses: Vec::new(),
            });
        }
        self.apply(id, name, found, others);
        self.save_if_changed(before)
    }

    /// Records that a known server answered at this address, under this name. Returns whether the list changed.
    pub(crate) fn set_found(&mut self, id: ServerId, name: Name, address: Address) -> io::Result<bool> {
        let before = self.servers.clone();
        self.apply(id, name, address, &[]);
        self.save_if_changed(before)
    }

    /// Replaces the announced addresses of a known server.
    pub(crate) fn set_announced(&mut self, id: ServerId, addresses: &[Address]) {
        if self.server(id).is_some() {
            let addresses = addresses.iter().take(MAX_ADDRESSES).cloned().collect();
            self.announced.insert(id, addresses);
        }
    }

    /// Removes a server. Returns whether the list changed.
    pub(crate) fn remove(&mut self, id: ServerId) -> io::Result<bool> {
        let before = self.servers.clone();
        self.servers.retain(|server| server.id != id);
        let changed = self.save_if_changed(before)?;
        self.announced.remove(&id);
        Ok(changed)
    }

    fn server(&self, id: ServerId) -> Option<&KnownServer> {
        self.servers.iter().find(|server| server.id == id)
    }

    fn apply(&mut self, id: ServerId, name: Name, found: Address, others: &[Address]) {
        let Some(server) = self.servers.iter_mut().find(|server| server.id == id) else {
            return;
        };
        server.name = name;
        let old = std::mem::take(&mut server.addresses);
        let all = without_duplicates(vec![found], old.into_iter().chain(others.iter().cloned()));
        server.addresses = all.take(MAX_ADDRESSES).collect();
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

/// Returns the first addresses, then those of the others that are not among them.
fn without_duplicates(first: Vec<Address>, others: impl Iterator<Item = Address>) -> impl Iterator<Item = Address> {
    let mut all = first;
    for address in others {
        if !all.contains(&address) {
            all.push(address);
        }
    }
    all.into_iter()
}

#[cfg(test)]
mod tests {
    //! - an update does not add a server that was forgotten
    //! - the address where the server was found last comes first, and the list is bounded
    //! - announced addresses are tried last, and neither saved nor in the way of the address where the server was found
    //! - a damaged list is not overwritten

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
        list.add(SERVER, office(), address(1), &[]).unwrap();
        list.remove(SERVER).unwrap();
        assert!(!list.set_found(SERVER, office(), address(1)).unwrap());
        list.set_announced(SERVER, &[address(1)]);
        assert_eq!(list.all(), []);
        assert_eq!(list.addresses(SERVER), []);
    }

    #[test]
    fn the_address_where_it_was_found_last_comes_first() {
        let (mut list, dir) = empty_list();
        list.add(SERVER, office(), address(1), &[address(2), address(1)])
            .unwrap();
        assert!(list.set_found(SERVER, office(), address(2)).unwrap());
        assert!(!list.set_found(SERVER, office(), address(2)).unwrap());
        assert_eq!(list.addresses(SERVER), [address(2), address(1)]);
        assert_eq!(KnownServers::open(dir.path()).unwrap().all(), list.all());
        for port in 3..100 {
            list.set_found(SERVER, office(), address(port)).unwrap();
        }
        assert_eq!(list.addresses(SERVER).len(), MAX_ADDRESSES);
        assert_eq!(list.addresses(SERVER)[..2], [address(99), address(98)]);
    }

    #[test]
    fn announced_addresses_do_not_replace_those_where_it_was_found() {
        let (mut list, dir) = empty_list();
        let announced: Vec<_> = (2..100).map(address).collect();
        list.add(SERVER, office(), address(1), &[]).unwrap();
        list.set_announced(SERVER, &announced);
        assert_eq!(list.addresses(SERVER)[..2], [address(1), address(2)]);
        assert_eq!(list.addresses(SERVER).len(), 1 + MAX_ADDRESSES);
        list.add(SERVER, office(), address(200), &announced).unwrap();
        assert_eq!(list.addresses(SERVER)[..2], [address(200), address(1)]);
        list.set_announced(SERVER, &[]);
        assert_eq!(KnownServers::open(dir.path()).unwrap().all(), list.all());
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
