//! Commands about the servers that the user has joined, and the name used there.

use ichat_protocol::ServerId;
use tauri::State;

use super::command_result::CommandResult;
use crate::shell::Shell;

#[tauri::command]
pub(super) async fn set_name(shell: State<'_, Shell>, name: String) -> CommandResult {
    shell.set_name(&name).await
}

#[tauri::command]
pub(super) async fn reconnect(shell: State<'_, Shell>, server: Option<ServerId>) -> CommandResult {
    shell.reconnect(server).await
}

#[tauri::command]
pub(super) async fn hurry(shell: State<'_, Shell>, server: ServerId) -> CommandResult {
    shell.hurry(server).await
}

#[tauri::command]
pub(super) async fn nearby_join(shell: State<'_, Shell>, server: ServerId) -> CommandResult {
    shell.nearby_join(server).await
}

#[tauri::command]
pub(super) async fn server_join(shell: State<'_, Shell>, address: String) -> CommandResult<ServerId> {
    shell.server_join(&address).await
}

#[tauri::command]
pub(super) async fn server_forget(shell: State<'_, Shell>, server: ServerId) -> CommandResult {
    shell.server_forget(server).await
}
