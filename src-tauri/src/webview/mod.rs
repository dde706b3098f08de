//! The web view of Linux: settings that Tauri does not expose.
//!
//! Without a graphics card `WebKitGTK` still composes the page with OpenGL, on Mesa's software renderer. That costs a shader
//! compiler, textures and threads, and the picture is the same without. So it is switched off there.

mod context_menu;
mod crash;
mod spelling;

use std::path::Path;

use gtk::prelude::GtkSettingsExt as _;
use tauri::{Manager as _, Runtime, WebviewWindow};
use webkit2gtk::{CacheModel, HardwareAccelerationPolicy, SettingsExt as _, WebContextExt as _, WebViewExt as _};

/// The devices of graphics cards that can render, with Mesa's drivers or NVIDIA's own.
const GRAPHICS_DEVICES: &[&str] = &["/dev/dri", "/dev/nvidiactl"];

/// Configures the web view for this computer and its user.
pub(crate) fn configure<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    let has_graphics_card = GRAPHICS_DEVICES.iter().any(|device| Path::new(device).exists());
    let app = window.app_handle().clone();
    window.with_webview(move |webview| {
        let view = webview.inner();
        if let Some(settings) = view.settings().filter(|_| !has_graphics_card) {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
        if let Some(context) = view.context() {
            // There is only one page, and its files come from this program: caches for going back or for reloading are
            // useless.
            context.set_cache_model(CacheModel::DocumentViewer);
            spelling::enable(&context);
        }
        context_menu::attach(&view, &app);
        crash::attach(&view, &app);
    })
}

/// Returns whether pages that follow the system are dark, by the same rules as `WebKitGTK`.
pub(crate) fn system_is_dark() -> bool {
    // Tests run without a display.
    if !gtk::is_initialized_main_thread() {
        return false;
    }
    let Some(settings) = gtk::Settings::default() else {
        return false;
    };
    let chosen = std::env::var("GTK_THEME").ok();
    let theme = chosen.or_else(|| settings.gtk_theme_name().map(String::from));
    settings.is_gtk_application_prefer_dark_theme()
        || theme.is_some_and(|name| ["-dark", "-Dark", ":dark"].iter().any(|ending| name.ends_with(ending)))
}
