//! What the interface says to the window and the system around it.

#![expect(clippy::needless_pass_by_value, reason = "Tauri hands a command owned values only")]

use tauri::ipc::Channel;
use tauri::{AppHandle, Runtime, State};

use super::Answer;
use crate::events::BackendEvent;
use crate::notices::Notice;
use crate::shell::Shell;
use crate::{notices, window};

#[tauri::command]
pub(super) async fn start(shell: State<'_, Shell>, events: Channel<BackendEvent>) -> Answer {
    shell
        .start(Box::new(move |event| window::send_up(&events, event)))
        .await;
    Ok(())
}

#[tauri::command]
pub(super) fn notify<R: Runtime>(app: AppHandle<R>, notice: Notice) {
    notices::show(&app, &notice);
}

#[tauri::command]
pub(super) fn badge<R: Runtime>(app: AppHandle<R>, unread: u32) {
    window::show_unread(&app, unread);
}

#[tauri::command]
pub(super) async fn attention(shell: State<'_, Shell>, focused: bool) -> Answer {
    shell.attention(focused).await
}

#[tauri::command]
pub(super) fn quit<R: Runtime>(app: AppHandle<R>) {
    app.exit(0);
}

#[tauri::command]
pub(super) fn hide<R: Runtime>(app: AppHandle<R>) {
    window::hide(&app);
}
