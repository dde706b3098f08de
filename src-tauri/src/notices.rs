//! System notifications.

use ichat_protocol::{RoomId, ServerId};
use serde::Deserialize;
use tauri::{AppHandle, Manager as _, Runtime, UserAttentionType};
use tauri_plugin_notification::{ActionPerformed, NotificationExt as _};

use crate::events::BackendEvent;
use crate::shell::Shell;
use crate::window;

/// What the person should notice.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Notice {
    /// On which server.
    pub(crate) server: ServerId,
    /// In which room.
    pub(crate) room: RoomId,
    /// Who, or where.
    pub(crate) title: String,
    /// What was said.
    pub(crate) text: String,
}

/// Notification servers cut a text where they like; nobody reads more at a glance.
const TEXT_CHARS: usize = 240;

/// Shows it, and has the window's button in the task bar ask for attention.
pub(crate) fn show<R: Runtime>(app: &AppHandle<R>, notice: &Notice) {
    let shown = app
        .notification()
        .builder()
        .title(short(&notice.title))
        .body(never_markup(short(&notice.text)))
        .extra("server", notice.server)
        .extra("room", notice.room)
        .show();
    if let Err(error) = shown {
        tracing::warn!(%error, "the system shows no notification");
    }
    if let Some(window) = window::main(app) {
        window::tried(
            "ask for attention",
            window.request_user_attention(Some(UserAttentionType::Informational)),
        );
    }
}

/// Has a click on a notification lead to its room.
pub(crate) fn follow_clicks<R: Runtime>(app: &AppHandle<R>) {
    let handle = app.clone();
    let following = app.notification().on_action(move |action| {
        window::show(&handle);
        if let Some((server, room)) = room_of(action) {
            handle.state::<Shell>().tell(BackendEvent::Show { server, room });
        }
    });
    if let Err(error) = following {
        tracing::warn!(%error, "clicks on notifications can't be followed");
    }
}

fn room_of(action: &ActionPerformed) -> Option<(ServerId, RoomId)> {
    let extra = action.notification()?.extra();
    let server = serde_json::from_value(extra.get("server")?.clone()).ok()?;
    let room = serde_json::from_value(extra.get("room")?.clone()).ok()?;
    Some((server, room))
}

fn short(text: &str) -> String {
    text.chars().take(TEXT_CHARS).collect()
}

/// The Desktop Notifications specification lets a body (not a title) hold markup, so what people write must not look
/// like it. Only there: Windows and macOS show the text as it is.
fn never_markup(text: String) -> String {
    if cfg!(all(unix, not(target_os = "macos"))) {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    //! - a click finds its room again; one without a room finds none
    //! - a text is short and never markup

    use serde_json::json;

    use super::*;

    fn click(extra: &serde_json::Value) -> ActionPerformed {
        serde_json::from_value(json!({ "actionId": "tap", "notification": { "id": 1, "extra": extra } })).unwrap()
    }

    #[test]
    fn a_click_finds_its_room() {
        let (server, room) = (ServerId::fresh(), RoomId::fresh());
        let action = click(&json!({ "server": server, "room": room }));
        assert_eq!(room_of(&action), Some((server, room)));
        assert_eq!(room_of(&click(&json!({}))), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_text_is_short_and_never_markup() {
        assert_eq!(never_markup("<b>1 & 2</b>".into()), "&lt;b&gt;1 &amp; 2&lt;/b&gt;");
        assert_eq!(short(&"x".repeat(10_000)).len(), TEXT_CHARS);
    }
}
