//! Looks for installed programs in the search path.

use std::path::{Path, PathBuf};

/// The names under which Chromium and Chrome are installed. The first is Chromium without windows, as automated tests use it: the
/// same pages cost it less than half the CPU.
pub(crate) const CHROMIUM: &[&str] = &[
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// The names under which Firefox is installed.
pub(crate) const FIREFOX: &[&str] = &["firefox-esr", "firefox"];

/// The programs that the tests of the server behind reverse proxies run.
pub(crate) const PROXIES: &[&str] = &["nginx", "haproxy", "caddy", "openssl"];

/// Returns the path of WebKit's own small browser, which is beside WebKit's processes and not in the search path.
pub(crate) fn find_mini_browser() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok);
    let folders = folders
        .map(|entry| entry.path())
        .chain(["/usr/lib64".into(), "/usr/libexec".into()]);
    folders
        .map(|folder| folder.join("webkit2gtk-4.1/MiniBrowser"))
        .find(|file| file.is_file())
}

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

/// Returns whether a program is installed, perhaps as one for administrators, which others don't have in their search path.
pub(crate) fn is_installed_for_root(name: &str) -> bool {
    is_installed(name) || Path::new("/usr/sbin").join(name).is_file()
}
