//! Several processes with one data folder. The first one has the folder. Each of the others has a folder of its own in it, and is
//! another device of the same person.

use std::io;
use std::path::{Path, PathBuf};

use ichat_protocol::Name;

use crate::client::Client;
use crate::error::OpenError;
use crate::updates::Updates;

/// Processes that can have one data folder at the same time.
const MAX_PROCESSES: usize = 64;
const FOLDER: &str = "parallel";
/// The file that says that a folder has a post that waits to be sent.
const UNSENT_FILE: &str = "unsent";

/// A mark on a data folder, for as long as a post of it may wait to be sent.
#[derive(Debug)]
pub struct UnsentMark {
    /// `None` for the folder that the first process takes anyway.
    file: Option<PathBuf>,
}

impl UnsentMark {
    /// Sets the mark. A later process takes this folder before others, and so sends the post.
    pub fn set(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), |file| std::fs::write(file, ""))
    }

    /// Removes the mark.
    pub fn clear(&self) {
        if let Some(file) = &self.file
            && let Err(error) = std::fs::remove_file(file)
        {
            tracing::debug!(%error, "the mark of an unsent post stays");
        }
    }
}

impl Client {
    /// Does the same as [`Client::open`] also while other processes use the folder: then with a folder inside it, for another
    /// device of the same user.
    pub fn open_in_parallel(dir: &Path, name: Option<&Name>) -> Result<(Client, Updates, UnsentMark), OpenError> {
        match Client::open(dir, name.cloned()) {
            Ok((client, updates)) => return Ok((client, updates, UnsentMark { file: None })),
            Err(OpenError::InUse { .. }) => {}
            Err(error) => return Err(error),
        }
        let mut folders: Vec<_> = (2..=MAX_PROCESSES)
            .map(|number| dir.join(FOLDER).join(number.to_string()))
            .collect();
        folders.sort_by_key(|folder| !folder.join(UNSENT_FILE).exists());
        for folder in folders {
            match Client::open_as(&folder, dir, name.cloned()) {
                Ok((client, updates)) => {
                    let file = Some(folder.join(UNSENT_FILE));
                    return Ok((client, updates, UnsentMark { file }));
                }
                Err(OpenError::InUse { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(OpenError::InUse { dir: dir.to_owned() })
    }
}
