//! Settings of the web view that Tauri does not expose.
//!
//! Without a graphics card `WebKitGTK` still composes the page with OpenGL, on Mesa's software renderer. That costs a shader
//! compiler, textures and threads, and the picture is the same without. So it is switched off there.

use std::path::Path;

use tauri::{Runtime, WebviewWindow};
use webkit2gtk::{CacheModel, HardwareAccelerationPolicy, SettingsExt as _, WebContextExt as _, WebViewExt as _};

/// The devices of graphics cards that can render, with Mesa's drivers or NVIDIA's own.
const GRAPHICS_DEVICES: &[&str] = &["/dev/dri", "/dev/nvidiactl"];

/// Configures the web view for this computer.
pub(crate) fn configure<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    let has_graphics_card = GRAPHICS_DEVICES.iter().any(|device| Path::new(device).exists());
    window.with_webview(move |webview| {
        let view = webview.inner();
        if let Some(settings) = view.settings().filter(|_| !has_graphics_card) {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
        // There is only one page, and its files come from this program: caches for going back or for reloading are
        // useless.
        if let Some(context) = view.context() {
            context.set_cache_model(CacheModel::DocumentViewer);
        }
    })
}
