//! Looks for installed programs in the search path.

use std::path::PathBuf;

/// The names under which Chromium and Chrome are installed.
pub(crate) const CHROMIUM: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Returns the path of the first of these programs that is in the search path.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    names.iter().find_map(|name| {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        std::env::split_paths(&path)
            .map(|folder| folder.join(&file))
            .find(|file| file.is_file())
    })
}

pub(crate) fn is_installed(name: &str) -> bool {
    find(&[name]).is_some()
}
