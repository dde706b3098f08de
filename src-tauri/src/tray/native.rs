//! The tray icon of Windows and macOS.

use tauri::menu::{Menu, MenuItem};
use tauri::tray::TrayIconBuilder;
use tauri::{AppHandle, Manager as _, Runtime};

use super::item::{Item, TOOLTIP};
use crate::tray_state::TrayState;
use crate::window;

const ID: &str = "hosting";

/// A shown icon.
pub(super) struct Icon<R: Runtime>(AppHandle<R>);

impl<R: Runtime> Icon<R> {
    /// Requests the icon; [`TrayState`] says later whether it is shown. The signature is that of the icon of Linux, which
    /// the system may refuse at once.
    pub(super) async fn show(app: &AppHandle<R>) -> Option<Self> {
        let icon = Self(app.clone());
        icon.set_visible(true);
        Some(icon)
    }

    /// Hides the icon, which is kept for the next time.
    pub(super) async fn remove(self) {
        self.set_visible(false);
    }

    fn set_visible(&self, visible: bool) {
        let app = self.0.clone();
        let scheduled =
            self.0
                .run_on_main_thread(move || match icon(&app).and_then(|icon| icon.set_visible(visible)) {
                    Ok(()) => app.state::<TrayState>().set_visible(visible),
                    Err(error) => {
                        tracing::warn!(%error, "there is no tray: start I-Chat again to bring a hidden window back");
                    }
                });
        window::log_err("tray", scheduled);
    }
}

/// Returns the one icon, which is built when it is first needed.
fn icon<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<tauri::tray::TrayIcon<R>> {
    if let Some(icon) = app.tray_by_id(ID) {
        return Ok(icon);
    }
    let menu = Menu::new(app)?;
    for item in Item::ALL {
        menu.append(&MenuItem::with_id(app, item.label(), item.label(), true, None::<&str>)?)?;
    }
    let mut tray = TrayIconBuilder::with_id(ID)
        .tooltip(TOOLTIP)
        .menu(&menu)
        .on_menu_event(|app, event| {
            let chosen = Item::ALL.into_iter().find(|item| item.label() == event.id().as_ref());
            if let Some(item) = chosen {
                item.choose(app);
            }
        });
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.build(app)
}
