//! The smallest useful Tauri app: one window with one line of text. `cargo xtask bench app` compares I-Chat with it; no
//! bundle contains it.
//!
//! With `EMPTY_UNACCELERATED` in the environment it is drawn without OpenGL, as I-Chat is without a graphics card.

fn main() -> anyhow::Result<()> {
    let context = tauri::generate_context!("src-tauri/examples/empty/tauri.conf.json");
    tauri::Builder::default()
        .setup(|app| {
            #[cfg(target_os = "linux")]
            if std::env::var_os("EMPTY_UNACCELERATED").is_some() {
                disable_acceleration(app)?;
            }
            Ok(())
        })
        .run(context)?;
    Ok(())
}

#[cfg(target_os = "linux")]
fn disable_acceleration(app: &tauri::App) -> tauri::Result<()> {
    use tauri::Manager as _;
    use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt as _, WebViewExt as _};

    let window = app.get_webview_window("main").ok_or(tauri::Error::WindowNotFound)?;
    window.with_webview(|webview| {
        if let Some(settings) = webview.inner().settings() {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    })
}
