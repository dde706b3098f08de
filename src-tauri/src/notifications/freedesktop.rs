//! Notifications of Linux desktops, by the Desktop Notifications specification.
//!
//! Tauri's plugin can neither replace a notification nor say which app it belongs to.

use std::collections::HashMap;
use std::future::pending;
use std::time::Duration;

use futures_util::StreamExt as _;
use ichat_protocol::{RoomId, ServerId};
use tauri::{AppHandle, Runtime};
use tokio::sync::{mpsc, oneshot};
use zbus::zvariant::Value;

use super::{Notification, clicked};
use crate::desktop::APP_ID;

/// The name under which desktops list the app's notifications.
const APP_NAME: &str = "I-Chat";
/// The icon's name in the desktop's theme.
const APP_ICON: &str = "ichat";
/// The action of a click on the notification itself.
const DEFAULT_ACTION: &str = "default";
/// The timeout of a notification, as the desktop has it.
const DEFAULT_TIMEOUT: i32 = -1;

/// The time that the desktop has for an answer. One that hangs must delay neither later notifications nor the app's end.
const CALL_TIMEOUT: Duration = Duration::from_secs(3);

/// A room, which has at most one notification.
type Key = (ServerId, RoomId);

#[zbus::proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications",
    gen_blocking = false
)]
trait Desktop {
    #[allow(clippy::too_many_arguments, reason = "the specification has this many")]
    fn notify(
        &self,
        app_name: &str,
        replaces_id: u32,
        app_icon: &str,
        summary: &str,
        body: &str,
        actions: &[&str],
        hints: HashMap<&str, Value<'_>>,
        expire_timeout: i32,
    ) -> zbus::Result<u32>;

    fn close_notification(&self, id: u32) -> zbus::Result<()>;

    #[zbus(signal)]
    fn action_invoked(&self, id: u32, action_key: String) -> zbus::Result<()>;

    #[zbus(signal)]
    fn notification_closed(&self, id: u32, reason: u32) -> zbus::Result<()>;
}

enum Command {
    Show(Notification),
    Withdraw(Key),
    /// Withdraws all, then replies.
    WithdrawAll(oneshot::Sender<()>),
}

/// The handle of the task that shows notifications.
pub(crate) struct Notifications(mpsc::UnboundedSender<Command>);

impl Notifications {
    /// Starts the task. It connects to the session bus with the first notification.
    pub(crate) fn start<R: Runtime>(app: &AppHandle<R>) -> Self {
        let (sender, commands) = mpsc::unbounded_channel();
        tauri::async_runtime::spawn(run(app.clone(), commands));
        Self(sender)
    }

    pub(super) fn show<R: Runtime>(&self, _: &AppHandle<R>, notification: Notification) {
        self.send(Command::Show(notification));
    }

    pub(super) fn withdraw(&self, server: ServerId, room: RoomId) {
        self.send(Command::Withdraw((server, room)));
    }

    /// Removes all notifications: a click on one would do nothing once the app has ended.
    pub(crate) async fn withdraw_all(&self) {
        let (done, withdrawn) = oneshot::channel();
        self.send(Command::WithdrawAll(done));
        // Calls before it may be waiting for a desktop that has stopped answering; the app ends nevertheless.
        drop(tokio::time::timeout(CALL_TIMEOUT, withdrawn).await);
    }

    fn send(&self, command: Command) {
        // Fails only if the task has ended.
        drop(self.0.send(command));
    }
}

/// The notifications on the screen, by room.
type Shown = HashMap<Key, u32>;

async fn run<R: Runtime>(app: AppHandle<R>, mut commands: mpsc::UnboundedReceiver<Command>) {
    let mut connected = None;
    let mut shown = Shown::new();
    loop {
        tokio::select! {
            command = commands.recv() => {
                let Some(command) = command else { return };
                if connected.is_none() && matches!(command, Command::Show(_)) {
                    connected = Connected::open()
                        .await
                        .inspect_err(|error| tracing::warn!(%error, "the system shows no notification"))
                        .ok();
                }
                if let Some(Connected { desktop, .. }) = &connected {
                    perform(desktop, command, &mut shown).await;
                }
            }
            event = next_event(&mut connected) => match event {
                Some(Event::Clicked(id)) => {
                    if let Some((server, room)) = key_of(&shown, id) {
                        clicked(&app, server, room);
                    }
                }
                Some(Event::Closed(id)) => shown.retain(|_, other| *other != id),
                // The bus has ended. The next notification connects again.
                None => {
                    connected = None;
                    shown.clear();
                }
            }
        }
    }
}

