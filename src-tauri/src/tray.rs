//! The tray icon. It is shown while this device hosts, so that the server can run without a window.

use tauri::menu::{Menu, MenuItem};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Manager as _, Runtime};

use crate::shell::Shell;
use crate::window;

const ID: &str = "hosting";
const OPEN: &str = "open";
const STOP: &str = "stop";
const QUIT: &str = "quit";

/// Shows the icon when hosting starts and removes it when hosting stops.
pub(crate) async fn run<R: Runtime>(app: AppHandle<R>) {
    let mut hosting = app.state::<Shell>().hosting();
    loop {
        let is_hosting = hosting.borrow_and_update().is_some();
        set_visible(&app, is_hosting);
        if hosting.changed().await.is_err() {
            return;
        }
    }
}

fn set_visible<R: Runtime>(app: &AppHandle<R>, visible: bool) {
    let handle = app.clone();
    let scheduled = app.run_on_main_thread(move || {
        if !visible {
            drop(handle.remove_tray_by_id(ID));
        } else if handle.tray_by_id(ID).is_none()
            && let Err(error) = build(&handle)
        {
            tracing::warn!(%error, "there is no tray: start I-Chat again to bring a hidden window back");
        }
    });
    window::log_err("tray", scheduled);
}

fn build<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<TrayIcon<R>> {
    let open = MenuItem::with_id(app, OPEN, "Open I-Chat", true, None::<&str>)?;
    let stop = MenuItem::with_id(app, STOP, "Stop hosting", true, None::<&str>)?;
    let quit = MenuItem::with_id(app, QUIT, "Quit", true, None::<&str>)?;
    let mut tray = TrayIconBuilder::with_id(ID)
        .tooltip("I-Chat is hosting")
        // Linux shows an icon only if it has a menu.
        .menu(&Menu::with_items(app, &[&open, &stop, &quit])?)
        .on_menu_event(|app, event| handle_item(app, event.id().as_ref()));
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.build(app)
}

fn handle_item<R: Runtime>(app: &AppHandle<R>, item: &str) {
    match item {
        OPEN => window::show(app),
        STOP => {
            // Stopping removes the icon. Without the window, nothing of I-Chat would remain visible.
            window::show(app);
            let app = app.clone();
            tauri::async_runtime::spawn(async move {
                if let Err(error) = app.state::<Shell>().host_stop().await {
                    tracing::warn!(%error, "hosting can't be stopped");
                }
            });
        }
        QUIT => app.exit(0),
        _ => {}
    }
}
