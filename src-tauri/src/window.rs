//! The main window: shown, hidden, closed, and restricted to its own page.

use tauri::{AppHandle, CloseRequestApi, Manager as _, Runtime, Url, UserAttentionType, WebviewWindow};

use crate::shell::{Question, Shell};
use crate::tray_state::TrayState;

/// The window's label, as in `tauri.conf.json` and `capabilities/main.json`.
pub(crate) const MAIN: &str = "main";

/// Gives everything in the window its size. Not before the page has loaded: `WebKitGTK`'s page process may crash on it then.
pub(crate) fn set_zoom<R: Runtime>(app: &AppHandle<R>, zoom: f64) {
    if let Some(window) = main(app) {
        log_err("zoom", window.set_zoom(zoom));
    }
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

/// Makes the window as large as the screen, or ends that.
pub(crate) fn toggle_fullscreen<R: Runtime>(app: &AppHandle<R>) {
    if let Some(window) = main(app) {
        let toggled = window
            .is_fullscreen()
            .and_then(|fullscreen| window.set_fullscreen(!fullscreen));
        log_err("fullscreen", toggled);
    }
}

/// Shows the number of unread messages in the title and, where the system has one, as a badge. If some of them mention the
/// user, the title has the number of those.
pub(crate) fn show_unread<R: Runtime>(app: &AppHandle<R>, unread: u32, mentions: u32) {
    if let Some(window) = main(app) {
        log_err("badge", window.set_badge_count((unread > 0).then_some(unread.into())));
        log_err("title", window.set_title(&title(unread, mentions)));
    }
}

/// Lets the window's button in the task bar ask for attention.
pub(crate) fn request_attention<R: Runtime>(app: &AppHandle<R>, kind: UserAttentionType) {
    if let Some(window) = main(app) {
        log_err("request attention", window.request_user_attention(Some(kind)));
    }
}

/// Handles a click on the window's close button.
pub(crate) fn close_requested<R: Runtime>(app: &AppHandle<R>, api: &CloseRequestApi) {
    api.prevent_close();
    close(app);
}

/// Closes the window, which ends the app. While this device hosts, the user is asked first: the app can go on hosting
/// without a window.
pub(crate) fn close<R: Runtime>(app: &AppHandle<R>) {
    if !(app.state::<Shell>().is_hosting() && asks_to_quit(app)) {
        quit(app);
    }
}

/// Quits on the user's request, after a question if that would disconnect others.
pub(crate) fn quit_requested<R: Runtime>(app: &AppHandle<R>) {
    if app.state::<Shell>().has_guests() && asks_to_quit(app) {
        show(app);
    } else {
        quit(app);
    }
}

/// Stops hosting on the user's request, after a question if that would disconnect others.
pub(crate) fn stop_requested<R: Runtime>(app: &AppHandle<R>) {
    // Stopping removes the icon in the tray. Without the window, nothing of I-Chat would remain visible.
    show(app);
    let shell = app.state::<Shell>();
    if shell.has_guests() && shell.ask(Question::Stop) {
        return;
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if let Err(error) = app.state::<Shell>().host_stop().await {
            tracing::warn!(%error, "hosting can't be stopped");
        }
    });
}

/// Ends the app.
pub(crate) fn quit<R: Runtime>(app: &AppHandle<R>) {
    // Hidden at once, since the shutdown takes a moment.
    hide(app);
    app.exit(app.state::<Shell>().exit_code());
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

/// Asks the user what to do about the hosted server. Returns false if the page can't ask.
fn asks_to_quit<R: Runtime>(app: &AppHandle<R>) -> bool {
    let tray = app.state::<TrayState>().is_visible();
    app.state::<Shell>().ask(Question::Quit { tray })
}

fn title(unread: u32, mentions: u32) -> String {
    match (unread, mentions) {
        (0, _) => "I-Chat".to_owned(),
        (_, 0) => format!("({unread}) I-Chat"),
        (_, _) => format!("({mentions} @) I-Chat"),
    }
}

#[cfg(test)]
mod tests {
    //! - the window loads only the app's own page
    //! - the title contains the number of unread messages, or of those that mention the user

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
    fn the_title_contains_what_is_unread() {
        assert_eq!(title(0, 0), "I-Chat");
        assert_eq!(title(7, 0), "(7) I-Chat");
        assert_eq!(title(7, 2), "(2 @) I-Chat");
    }
}
