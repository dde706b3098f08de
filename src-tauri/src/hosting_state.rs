//! The hosting state that survives a restart of the app: `hosting.json`.

use std::path::Path;
use std::{fs, io};

use ichat_client::write_atomically;
use ichat_protocol::{Name, ServerId};
use serde::{Deserialize, Serialize};

/// The server that this device hosts or has hosted last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HostingState {
    pub(crate) server: ServerId,
    pub(crate) name: Name,
    /// Set while hosting, also if the app quits meanwhile, so that it hosts again at its next start.
    pub(crate) hosting: bool,
}

impl HostingState {
    /// Loads the state. A file that can't be read counts as missing: hosting again takes one click.
    pub(crate) fn load(file: &Path) -> Option<Self> {
        let read = match fs::read(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            read => read,
        };
        read.and_then(|bytes| Ok(serde_json::from_slice(&bytes)?))
            .inspect_err(|error| tracing::warn!(file = %file.display(), %error, "the hosting state can't be read"))
            .ok()
    }

    /// Replaces the file atomically.
    pub(crate) fn save(&self, file: &Path) -> io::Result<()> {
        write_atomically(file, &serde_json::to_vec(self)?)
    }
}

#[cfg(test)]
mod tests {
    //! - a saved state is loaded
    //! - a missing or damaged file counts as no state

    use super::*;

    #[test]
    fn a_saved_state_is_loaded_and_a_damaged_one_is_ignored() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("hosting.json");
        assert_eq!(HostingState::load(&file), None);
        let hosting = HostingState {
            server: ServerId::fresh(),
            name: Name::parse("Home").unwrap(),
            hosting: true,
        };
        hosting.save(&file).unwrap();
        assert_eq!(HostingState::load(&file), Some(hosting.clone()));
        let stopped = HostingState {
            hosting: false,
            ..hosting
        };
        stopped.save(&file).unwrap();
        assert_eq!(HostingState::load(&file), Some(stopped));
        fs::write(&file, "{\"server\":").unwrap();
        assert_eq!(HostingState::load(&file), None);
    }
}
