//! The visibility of the icon in the tray, which the window asks for and the tray keeps.

use std::sync::atomic::{AtomicBool, Ordering};

/// The state of the tray: whether the user can see the icon.
#[derive(Default)]
pub(crate) struct TrayState {
    visible: AtomicBool,
}

impl TrayState {
    /// Returns whether the desktop shows the icon now. Many desktops have no tray.
    pub(crate) fn is_visible(&self) -> bool {
        self.visible.load(Ordering::Relaxed)
    }

    pub(crate) fn set_visible(&self, visible: bool) {
        self.visible.store(visible, Ordering::Relaxed);
    }
}
