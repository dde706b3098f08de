//! The one window: shown, hidden, closed, and kept to its own page.

use std::path::Path;

use tauri::ipc::Channel;
use tauri::{AppHandle, CloseRequestApi, Manager as _, Runtime, Url, WebviewWindow, WebviewWindowBuilder};

use crate::events::BackendEvent;
use crate::shell::Shell;

/// The window's label, as in `tauri.conf.json` and `capabilities/main.json`.
pub(crate) const MAIN: &str = "main";

/// Opens it as `tauri.conf.json` describes it. An app with a data folder of its own keeps there what the page stores, too:
/// drafts and settings.
pub(crate) fn open<R: Runtime>(app: &AppHandle<R>, own_data: Option<&Path>) -> tauri::Result<()> {
    let described = app.config().app.windows.iter().find(|window| window.label == MAIN);
    let described = described.ok_or(tauri::Error::WindowNotFound)?;
    let mut window = WebviewWindowBuilder::from_config(app, described)?;
    if let Some(data) = own_data {
        window = window.data_directory(data.join("webview"));
    }
    let window = window.build()?;
    #[cfg(target_os = "linux")]
    crate::painting::fit(&window);
    Ok(())
}

/// The window, while there is one.
pub(crate) fn main<R: Runtime>(app: &AppHandle<R>) -> Option<WebviewWindow<R>> {
    app.get_webview_window(MAIN)
}

/// Brings it to the front, wherever it was.
pub(crate) fn show<R: Runtime>(app: &AppHandle<R>) {
    if let Some(window) = main(app) {
        tried("show", window.show());
        tried("unminimize", window.unminimize());
        tried("focus", window.set_focus());
    }
}

/// Takes it away; the tray, or starting I-Chat again, brings it back.
pub(crate) fn hide<R: Runtime>(app: &AppHandle<R>) {
    if let Some(window) = main(app) {
        tried("hide", window.hide());
    }
}

/// Shows how much is unread, in the title and, where the system has one, as a badge.
pub(crate) fn show_unread<R: Runtime>(app: &AppHandle<R>, unread: u32) {
    if let Some(window) = main(app) {
        tried("badge", window.set_badge_count((unread > 0).then_some(unread.into())));
        tried("title", window.set_title(&title(unread)));
    }
}

fn title(unread: u32) -> String {
    if unread == 0 {
        "I-Chat".to_owned()
    } else {
        format!("({unread}) I-Chat")
    }
}

/// The person closes the window: a server that others use is not taken away without asking.
pub(crate) fn close_requested<R: Runtime>(app: &AppHandle<R>, api: &CloseRequestApi) {
    let shell = app.state::<Shell>();
    api.prevent_close();
    if !(shell.is_hosting() && shell.ask_quit()) {
        // Gone from the screen at once; the end takes its moment behind it.
        hide(app);
        app.exit(0);
    }
}

/// Whether the window may go to this page: only to the interface itself. Links open in the system's browser.
pub(crate) fn is_own_page(url: &Url, dev: Option<&Url>) -> bool {
    let bundled = match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        "about" => url.path() == "blank",
        _ => false,
    };
    bundled || (tauri::is_dev() && dev.is_some_and(|dev| dev.origin() == url.origin()))
}

/// Sends an event to the page. A page that is being left has nobody who listens.
pub(crate) fn send_up(events: &Channel<BackendEvent>, event: BackendEvent) {
    if let Err(error) = events.send(event) {
        tracing::debug!(%error, "the page is gone");
    }
}

/// What a window manager refuses is its business; it is told in the log.
pub(crate) fn tried(what: &str, result: tauri::Result<()>) {
    if let Err(error) = result {
        tracing::debug!(what, %error, "the window system refuses");
    }
}

#[cfg(test)]
mod tests {
    //! - only the interface's own page is let into the window
    //! - the title counts what is unread

    use super::*;

    #[test]
    fn only_the_own_page_is_let_in() {
        let own = |url: &str| is_own_page(&Url::parse(url).unwrap(), None);
        for url in [
            "tauri://localhost",
            "tauri://localhost/index.html#room",
            "http://tauri.localhost/",
            "about:blank",
        ] {
            assert!(own(url), "{url}");
        }
        for url in [
            "https://example.org/",
            "http://localhost:5173/",
            "file:///etc/passwd",
            "tauri://elsewhere/",
            "javascript:alert(1)",
            "data:text/html,x",
        ] {
            assert!(!own(url), "{url}");
        }
    }

    #[test]
    fn the_title_counts() {
        assert_eq!(title(0), "I-Chat");
        assert_eq!(title(7), "(7) I-Chat");
    }
}
