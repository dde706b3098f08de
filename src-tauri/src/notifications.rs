//! System notifications.

use ichat_protocol::{RoomId, ServerId, cut_text};
use serde::Deserialize;
use tauri::{AppHandle, Manager as _, Runtime, UserAttentionType};
use tauri_plugin_notification::{ActionPerformed, NotificationExt as _};
use ts_rs::TS;

use crate::events::BackendEvent;
use crate::shell::Shell;
use crate::window;

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
pub(crate) fn show<R: Runtime>(app: &AppHandle<R>, notification: &Notification) {
    let shown = app
        .notification()
        .builder()
        .title(cut_text(&notification.title, MAX_TEXT_GRAPHEMES))
        .body(escape_markup(cut_text(&notification.text, MAX_TEXT_GRAPHEMES)))
        .extra("server", notification.server)
        .extra("room", notification.room)
        .show();
    if let Err(error) = shown {
        tracing::warn!(%error, "the system shows no notification");
    }
    window::request_attention(app, UserAttentionType::Informational);
}

/// Opens the room of a notification that is clicked.
pub(crate) fn handle_clicks<R: Runtime>(app: &AppHandle<R>) {
    let handle = app.clone();
    let registered = app.notification().on_action(move |action| {
        window::show(&handle);
        if let Some((server, room)) = room_of(action) {
            handle.state::<Shell>().send_to_ui(BackendEvent::Show { server, room });
        }
    });
    if let Err(error) = registered {
        tracing::warn!(%error, "clicks on notifications can't be received");
    }
}

fn room_of(action: &ActionPerformed) -> Option<(ServerId, RoomId)> {
    let extra = action.notification()?.extra();
    let server = serde_json::from_value(extra.get("server")?.clone()).ok()?;
    let room = serde_json::from_value(extra.get("room")?.clone()).ok()?;
    Some((server, room))
}

/// Escapes markup where the system interprets it: the Desktop Notifications specification allows it in a body, not in a
/// title. Windows and macOS show the text as it is.
fn escape_markup(text: String) -> String {
    if cfg!(all(unix, not(target_os = "macos"))) {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    //! - a click leads to the room of its notification, or to none
    //! - a text contains no markup

    use serde_json::json;

    use super::*;

    fn click(extra: &serde_json::Value) -> ActionPerformed {
        serde_json::from_value(json!({ "actionId": "tap", "notification": { "id": 1, "extra": extra } })).unwrap()
    }

    #[test]
    fn a_click_leads_to_the_room_of_its_notification() {
        let (server, room) = (ServerId::fresh(), RoomId::fresh());
        let action = click(&json!({ "server": server, "room": room }));
        assert_eq!(room_of(&action), Some((server, room)));
        assert_eq!(room_of(&click(&json!({}))), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_text_contains_no_markup() {
        assert_eq!(escape_markup("<b>1 & 2</b>".into()), "&lt;b&gt;1 &amp; 2&lt;/b&gt;");
    }
}
