//! The main window: shown, hidden, closed, and restricted to its own page.

use std::path::Path;

use tauri::{
    AppHandle, CloseRequestApi, Manager as _, Runtime, Url, UserAttentionType, WebviewWindow, WebviewWindowBuilder,
};

use crate::shell::Shell;
#[cfg(target_os = "linux")]
use crate::webview_settings;

/// The window's label, as in `tauri.conf.json` and `capabilities/main.json`.
pub(crate) const MAIN: &str = "main";

/// Opens the window that `tauri.conf.json` describes. With a data folder of its own, the page's storage (drafts and
/// settings) is in there too.
pub(crate) fn open<R: Runtime>(app: &AppHandle<R>, own_data: Option<&Path>) -> tauri::Result<()> {
    let config = app.config().app.windows.iter().find(|window| window.label == MAIN);
    let config = config.ok_or(tauri::Error::WindowNotFound)?;
    let mut window = WebviewWindowBuilder::from_config(app, config)?;
    if let Some(data) = own_data {
        window = window.data_directory(data.join("webview"));
    }
    let window = window.build()?;
    #[cfg(target_os = "linux")]
    log_err("configure", webview_settings::configure(&window));
    Ok(())
}

/// Brings the window to the front.
pub(crate) fn show<R: Runtime>(app: &AppHandle<R>) {
    if let Some(window) = main(app) {
        log_err("show", window.show());
        log_err("unminimize", window.unminimize());
        log_err("focus", window.set_focus());
    }
}

/// Hides the window. The tray brings it back, and so does starting I-Chat again.
pub(crate) fn hide<R: Runtime>(app: &AppHandle<R>) {
    if let Some(window) = main(app) {
        log_err("hide", window.hide());
    }
}

/// Shows the number of unread messages in the title and, where the system has one, as a badge.
pub(crate) fn show_unread<R: Runtime>(app: &AppHandle<R>, unread: u32) {
    if let Some(window) = main(app) {
        log_err("badge", window.set_badge_count((unread > 0).then_some(unread.into())));
        log_err("title", window.set_title(&title(unread)));
    }
}

/// Lets the window's button in the task bar ask for attention.
pub(crate) fn request_attention<R: Runtime>(app: &AppHandle<R>, kind: UserAttentionType) {
    if let Some(window) = main(app) {
        log_err("request attention", window.request_user_attention(Some(kind)));
    }
}

/// Handles a click on the window's close button. While this device hosts, the user is asked first, since closing would
/// disconnect others.
pub(crate) fn close_requested<R: Runtime>(app: &AppHandle<R>, api: &CloseRequestApi) {
    let shell = app.state::<Shell>();
    api.prevent_close();
    if !(shell.is_hosting() && shell.ask_quit()) {
        // Hidden at once, since the shutdown takes a moment.
        hide(app);
        app.exit(0);
    }
}

/// Returns whether the window may load a page: only the app's own. Links open in the system's browser.
pub(crate) fn is_own_page(url: &Url, dev: Option<&Url>) -> bool {
    let bundled = match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        "about" => url.path() == "blank",
        _ => false,
    };
    bundled || (tauri::is_dev() && dev.is_some_and(|dev| dev.origin() == url.origin()))
}

/// Logs a refusal of the window system. Nothing else can be done about it.
pub(crate) fn log_err(action: &str, result: tauri::Result<()>) {
    if let Err(error) = result {
        tracing::debug!(action, %error, "the window system refuses");
    }
}

fn main<R: Runtime>(app: &AppHandle<R>) -> Option<WebviewWindow<R>> {
    app.get_webview_window(MAIN)
}

fn title(unread: u32) -> String {
    if unread == 0 {
        "I-Chat".to_owned()
    } else {
        format!("({unread}) I-Chat")
    }
}

#[cfg(test)]
mod tests {
    //! - the window loads only the app's own page
    //! - the title contains the number of unread messages

    use super::*;

    #[test]
    fn only_the_own_page_is_loaded() {
        let is_own = |url: &str| is_own_page(&Url::parse(url).unwrap(), None);
        for url in [
            "tauri://localhost",
            "tauri://localhost/index.html#room",
            "http://tauri.localhost/",
            "about:blank",
        ] {
            assert!(is_own(url), "{url}");
        }
        for url in [
            "https://example.org/",
            "http://localhost:5173/",
            "file:///etc/passwd",
            "tauri://elsewhere/",
            "javascript:alert(1)",
            "data:text/html,x",
        ] {
            assert!(!is_own(url), "{url}");
        }
    }

    #[test]
    fn the_title_contains_the_number_of_unread_messages() {
        assert_eq!(title(0), "I-Chat");
        assert_eq!(title(7), "(7) I-Chat");
    }
}
