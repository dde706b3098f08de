//! The tray icon. It is shown while this device hosts, so that the server can run without a window.

mod item;
#[cfg(not(target_os = "linux"))]
mod native;
#[cfg(target_os = "linux")]
mod status_notifier;

use tauri::{AppHandle, Manager as _, Runtime};

#[cfg(not(target_os = "linux"))]
use self::native::Icon;
#[cfg(target_os = "linux")]
use self::status_notifier::Icon;
use crate::shell::Shell;
use crate::tray_state::TrayState;

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
