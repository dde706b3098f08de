//! The desktop shell: it builds the window, wires it to what runs behind it, and runs both.
//!
//! ```text
//!                    commands/ ──────────▶ shell.rs ──▶ client (sessions)
//!   window (ui)  ───▶  one line each         │    └───▶ hosting.rs ──▶ server, store, discovery (announce)
//!       ▲                                    └────────▶ search.rs ──▶ nearby.rs ◀── discovery (browse)
//!       └── Channel ◀── interface.rs ◀── events.rs ◀───────┘
//! ```
//!
//! What has to do with the window system is in [`window`], [`tray`] and [`notices`]; everything else knows no window,
//! and is tested without one. Decisions belong to `client`, `server` or `ui`; here they only meet.

mod cards;
mod commands;
mod embedded;
mod events;
mod flags;
mod hosting;
mod interface;
mod nearby;
mod notices;
#[cfg(target_os = "linux")]
mod painting;
mod ports;
mod remembered;
mod search;
mod shell;
mod tray;
mod window;

use std::io;
use std::path::{self, Path};
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser as _;
use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, Builder, Manager as _, RunEvent, Runtime, WindowEvent};
use tauri_plugin_window_state::StateFlags;
use tracing_subscriber::EnvFilter;

pub use crate::events::{BackendEvent, Hosting, KnownServer, NearbyServer};
pub use crate::flags::Flags;
pub use crate::shell::Shell;

/// How long the polite end may take, after which the app ends anyway: everything that counts is on the disk already.
const SHUTDOWN_WITHIN: Duration = Duration::from_secs(10);

/// Runs the app until it is quit.
pub fn run() -> anyhow::Result<()> {
    let flags = Flags::parse();
    let filter =
        EnvFilter::try_new(&flags.log).context("--log is no filter: write, for example, warn,ichat_app=debug")?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let app = builder(Builder::default(), &flags)?
        .build(context())
        .context("the window can't be opened")?;
    tauri::async_runtime::spawn(tray::follow(app.handle().clone()));
    tauri::async_runtime::spawn(quit_when_asked(app.handle().clone()));
    app.run(|app, event| match event {
        RunEvent::WindowEvent {
            label,
            event: WindowEvent::CloseRequested { api, .. },
            ..
        } if label == window::MAIN => {
            window::close_requested(app, &api);
        }
        // The icon in the dock is clicked while the window is hidden.
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => window::show(app),
        RunEvent::Exit => end(app),
        _ => {}
    });
    Ok(())
}

/// Wires the app: commands, plugins and what runs behind them.
pub fn builder<R: Runtime>(builder: Builder<R>, flags: &Flags) -> io::Result<Builder<R>> {
    let scope = flags.scope();
    let own_data = flags.data.as_deref().map(path::absolute).transpose()?;
    // Apps with folders of their own stand beside each other, and the plugin knows one name only.
    let builder = if own_data.is_none() {
        builder.plugin(single_instance())
    } else {
        builder
    };
    Ok(builder
        .plugin(window_state(own_data.as_deref()))
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::init())
        .plugin(own_pages_only())
        .invoke_handler(commands::all())
        .manage(Shell::default())
        .setup(move |app| {
            window::open(app.handle(), own_data.as_deref())?;
            notices::follow_clicks(app.handle());
            let data = own_data.map_or_else(|| app.path().app_data_dir(), Ok)?;
            let app = app.handle().clone();
            // In the background, so that nothing stands between the start and the first picture.
            tauri::async_runtime::spawn(async move { app.state::<Shell>().open(&data, scope).await });
            Ok(())
        }))
}

/// What the build script made of `tauri.conf.json`, with the interface in it.
pub fn context<R: Runtime>() -> tauri::Context<R> {
    tauri::generate_context!()
}

/// A second start brings the window of the first to the front. Without a session bus to find the first by, both run, and
/// the second is told that the data folder is in use.
fn single_instance<R: Runtime>() -> TauriPlugin<R> {
    tauri_plugin_single_instance::init(|app, _arguments, _folder| window::show(app))
}

/// Size and place of the window. Not whether it was visible: a hidden window would stay hidden at the next start.
fn window_state<R: Runtime>(own_data: Option<&Path>) -> TauriPlugin<R> {
    const FILE: &str = "window.json";
    // The plugin joins this to its own folder, and an absolute path replaces that.
    let file = own_data.map_or_else(|| FILE.into(), |data| data.join(FILE));
    tauri_plugin_window_state::Builder::new()
        .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED | StateFlags::FULLSCREEN)
        .with_filename(file.to_string_lossy())
        .build()
}

/// A link that got past the interface must not put another page into the window.
fn own_pages_only<R: Runtime>() -> TauriPlugin<R> {
    tauri::plugin::Builder::new("own-pages")
        .on_navigation(|webview, url| window::is_own_page(url, webview.config().build.dev_url.as_ref()))
        .build()
}

/// Logging out and `kill` end the app as politely as its own menu does.
async fn quit_when_asked<R: Runtime>(app: AppHandle<R>) {
    if let Err(error) = asked_to_end().await {
        tracing::warn!(%error, "signals can't be followed: end I-Chat from its window");
        return;
    }
    app.exit(0);
}

#[cfg(unix)]
async fn asked_to_end() -> io::Result<()> {
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
async fn asked_to_end() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}

fn end<R: Runtime>(app: &AppHandle<R>) {
    let ended = tauri::async_runtime::block_on(async {
        tokio::time::timeout(SHUTDOWN_WITHIN, app.state::<Shell>().shutdown()).await
    });
    if ended.is_err() {
        tracing::warn!("the end took too long and was cut short");
    }
}
