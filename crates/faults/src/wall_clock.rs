//! A wall clock that jumps, as libfaketime shows it to a program. The monotonic clocks stay true.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::process::Launch;

/// The wall clock of a process.
pub(crate) struct WallClock {
    library: PathBuf,
    /// The offset from the true time, as libfaketime reads it.
    offset: PathBuf,
}

impl WallClock {
    /// Makes a clock that is right.
    pub(crate) fn new(dir: &Path, name: &str) -> Result<Self> {
        let clock = Self {
            library: library().context("there is no libfaketime")?,
            offset: dir.join(format!("{name}.clock")),
        };
        clock.jump("+0")?;
        Ok(clock)
    }

    /// Sets the offset from the true time: `+1h`, `-1y`.
    pub(crate) fn jump(&self, offset: &str) -> Result<()> {
        // Renaming is atomic: a reader sees the old offset or the new one.
        let next = self.offset.with_extension("next");
        std::fs::write(&next, offset)?;
        Ok(std::fs::rename(next, &self.offset)?)
    }

    /// Returns how to start a program with this clock.
    pub(crate) fn launch(&self) -> Launch {
        let env = [
            ("LD_PRELOAD", self.library.as_os_str()),
            ("FAKETIME_TIMESTAMP_FILE", self.offset.as_os_str()),
            ("FAKETIME_NO_CACHE", OsStr::new("1")),
            ("FAKETIME_DONT_FAKE_MONOTONIC", OsStr::new("1")),
        ];
        Launch {
            prefix: Vec::new(),
            env: env.map(|(name, value)| (name.into(), value.to_owned())).into(),
        }
    }
}

/// Returns the path of libfaketime, if it is installed: in a folder of the architecture (Debian), or beside it (Fedora).
pub(crate) fn library() -> Option<PathBuf> {
    let parents = ["/usr/lib", "/usr/lib64"].map(PathBuf::from);
    let children = parents.iter().filter_map(|parent| std::fs::read_dir(parent).ok());
    let children = children.flat_map(|entries| entries.flatten().map(|entry| entry.path()));
    let folders = parents.iter().cloned().chain(children);
    let mut files = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
    files.find(|file| file.exists())
}
