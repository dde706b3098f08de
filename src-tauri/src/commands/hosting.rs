//! Commands that host a server on this device.

use tauri::State;

use super::command_result::CommandResult;
use crate::shell::Shell;

#[tauri::command]
pub(super) async fn host_start(shell: State<'_, Shell>, name: String) -> CommandResult {
    shell.host_start(&name).await
}

#[tauri::command]
pub(super) async fn host_stop(shell: State<'_, Shell>) -> CommandResult {
    shell.host_stop().await
}