async fn perform(desktop: &DesktopProxy<'_>, command: Command, shown: &mut Shown) {
    match command {
        Command::Show(notification) => {
            let key = (notification.server, notification.room);
            match show(desktop, &notification, shown.get(&key).copied()).await {
                Ok(id) => _ = shown.insert(key, id),
                Err(error) => tracing::warn!(%error, "the system shows no notification"),
            }
        }
        Command::Withdraw(key) => {
            if let Some(id) = shown.remove(&key) {
                withdraw(desktop, id).await;
            }
        }
        Command::WithdrawAll(done) => {
            for (_, id) in shown.drain() {
                withdraw(desktop, id).await;
            }
            // Fails only if nobody waits any more.
            _ = done.send(());
        }
    }
}

/// Closes a notification. A desktop may answer with an error if the user has closed it before.
async fn withdraw(desktop: &DesktopProxy<'_>, id: u32) {
    if let Err(error) = desktop.close_notification(id).await {
        tracing::debug!(%error, "a notification was closed before it was withdrawn");
    }
}

/// Shows a notification in the place of an earlier one of the same room, if there is one.
async fn show(desktop: &DesktopProxy<'_>, notification: &Notification, replaces: Option<u32>) -> zbus::Result<u32> {
    let hints = HashMap::from([
        ("desktop-entry", Value::from(APP_ID)),
        ("category", Value::from("im.received")),
        ("urgency", Value::from(1_u8)),
    ]);
    desktop
        .notify(
            APP_NAME,
            replaces.unwrap_or_default(),
            APP_ICON,
            &notification.title,
            &escape_markup(&notification.text),
            &[DEFAULT_ACTION, "Open"],
            hints,
            DEFAULT_TIMEOUT,
        )
        .await
}

/// A connection to the desktop's notification server, with what happens to the notifications.
struct Connected {
    desktop: DesktopProxy<'static>,
    clicks: ActionInvokedStream,
    closed: NotificationClosedStream,
}

enum Event {
    Clicked(u32),
    Closed(u32),
}

impl Connected {
    async fn open() -> zbus::Result<Self> {
        let connection = zbus::connection::Builder::session()?
            .method_timeout(CALL_TIMEOUT)
            .build()
            .await?;
        let desktop = DesktopProxy::new(&connection).await?;
        let clicks = desktop.receive_action_invoked().await?;
        let closed = desktop.receive_notification_closed().await?;
        Ok(Self {
            desktop,
            clicks,
            closed,
        })
    }
}

/// Waits for an event of a notification. Returns `None` at the end of the connection, and never without one.
async fn next_event(connected: &mut Option<Connected>) -> Option<Event> {
    let Some(connected) = connected else {
        return pending().await;
    };
    loop {
        tokio::select! {
            click = connected.clicks.next() => {
                let click = click?;
                if let Ok(action) = click.args()
                    && action.action_key == DEFAULT_ACTION
                {
                    return Some(Event::Clicked(action.id));
                }
            }
            closed = connected.closed.next() => {
                if let Ok(closed) = closed?.args() {
                    return Some(Event::Closed(closed.id));
                }
            }
        }
    }
}

fn key_of(shown: &Shown, id: u32) -> Option<Key> {
    shown.iter().find(|(_, shown)| **shown == id).map(|(key, _)| *key)
}

/// Escapes markup, which the specification allows in a body, though not in a title.
fn escape_markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    //! A text contains no markup. What desktops receive is tested in the window, in `ui/tests/e2e`.

    use super::*;

    #[test]
    fn a_text_contains_no_markup() {
        assert_eq!(escape_markup("<b>1 & 2</b>"), "&lt;b&gt;1 &amp; 2&lt;/b&gt;");
    }
}
