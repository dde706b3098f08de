//! What the shell remembers of hosting, beside the server's own data: `hosting.json`.

use std::path::Path;
use std::{fs, io};

use ichat_protocol::{Name, ServerId};
use serde::{Deserialize, Serialize};

/// What was hosted last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    /// The server's id.
    pub(crate) server: ServerId,
    /// The name it was given.
    pub(crate) name: Name,
    /// Whether the app was quit while hosting, so that it hosts again at its next start.
    pub(crate) hosting: bool,
}

impl Remembered {
    /// What the file holds. A file that can't be read counts as none: hosting begins with one click anyway.
    pub(crate) fn load(file: &Path) -> Option<Self> {
        match fs::read(file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .inspect_err(|error| tracing::warn!(file = %file.display(), %error, "what was hosted can't be read"))
                .ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "what was hosted can't be read");
                None
            }
        }
    }

    /// Replaces the file as a whole, so that a crash leaves either the old or the new one.
    pub(crate) fn save(&self, file: &Path) -> io::Result<()> {
        let next = file.with_extension("json.new");
        fs::write(&next, serde_json::to_vec(self)?)?;
        fs::rename(&next, file)
    }
}

#[cfg(test)]
mod tests {
    //! - what was saved is loaded
    //! - no file, or a damaged one, is nothing remembered

    use super::*;

    #[test]
    fn what_was_saved_is_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("hosting.json");
        assert_eq!(Remembered::load(&file), None);
        let office = Remembered {
            server: ServerId::fresh(),
            name: Name::parse("Office").unwrap(),
            hosting: true,
        };
        office.save(&file).unwrap();
        assert_eq!(Remembered::load(&file), Some(office.clone()));
        let stopped = Remembered {
            hosting: false,
            ..office
        };
        stopped.save(&file).unwrap();
        assert_eq!(Remembered::load(&file), Some(stopped));
        fs::write(&file, "{\"server\":").unwrap();
        assert_eq!(Remembered::load(&file), None);
    }
}
