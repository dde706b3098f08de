//! Several processes with one data folder. The first one has the folder. Each of the others has a folder of its own in it, and is
//! another device of the same person.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ichat_protocol::Name;

use crate::client::Client;
use crate::error::OpenError;
use crate::updates::Updates;

/// Processes that can have one data folder at the same time.
const MAX_PROCESSES: usize = 64;
const FOLDER: &str = "parallel";
/// The file that says that a folder may have a post that waits to be sent.
const UNSENT_FILE: &str = "unsent";

/// A mark on a data folder, for as long as a post in it may wait to be sent.
#[derive(Debug)]
pub struct UnsentMark {
    file: PathBuf,
}

impl UnsentMark {
    fn on(folder: &Path) -> Self {
        let file = folder.join(UNSENT_FILE);
        Self { file }
    }

    /// Sets the mark, or makes it the newest one. A later process takes this folder before those without a mark, and so sends
    /// the post.
    pub fn set(&self) -> io::Result<()> {
        fs::write(&self.file, [])
    }

    /// Returns when the mark was last set. `None` if there is none.
    fn set_at(&self) -> Option<SystemTime> {
        fs::metadata(&self.file).and_then(|file| file.modified()).ok()
    }

    fn remove(&self) {
        if let Err(error) = fs::remove_file(&self.file) {
            tracing::debug!(%error, "the mark of an unsent post stays");
        }
    }
}

impl Client {
    /// Does the same as [`Client::open`] also while other processes use the folder: then with a folder inside it, for another
    /// device of the same user. Folders with posts that wait to be sent are taken first, in turn.
    pub fn open_in_parallel(dir: &Path, name: Option<&Name>) -> Result<(Client, Updates, UnsentMark), OpenError> {
        let mut marked: Vec<_> = folders(dir)
            .filter_map(|folder| Some((UnsentMark::on(&folder).set_at()?, folder)))
            .collect();
        marked.sort();
        for (_, folder) in marked {
            match open(&folder, dir, name) {
                Ok((client, updates, mark)) => {
                    // Others are next, in case its posts can't be sent.
                    if let Err(error) = mark.set() {
                        tracing::warn!(%error, "the mark of an unsent post stays as old as it is");
                    }
                    return Ok((client, updates, mark));
                }
                Err(OpenError::InUse { .. }) => {}
                Err(error) => tracing::warn!(%error, "the posts that wait in a folder can't be sent"),
            }
        }
        let mut unusable = None;
        for folder in folders(dir) {
            match open(&folder, dir, name) {
                Err(OpenError::InUse { .. }) => {}
                // Nobody but the user can repair the profile.
                Err(error) if folder == dir => return Err(error),
                Err(error) => unusable = Some(error),
                opened => return opened,
            }
        }
        Err(unusable.unwrap_or_else(|| OpenError::InUse { dir: dir.to_owned() }))
    }

    /// Ends all sessions like [`Client::shutdown`], and removes the mark if no post waits in the folder for any server.
    pub async fn shutdown_marked(&self, mark: &UnsentMark) {
        self.shutdown().await;
        if mark.set_at().is_some() && !self.has_unsent_posts().await {
            mark.remove();
        }
    }
}

/// Returns the folders that a process may take: the user's own, then those inside it.
fn folders(dir: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let inside = dir.join(FOLDER);
    let others = (2..=MAX_PROCESSES).map(move |number| inside.join(number.to_string()));
    std::iter::once(dir.to_owned()).chain(others)
}

fn open(folder: &Path, main: &Path, name: Option<&Name>) -> Result<(Client, Updates, UnsentMark), OpenError> {
    let (client, updates) = if folder == main {
        Client::open(main, name.cloned())?
    } else {
        Client::open_as(folder, main, name.cloned())?
    };
    Ok((client, updates, UnsentMark::on(folder)))
}
