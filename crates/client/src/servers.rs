//! The servers that were joined, and where each was last found.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ichat_protocol::{Name, ServerId};
use serde::{Deserialize, Serialize};

use crate::Address;
use crate::profile::write_whole;

/// Addresses kept of one server; the oldest go.
const ADDRESSES: usize = 16;

/// A server that was joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownServer {
    /// Which one.
    pub id: ServerId,
    /// Its name when it was last seen.
    pub name: Name,
    /// Where it was found, the last place first.
    pub addresses: Vec<Address>,
}

/// `servers.json`.
pub(crate) struct Servers {
    known: Vec<KnownServer>,
    file: PathBuf,
}

impl Servers {
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        let file = dir.join("servers.json");
        let known = match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                let text = format!(
                    "{} is damaged ({error}). Put a backup in its place, or move it away and join your servers anew",
                    file.display()
                );
                io::Error::new(io::ErrorKind::InvalidData, text)
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(Self { known, file })
    }

    pub(crate) fn all(&self) -> Vec<KnownServer> {
        self.known.clone()
    }

    pub(crate) fn addresses(&self, id: ServerId) -> Vec<Address> {
        let known = self.known.iter().find(|server| server.id == id);
        known.map(|server| server.addresses.clone()).unwrap_or_default()
    }

    /// Remembers a server, or that it has these addresses and this name as well. Whether anything changed.
    pub(crate) fn learn(&mut self, id: ServerId, name: Option<Name>, found: &[Address]) -> io::Result<bool> {
        let before = self.known.clone();
        if let Some(server) = self.known.iter_mut().find(|server| server.id == id) {
            if let Some(name) = name {
                server.name = name;
            }
            let old = std::mem::take(&mut server.addresses);
            for address in found.iter().cloned().chain(old) {
                if !server.addresses.contains(&address) && server.addresses.len() < ADDRESSES {
                    server.addresses.push(address);
                }
            }
        } else if let Some(name) = name {
            let addresses = found.iter().take(ADDRESSES).cloned().collect();
            self.known.push(KnownServer { id, name, addresses });
        }
        self.write_unless_same(before)
    }

    pub(crate) fn forget(&mut self, id: ServerId) -> io::Result<bool> {
        let before = self.known.clone();
        self.known.retain(|server| server.id != id);
        self.write_unless_same(before)
    }

    fn write_unless_same(&mut self, before: Vec<KnownServer>) -> io::Result<bool> {
        if self.known == before {
            return Ok(false);
        }
        let bytes = serde_json::to_vec_pretty(&self.known)?;
        write_whole(&self.file, &bytes).inspect_err(|_| self.known = before)?;
        Ok(true)
    }
}
