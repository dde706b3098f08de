//! The tray icon. It is shown while this device hosts, so that the server can run without a window.

#[cfg(not(target_os = "linux"))]
mod native;
#[cfg(target_os = "linux")]
mod status_notifier;

use std::sync::atomic::{AtomicBool, Ordering};

use tauri::{AppHandle, Manager as _, Runtime};

#[cfg(not(target_os = "linux"))]
use self::native::Icon;
#[cfg(target_os = "linux")]
use self::status_notifier::Icon;
use crate::shell::Shell;
use crate::window;

/// The text that describes the icon.
const TOOLTIP: &str = "I-Chat is hosting";

/// An entry of the icon's menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Open,
    Stop,
    Quit,
}

impl Item {
    const ALL: [Item; 3] = [Item::Open, Item::Stop, Item::Quit];

    fn label(self) -> &'static str {
        match self {
            Item::Open => "Open I-Chat",
            Item::Stop => "Stop hosting",
            Item::Quit => "Quit",
        }
    }

    fn choose<R: Runtime>(self, app: &AppHandle<R>) {
        match self {
            Item::Open => window::show(app),
            Item::Stop => window::stop_requested(app),
            Item::Quit => window::quit_requested(app),
        }
    }
}

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

    fn set_visible(&self, visible: bool) {
        self.visible.store(visible, Ordering::Relaxed);
    }
}

/// Shows the icon when hosting starts and removes it when hosting stops.
pub(crate) async fn run<R: Runtime>(app: AppHandle<R>) {
    let mut hosting = app.state::<Shell>().hosting();
    let mut icon = None;
    loop {
        let is_hosting = hosting.borrow_and_update().is_some();
        match icon.take() {
            None if is_hosting => icon = Icon::show(&app).await,
            Some(shown) if is_hosting => icon = Some(shown),
            Some(shown) => {
                shown.remove().await;
                app.state::<TrayState>().set_visible(false);
            }
            None => {}
        }
        if hosting.changed().await.is_err() {
            return;
        }
    }
}
