//! A disk that loses its power: what was written and not forced to it is gone, or half gone.
//!
//! ```text
//!   the server ── write, fsync ──▶ file_system (FUSE) ──▶ image ── current:  what programs see
//!                                                           │   ── unsynced: changes since the last fsync, in their order
//!                                                           └── durable:  what an fsync has forced to the disk
//!   power loss: the server is killed; the durable state stays, and a random part of the unsynced changes
//! ```
//!
//! A real disk may have written any part of the unsynced changes, sector by sector and in any order, and so does this
//! one. `kill -9` alone proves nothing about fsync: the kernel keeps what a dead process wrote.

mod file_system;
mod image;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use fuser::{BackgroundSession, MountOption};
use parking_lot::{Mutex, MutexGuard};

use file_system::ImageFileSystem;
use image::Image;

/// Longer than programs write to the disk.
const POWER_LOSS_TIMEOUT: Duration = Duration::from_secs(20);
/// When nothing was written for so long, nothing more will be.
const QUIET_PERIOD: Duration = Duration::from_millis(200);
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// Returns why such a disk can't be mounted here, if so.
pub(crate) fn obstacle() -> Option<String> {
    match std::fs::File::options().read(true).write(true).open("/dev/fuse") {
        Ok(_) => None,
        Err(error) => Some(format!("/dev/fuse can't be opened: {error}")),
    }
}

/// A mounted disk. Dropping it unmounts it.
pub(crate) struct Disk {
    path: PathBuf,
    image: Arc<Mutex<Image>>,
    session: Option<BackgroundSession>,
}

impl Disk {
    /// Mounts an empty disk at a new folder.
    pub(crate) fn mount(path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path)?;
        let mut disk = Self {
            path: path.to_owned(),
            image: Arc::default(),
            session: None,
        };
        disk.mount_image()?;
        Ok(disk)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Lets the disk lose its power after so many more writes.
    pub(crate) fn lose_power_after(&self, writes: u32) {
        self.image().lose_power_after(writes);
    }

    /// Waits until the disk has lost its power, at the latest when nothing was written for a while.
    pub(crate) fn wait_for_power_loss(&self) -> Result<()> {
        let deadline = Instant::now() + POWER_LOSS_TIMEOUT;
        let (mut writes, mut quiet_since) = (self.image().writes(), Instant::now());
        while !self.image().has_lost_power() {
            std::thread::sleep(POLL_INTERVAL);
            let now = self.image().writes();
            if now != writes {
                (writes, quiet_since) = (now, Instant::now());
            }
            if quiet_since.elapsed() > QUIET_PERIOD {
                self.lose_power_after(0);
            }
            if Instant::now() > deadline {
                bail!("the disk is still being written to");
            }
        }
        Ok(())
    }

    /// Returns the power: the disk then has what has survived. No program may use the disk meanwhile.
    pub(crate) fn return_power(&mut self, rng: &mut fastrand::Rng) -> Result<()> {
        self.unmount()?;
        self.image().recover(rng);
        self.mount_image()
    }

    fn mount_image(&mut self) -> Result<()> {
        let mut config = fuser::Config::default();
        config.mount_options = vec![MountOption::FSName("ichat-faults".to_owned())];
        let file_system = ImageFileSystem::new(Arc::clone(&self.image));
        let session = fuser::spawn_mount(file_system, &self.path, &config);
        self.session = Some(session.with_context(|| format!("{} can't be mounted", self.path.display()))?);
        Ok(())
    }

    fn unmount(&mut self) -> Result<()> {
        let Some(session) = self.session.take() else {
            return Ok(());
        };
        match session.umount_and_join() {
            // A request that the kernel had under way ends with this error.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionAborted => Ok(()),
            result => result.context("the disk can't be unmounted"),
        }
    }

    fn image(&self) -> MutexGuard<'_, Image> {
        self.image.lock()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Err(error) = self.unmount() {
            eprintln!("warning: {}: {error:#}", self.path.display());
        }
    }
}
