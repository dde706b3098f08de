//! The Linux desktop: what it calls the app, and whether there is one.

use anyhow::bail;
use gtk::{gdk, glib};

/// The app's id. Desktops look up its name and its icon in `chat.ichat.app.desktop`.
pub(crate) const APP_ID: &str = "chat.ichat.app";

/// Connects to the display. Call it first, on the main thread: Tauri would panic without a display.
pub(crate) fn init() -> anyhow::Result<()> {
    glib::set_prgname(Some(APP_ID));
    glib::set_application_name("I-Chat");
    if gtk::init().is_err() {
        bail!(
            "there is no display to open the window on: set DISPLAY or WAYLAND_DISPLAY, or host without a window with ichat-server"
        );
    }
    gdk::set_program_class(APP_ID);
    Ok(())
}
