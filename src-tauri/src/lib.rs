//! The desktop shell: it builds the window, connects it to what runs behind it, and runs both.
//!
//! ```text
//!                    commands/ ───────▶ shell.rs ──▶ backend.rs ──▶ client (sessions)
//!   window (UI) ───▶  one line each                    │    └────▶ hosting.rs ──▶ server, store, discovery (announce)
//!       ▲                                              └──▶ nearby_watcher.rs ◀── discovery (browse)
//!       └── Channel ◀── ui_channel.rs ◀── events.rs ◀─────────────┘
//! ```
//!
//! Only `window`, `open_window`, `tray`, `notifications`, `webview` and `desktop` know the window system; everything else
//! is tested without one. The shell decides nothing: decisions belong to `client`, `server`, `discovery` or `ui`.

mod appearance;
mod backend;
mod commands;
#[cfg(target_os = "linux")]
mod desktop;
mod embedded;
mod events;
mod flags;
mod hosting;
mod hosting_state;
mod nearby;
mod nearby_watcher;
mod notifications;
mod open_window;
mod shell;
mod tray;
mod tray_state;
mod ui_channel;
#[cfg(target_os = "linux")]
mod webview;
mod window;

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{self, Path};
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser as _;
use ichat_store::ensure_private_dir;
use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, Builder, Manager as _, RunEvent, Runtime, WindowEvent};
use tauri_plugin_window_state::StateFlags;
use tracing_subscriber::EnvFilter;

pub use crate::commands::COMMANDS;
pub use crate::events::{BackendEvent, Hosting, KnownServer, NearbyServer};
pub use crate::flags::Flags;
pub use crate::notifications::Notification;
pub use crate::shell::{Question, Shell};

use crate::appearance::AppearanceFile;
use crate::notifications::Notifications;
use crate::open_window::{PageStorage, open_window};
use crate::tray_state::TrayState;

/// Time that the shutdown may take before the app ends anyway. Everything that counts is on disk already.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs the app until the user quits.
pub fn run() -> anyhow::Result<()> {
    let flags = Flags::parse();
    let filter =
        EnvFilter::try_new(&flags.log).context("--log is not a filter: write, for example, warn,ichat_app=debug")?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        // A journal or a file gets no colours.
        .with_ansi(io::stderr().is_terminal())
        .init();
    #[cfg(target_os = "linux")]
    desktop::init()?;
    let app = builder(Builder::default(), &flags)?
        .build(context())
        .context("the window can't be opened")?;
    tauri::async_runtime::spawn(tray::run(app.handle().clone()));
    tauri::async_runtime::spawn(quit_on_signal(app.handle().clone()));
    app.run(|app, event| match event {
        RunEvent::WindowEvent {
            label,
            event: WindowEvent::CloseRequested { api, .. },
            ..
        } if label == window::MAIN => {
            window::close_requested(app, &api);
        }
        // A click on the icon in the dock, perhaps while the window is hidden.
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => window::show(app),
        RunEvent::Exit => shut_down(app),
        _ => {}
    });
    Ok(())
}

/// Builds the app: commands, plugins and the shell behind them.
pub fn builder<R: Runtime>(builder: Builder<R>, flags: &Flags) -> io::Result<Builder<R>> {
    let scope = flags.scope();
    let own_data = flags.data.as_deref().map(path::absolute).transpose()?;
    // Apps with folders of their own run at the same time, but the plugin tells apps apart by name only.
    let builder = if own_data.is_none() {
        builder.plugin(single_instance())
    } else {
        builder
    };
    #[cfg(not(target_os = "linux"))]
    let builder = builder.plugin(tauri_plugin_notification::init());
    Ok(builder
        .plugin(window_state(own_data.as_deref()))
        .plugin(tauri_plugin_opener::init())
        .plugin(own_pages_only())
        .invoke_handler(commands::all())
        .manage(Shell::default())
        .manage(TrayState::default())
        .setup(move |app| {
            let app = app.handle().clone();
            let data = own_data.clone().map_or_else(|| app.path().app_data_dir(), Ok)?;
            let storage = page_storage(&data, own_data.is_some());
            let remembers = !matches!(storage, PageStorage::Memory);
            app.manage(AppearanceFile::in_folder(remembers.then_some(&data)));
            app.manage(Notifications::start(&app));
            open_window(&app, storage)?;
            // In the background, so that nothing delays the first frame of the window.
            tauri::async_runtime::spawn(async move { app.state::<Shell>().open(&data, scope).await });
            Ok(())
        }))
}

/// Returns `tauri.conf.json` and the user interface, as the build script has embedded them.
pub fn context<R: Runtime>() -> tauri::Context<R> {
    tauri::generate_context!()
}

/// Returns the folder for the page's storage, which is created. An impossible one must not keep the window from opening: it
/// shows what is wrong.
fn page_storage(data: &Path, is_own: bool) -> PageStorage {
    let folder = if is_own { data.join("webview") } else { data.to_owned() };
    // Everything of the user is in the data folder, so other users of the machine must not look into it.
    if let Err(error) = ensure_private_dir(data, &["profile.json", "client.lock"]) {
        tracing::warn!(%error, "the data folder can't be kept from other users");
    }
    match fs::create_dir_all(&folder) {
        Ok(()) if is_own => PageStorage::InFolder(folder),
        Ok(()) => PageStorage::Usual,
        Err(_) => PageStorage::Memory,
    }
}

/// Returns the plugin with which a second start brings the window of the first to the front. Without a session bus both
/// run, and the second one reports that the data folder is in use.
fn single_instance<R: Runtime>() -> TauriPlugin<R> {
    tauri_plugin_single_instance::init(|app, _arguments, _folder| window::show(app))
}

/// Returns the plugin that keeps the size and position of the window. Not its visibility: a hidden window would stay
/// hidden at the next start.
fn window_state<R: Runtime>(own_data: Option<&Path>) -> TauriPlugin<R> {
    const FILE: &str = "window.json";
    // The plugin joins this to its own folder. An absolute path replaces the folder.
    let file = own_data.map_or_else(|| FILE.into(), |data| data.join(FILE));
    tauri_plugin_window_state::Builder::new()
        .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED | StateFlags::FULLSCREEN)
        .with_filename(file.to_string_lossy())
        .build()
}

/// Returns the plugin that keeps the window on its own page, in case a link gets past the user interface.
fn own_pages_only<R: Runtime>() -> TauriPlugin<R> {
    tauri::plugin::Builder::new("own-pages")
        .on_navigation(|webview, url| window::is_own_page(url, webview.config().build.dev_url.as_ref()))
        .build()
}

/// Quits on a signal, so that logging out and `kill` shut down as the menu does.
async fn quit_on_signal<R: Runtime>(app: AppHandle<R>) {
    if let Err(error) = stop_signal().await {
        tracing::warn!(%error, "signals can't be received: quit I-Chat from its window");
        return;
    }
    window::quit(&app);
}

#[cfg(unix)]
async fn stop_signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
        _ = hang_up.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn stop_signal() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}

fn shut_down<R: Runtime>(app: &AppHandle<R>) {
    let (shell, notifications) = (app.state::<Shell>(), app.state::<Notifications>());
    let ended = tauri::async_runtime::block_on(async {
        let all = async { tokio::join!(shell.shutdown(), notifications.withdraw_all()) };
        tokio::time::timeout(SHUTDOWN_TIMEOUT, all).await
    });
    if ended.is_err() {
        tracing::warn!("the shutdown took too long and was cut short");
    }
}
