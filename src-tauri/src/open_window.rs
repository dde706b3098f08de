//! The main window as it is opened: its storage and its background.

use std::path::PathBuf;

use tauri::{AppHandle, Manager as _, Runtime, WebviewWindowBuilder};

use crate::appearance::AppearanceFile;
#[cfg(target_os = "linux")]
use crate::webview;
use crate::window::{MAIN, log_err};

/// The folder of the page's own storage: its drafts and settings.
pub(crate) enum PageStorage {
    /// The usual one.
    Usual,
    InFolder(PathBuf),
    /// None: the data folder can't be written to.
    Memory,
}

/// Opens the window that `tauri.conf.json` describes.
pub(crate) fn open_window<R: Runtime>(app: &AppHandle<R>, storage: PageStorage) -> tauri::Result<()> {
    let config = app.config().app.windows.iter().find(|window| window.label == MAIN);
    let config = config.ok_or(tauri::Error::WindowNotFound)?;
    let theme = app.state::<AppearanceFile>().load();
    let mut window = WebviewWindowBuilder::from_config(app, config)?;
    #[cfg(target_os = "linux")]
    let system_is_dark = webview::system_is_dark;
    #[cfg(not(target_os = "linux"))]
    let system_is_dark = || false;
    // Before the first frame, which would be white. Later, WebKitGTK's page process may crash on it.
    if let Some(background) = theme.background(system_is_dark) {
        window = window.background_color(background);
    }
    let window = match storage {
        PageStorage::Usual => window,
        PageStorage::InFolder(folder) => window.data_directory(folder),
        PageStorage::Memory => window.incognito(true),
    }
    .build()?;
    #[cfg(target_os = "linux")]
    log_err("configure", webview::configure(&window));
    Ok(())
}
