//! Commands to the window and to the system around it.

#![expect(clippy::needless_pass_by_value, reason = "Tauri passes owned values to commands")]

use ichat_protocol::{RoomId, ServerId};
use tauri::ipc::Channel;
use tauri::{AppHandle, Runtime, State};

use super::command_result::CommandResult;
use crate::appearance::ThemeChoice;
use crate::events::BackendEvent;
use crate::notifications::Notification;
use crate::shell::Shell;
use crate::{appearance, notifications, window};

#[tauri::command]
pub(super) async fn start(shell: State<'_, Shell>, events: Channel<BackendEvent>) -> CommandResult {
    shell.start(Box::new(move |event| send(&events, event))).await;
    Ok(())
}

#[tauri::command]
pub(super) fn notify<R: Runtime>(app: AppHandle<R>, notification: Notification) {
    notifications::show(&app, notification);
}

#[tauri::command]
pub(super) fn withdraw_notification<R: Runtime>(app: AppHandle<R>, server: ServerId, room: RoomId) {
    notifications::withdraw(&app, server, room);
}

#[tauri::command]
pub(super) fn badge<R: Runtime>(app: AppHandle<R>, unread: u32, mentions: u32) {
    window::show_unread(&app, unread, mentions);
}

#[tauri::command]
pub(super) fn set_theme<R: Runtime>(app: AppHandle<R>, theme: ThemeChoice) {
    appearance::set_theme(&app, theme);
}

#[tauri::command]
pub(super) fn set_zoom<R: Runtime>(app: AppHandle<R>, factor: f64) {
    window::set_zoom(&app, factor);
}

#[tauri::command]
pub(super) fn toggle_fullscreen<R: Runtime>(app: AppHandle<R>) {
    window::toggle_fullscreen(&app);
}

#[tauri::command]
pub(super) fn close<R: Runtime>(app: AppHandle<R>) {
    window::close(&app);
}

#[tauri::command]
pub(super) fn request_quit<R: Runtime>(app: AppHandle<R>) {
    window::quit_requested(&app);
}

#[tauri::command]
pub(super) fn acknowledge_question(shell: State<'_, Shell>) {
    shell.acknowledge_question();
}

#[tauri::command]
pub(super) fn quit<R: Runtime>(app: AppHandle<R>) {
    window::quit(&app);
}

#[tauri::command]
pub(super) fn hide<R: Runtime>(app: AppHandle<R>) {
    window::hide(&app);
}

fn send(events: &Channel<BackendEvent>, event: BackendEvent) {
    if let Err(error) = events.send(event) {
        tracing::debug!(%error, "the page has been unloaded");
    }
}
