//! System notifications: at most one per room, which is replaced by newer ones and withdrawn when the room has been read.

#[cfg(target_os = "linux")]
mod freedesktop;
#[cfg(not(target_os = "linux"))]
mod plugin;

use ichat_protocol::{RoomId, ServerId, cut_text};
use serde::Deserialize;
use tauri::{AppHandle, Manager as _, Runtime, UserAttentionType};
use ts_rs::TS;

use crate::events::BackendEvent;
use crate::shell::Shell;
use crate::window;

#[cfg(target_os = "linux")]
pub(crate) use self::freedesktop::Notifications;
#[cfg(not(target_os = "linux"))]
pub(crate) use self::plugin::Notifications;

/// A notification about new messages of one room.
#[derive(Clone, Debug, Deserialize, TS)]
#[ts(rename = "MessageNotification")]
pub struct Notification {
    pub server: ServerId,
    pub room: RoomId,
    /// The author or the room.
    pub title: String,
    pub text: String,
}

/// Longer texts are cut here, since notification servers cut them anywhere.
const MAX_TEXT_GRAPHEMES: usize = 240;

/// Shows a notification and lets the window's button in the task bar ask for attention.
pub(crate) fn show<R: Runtime>(app: &AppHandle<R>, mut notification: Notification) {
    for text in [&mut notification.title, &mut notification.text] {
        *text = cut_text(text, MAX_TEXT_GRAPHEMES);
    }
    app.state::<Notifications>().show(app, notification);
    window::request_attention(app, UserAttentionType::Informational);
}

/// Removes the notification of a room, which has been read.
pub(crate) fn withdraw<R: Runtime>(app: &AppHandle<R>, server: ServerId, room: RoomId) {
    app.state::<Notifications>().withdraw(server, room);
}

/// Shows the room of a notification that was clicked.
fn clicked<R: Runtime>(app: &AppHandle<R>, server: ServerId, room: RoomId) {
    window::show(app);
    app.state::<Shell>().send_to_ui(BackendEvent::Show { server, room });
}
