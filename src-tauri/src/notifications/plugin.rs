//! Notifications of Windows and macOS, by Tauri's plugin. It can't replace or withdraw them.

use ichat_protocol::{RoomId, ServerId};
use tauri::{AppHandle, Runtime};
use tauri_plugin_notification::{ActionPerformed, NotificationExt as _};

use super::{Notification, clicked};

/// The notifications of the app.
pub(crate) struct Notifications;

impl Notifications {
    /// Starts to receive clicks.
    pub(crate) fn start<R: Runtime>(app: &AppHandle<R>) -> Self {
        let handle = app.clone();
        let registered = app.notification().on_action(move |action| {
            if let Some((server, room)) = room_of(action) {
                clicked(&handle, server, room);
            }
        });
        if let Err(error) = registered {
            tracing::warn!(%error, "clicks on notifications can't be received");
        }
        Self
    }

    pub(super) fn show<R: Runtime>(&self, app: &AppHandle<R>, notification: Notification) {
        let shown = app
            .notification()
            .builder()
            .title(notification.title)
            .body(notification.text)
            .extra("server", notification.server)
            .extra("room", notification.room)
            .show();
        if let Err(error) = shown {
            tracing::warn!(%error, "the system shows no notification");
        }
    }

    pub(super) fn withdraw(&self, _: ServerId, _: RoomId) {}

    pub(crate) async fn withdraw_all(&self) {}
}

fn room_of(action: &ActionPerformed) -> Option<(ServerId, RoomId)> {
    let extra = action.notification()?.extra();
    let server = serde_json::from_value(extra.get("server")?.clone()).ok()?;
    let room = serde_json::from_value(extra.get("room")?.clone()).ok()?;
    Some((server, room))
}
