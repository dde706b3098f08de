//! The smallest honest Tauri app: one window with one line of text. What I-Chat costs is measured beside it
//! (`cargo xtask bench app`), and it is part of no bundle.
//!
//! With `EMPTY_PLAINLY` in the environment it is painted as I-Chat is where there is no graphics card.

fn main() -> anyhow::Result<()> {
    let context = tauri::generate_context!("src-tauri/examples/empty/tauri.conf.json");
    tauri::Builder::default()
        .setup(|app| {
            #[cfg(target_os = "linux")]
            if std::env::var_os("EMPTY_PLAINLY").is_some() {
                plainly(app)?;
            }
            Ok(())
        })
        .run(context)?;
    Ok(())
}

#[cfg(target_os = "linux")]
fn plainly(app: &tauri::App) -> tauri::Result<()> {
    use tauri::Manager as _;
    use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt as _, WebViewExt as _};

    let window = app.get_webview_window("main").ok_or(tauri::Error::WindowNotFound)?;
    window.with_webview(|webview| {
        if let Some(settings) = webview.inner().settings() {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    })
}
