//! Hosting a server on this device.

use tauri::State;

use super::Answer;
use crate::shell::Shell;

#[tauri::command]
pub(super) async fn host_start(shell: State<'_, Shell>, name: String) -> Answer {
    shell.host_start(&name).await
}

#[tauri::command]
pub(super) async fn host_stop(shell: State<'_, Shell>) -> Answer {
    shell.host_stop().await
}
