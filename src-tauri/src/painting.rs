//! How the window is painted where nothing but the processor can do it.
//!
//! Without a graphics card the web view still composes the page with OpenGL, on Mesa's software renderer: a compiler, textures
//! and threads, for the same picture that it can paint straight away. There it is told to do just that.

use std::path::Path;

use tauri::{Runtime, WebviewWindow};
use webkit2gtk::{CacheModel, HardwareAccelerationPolicy, SettingsExt as _, WebContextExt as _, WebViewExt as _};

use crate::window::tried;

/// Where the kernel shows a card that can render, by Mesa's drivers or by NVIDIA's own.
const CARDS: &[&str] = &["/dev/dri", "/dev/nvidiactl"];

/// Sets the page up for this computer.
pub(crate) fn fit<R: Runtime>(window: &WebviewWindow<R>) {
    let has_card = CARDS.iter().any(|card| Path::new(card).exists());
    let set = window.with_webview(move |webview| {
        let view = webview.inner();
        if let Some(settings) = view.settings().filter(|_| !has_card) {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
        // One page, whose parts come out of this program: there is nothing to go back to and nothing to fetch twice.
        if let Some(context) = view.context() {
            context.set_cache_model(CacheModel::DocumentViewer);
        }
    });
    tried("painting", set);
}
