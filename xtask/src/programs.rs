//! Programs of others that may be installed.

use std::path::PathBuf;

/// Names under which a browser made of Chromium is installed.
pub(crate) const CHROMIUM: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Where the first of these programs is, if any is in the search path.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    names.iter().find_map(|name| {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        std::env::split_paths(&path)
            .map(|folder| folder.join(&file))
            .find(|file| file.is_file())
    })
}

/// Whether this program is in the search path.
pub(crate) fn there(name: &str) -> bool {
    find(&[name]).is_some()
}
