//! Which servers a person is on, and under which name.

use ichat_protocol::ServerId;
use tauri::State;

use super::Answer;
use crate::shell::Shell;

#[tauri::command]
pub(super) async fn set_name(shell: State<'_, Shell>, name: String) -> Answer {
    shell.set_name(&name).await
}

#[tauri::command]
pub(super) async fn nearby_join(shell: State<'_, Shell>, server: ServerId) -> Answer<ServerId> {
    shell.nearby_join(server).await
}

#[tauri::command]
pub(super) async fn server_join(shell: State<'_, Shell>, address: String) -> Answer<ServerId> {
    shell.server_join(&address).await
}

#[tauri::command]
pub(super) async fn server_forget(shell: State<'_, Shell>, server: ServerId) -> Answer {
    shell.server_forget(server).await
}
