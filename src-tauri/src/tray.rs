//! The icon beside the clock. It is there while this device hosts, so that the server can be kept without a window.

use tauri::menu::{Menu, MenuItem};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Manager as _, Runtime};

use crate::shell::Shell;
use crate::window;

const ID: &str = "hosting";
const OPEN: &str = "open";
const STOP: &str = "stop";
const QUIT: &str = "quit";

/// Shows and removes the icon as hosting begins and ends.
pub(crate) async fn follow<R: Runtime>(app: AppHandle<R>) {
    let mut hosting = app.state::<Shell>().hosting();
    loop {
        let now = hosting.borrow_and_update().is_some();
        appear(&app, now);
        if hosting.changed().await.is_err() {
            return;
        }
    }
}

fn appear<R: Runtime>(app: &AppHandle<R>, hosting: bool) {
    let handle = app.clone();
    let asked = app.run_on_main_thread(move || {
        if !hosting {
            drop(handle.remove_tray_by_id(ID));
        } else if handle.tray_by_id(ID).is_none()
            && let Err(error) = build(&handle)
        {
            tracing::warn!(%error, "there is no tray: start I-Chat again to bring a hidden window back");
        }
    });
    window::tried("tray", asked);
}

fn build<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<TrayIcon<R>> {
    let open = MenuItem::with_id(app, OPEN, "Open I-Chat", true, None::<&str>)?;
    let stop = MenuItem::with_id(app, STOP, "Stop hosting", true, None::<&str>)?;
    let quit = MenuItem::with_id(app, QUIT, "Quit", true, None::<&str>)?;
    let mut tray = TrayIconBuilder::with_id(ID)
        .tooltip("I-Chat is hosting")
        // Linux shows an icon only when it has a menu.
        .menu(&Menu::with_items(app, &[&open, &stop, &quit])?)
        .on_menu_event(|app, event| chosen(app, event.id().as_ref()));
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.build(app)
}

fn chosen<R: Runtime>(app: &AppHandle<R>, item: &str) {
    match item {
        OPEN => window::show(app),
        STOP => {
            // The window comes first: without it, and with nothing hosted, nothing of I-Chat would be left to see.
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
