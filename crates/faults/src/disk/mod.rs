//! A disk that loses its power: what was written and not forced to it is gone, or half gone.
//!
//! ```text
//!   the server ── write, fsync ──▶ files (FUSE) ──▶ image ── is now: what programs see
//!                                                     │   ── waits: what was written since, in its order
//!                                                     └── is safe: what an fsync has forced
//!   power loss: the server is killed; what is safe stays, and of what waits whatever the dice say
//! ```
//!
//! A real disk may have written any part of what waits, sector by sector and in any order, and so does this one. `kill -9`
//! alone proves nothing of this: the system keeps what a dead process wrote.

mod files;
mod image;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use fuser::{BackgroundSession, MountOption};

use files::Files;
use image::Image;

/// How long the power may take to go. The load has ended long before.
const PATIENCE: Duration = Duration::from_secs(20);

/// A mounted disk. Unmounted when it is dropped.
pub(crate) struct Disk {
    path: PathBuf,
    image: Arc<Mutex<Image>>,
    mounted: Option<BackgroundSession>,
}

impl Disk {
    /// Why there can be none here, if so.
    pub(crate) fn obstacle() -> Option<String> {
        match std::fs::File::options().read(true).write(true).open("/dev/fuse") {
            Ok(_) => None,
            Err(error) => Some(format!("/dev/fuse can't be opened: {error}")),
        }
    }

    /// An empty disk, mounted at a new folder.
    pub(crate) fn mount(path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path)?;
        let mut disk = Self {
            path: path.to_owned(),
            image: Arc::default(),
            mounted: None,
        };
        disk.power_on()?;
        Ok(disk)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The power will go after so many more writes.
    pub(crate) fn lose_power_after(&self, writes: u32) {
        self.image().lose_power_after(writes);
    }

    /// Waits until the power has gone; at the latest when nothing was written for a while.
    pub(crate) fn power_is_lost(&self) -> Result<()> {
        let by = Instant::now() + PATIENCE;
        let (mut writes, mut quiet_since) = (self.image().writes(), Instant::now());
        while !self.image().is_dead() {
            std::thread::sleep(Duration::from_millis(2));
            let now = self.image().writes();
            if now != writes {
                (writes, quiet_since) = (now, Instant::now());
            }
            if quiet_since.elapsed() > Duration::from_millis(200) {
                self.lose_power_after(0);
            }
            if Instant::now() > by {
                bail!("the disk is still being written to");
            }
        }
        Ok(())
    }

    /// The power is back, and the disk holds what has survived. Nobody may use it meanwhile.
    pub(crate) fn power_returns(&mut self, dice: &mut fastrand::Rng) -> Result<()> {
        self.power_off()?;
        self.image().forget(dice);
        self.power_on()
    }

    fn power_on(&mut self) -> Result<()> {
        let mut config = fuser::Config::default();
        config.mount_options = vec![MountOption::FSName("ichat-faults".to_owned())];
        let files = Files::new(Arc::clone(&self.image));
        let mounted = fuser::spawn_mount(files, &self.path, &config);
        self.mounted = Some(mounted.with_context(|| format!("{} can't be mounted", self.path.display()))?);
        Ok(())
    }

    fn power_off(&mut self) -> Result<()> {
        let Some(mounted) = self.mounted.take() else {
            return Ok(());
        };
        match mounted.umount_and_join() {
            // When the kernel was still asking something, its answer to that is how the file system hears of its end.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionAborted => Ok(()),
            ended => ended.context("the disk can't be unmounted"),
        }
    }

    fn image(&self) -> MutexGuard<'_, Image> {
        self.image.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Err(error) = self.power_off() {
            eprintln!("warning: {}: {error:#}", self.path.display());
        }
    }
}
