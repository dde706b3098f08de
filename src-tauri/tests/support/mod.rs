//! A whole app without a window: real commands with their real permissions, real client, real server, loopback only.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on should stop where it is")]

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use ichat_app::{Flags, Shell};
use serde_json::{Value, json};
use tauri::ipc::{CallbackFn, InvokeBody, InvokeResponseBody};
use tauri::test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder};
use tauri::webview::InvokeRequest;
use tauri::{App, Manager as _, WebviewWindow};

/// Everything here happens on this computer; only a broken build takes so long.
const WITHIN: Duration = Duration::from_secs(20);

/// One person's app.
pub(crate) struct Desk {
    app: App<MockRuntime>,
    window: WebviewWindow<MockRuntime>,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    events: Mutex<Vec<Value>>,
    more: Condvar,
}

impl Desk {
    /// Starts the app on a data folder, and its interface.
    pub(crate) fn open(data: &Path) -> Self {
        let desk = Self::open_without_interface(data);
        desk.does("start", json!({ "events": "__CHANNEL__:1" }));
        desk
    }

    /// Starts the app; its page has not loaded yet.
    pub(crate) fn open_without_interface(data: &Path) -> Self {
        let seen = Arc::new(Seen::default());
        let sink = Arc::clone(&seen);
        let builder = mock_builder().channel_interceptor(move |_, _, _, body| {
            let InvokeResponseBody::Json(event) = body else {
                panic!("events are JSON");
            };
            sink.events.lock().unwrap().push(serde_json::from_str(event).unwrap());
            sink.more.notify_all();
            true
        });
        let flags = Flags {
            data: Some(data.to_owned()),
            this_computer_only: true,
            ..Flags::default()
        };
        let mut app = ichat_app::builder(builder, &flags)
            .unwrap()
            .build(ichat_app::context())
            .unwrap();
        // The only way to run the set-up of an app that is not run; nothing is looped over here.
        #[allow(deprecated)]
        app.run_iteration(|_, _| {});
        let window = app.get_webview_window("main").unwrap();
        Self { app, window, seen }
    }

    /// Calls a command as the page does.
    pub(crate) fn asks(&self, command: &str, fields: Value) -> Result<Value, Value> {
        ask(&self.window, command, fields)
    }

    /// Calls a command that must succeed.
    pub(crate) fn does(&self, command: &str, fields: Value) -> Value {
        self.asks(command, fields)
            .unwrap_or_else(|error| panic!("{command} failed: {error}"))
    }

    /// Waits for an event that fits, among all since the start, and gives what was looked for in it.
    pub(crate) fn sees<T>(&self, what: &str, fits: impl Fn(&Value) -> Option<T>) -> T {
        self.sees_after(0, what, fits)
    }

    /// Like [`sees`](Self::sees), but only among the events after the first `skipped`.
    pub(crate) fn sees_after<T>(&self, skipped: usize, what: &str, fits: impl Fn(&Value) -> Option<T>) -> T {
        let deadline = Instant::now() + WITHIN;
        let mut events = self.seen.events.lock().unwrap();
        loop {
            if let Some(found) = events.iter().skip(skipped).find_map(&fits) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited in vain for {what}; saw {events:#?}");
            events = self.seen.more.wait_timeout(events, left).unwrap().0;
        }
    }

    /// How many events there were so far.
    pub(crate) fn events(&self) -> usize {
        self.seen.events.lock().unwrap().len()
    }

    /// Hosts, and gives the server's id once this device is its first guest.
    pub(crate) fn hosts(&self, name: &str) -> String {
        let before = self.events();
        self.does("host_start", json!({ "name": name }));
        let server = self.sees_after(before, "that it hosts", |event| {
            (event["event"] == "hosting").then(|| event["hosting"]["server"].as_str().map(str::to_owned))?
        });
        self.is_online(&server);
        server
    }

    /// Waits until the session with a server is in step.
    pub(crate) fn is_online(&self, server: &str) {
        self.sees_update(server, "that it is online", |update| {
            (update["update"] == "connection" && update["state"] == "online").then_some(())
        });
    }

    /// Waits for an update of one session.
    pub(crate) fn sees_update<T>(&self, server: &str, what: &str, fits: impl Fn(&Value) -> Option<T>) -> T {
        self.sees_update_after(0, server, what, fits)
    }

    /// Like [`sees_update`](Self::sees_update), among the events after the first `skipped`.
    pub(crate) fn sees_update_after<T>(
        &self,
        skipped: usize,
        server: &str,
        what: &str,
        fits: impl Fn(&Value) -> Option<T>,
    ) -> T {
        self.sees_after(skipped, what, |event| {
            (event["event"] == "session" && event["server"] == server).then(|| fits(&event["update"]))?
        })
    }

    /// The room that everybody is in.
    pub(crate) fn lobby(&self, server: &str) -> String {
        self.sees_update(server, "its rooms", |update| {
            (update["update"] == "rooms").then(|| update["rooms"][0]["id"].as_str().map(str::to_owned))?
        })
    }

    /// Posts a message to a room.
    pub(crate) fn says(&self, server: &str, room: &str, text: &str) {
        let id = ichat_protocol::EntryId::fresh();
        let body = json!({ "kind": "message", "text": text });
        self.does(
            "send",
            json!({ "server": server, "room": room, "id": id, "body": body, "written": 1 }),
        );
    }

    /// Waits until a message stands in a room.
    pub(crate) fn sees_message(&self, server: &str, room: &str, text: &str) {
        self.sees_update(server, text, |update| {
            let stands = update["update"] == "entries"
                && update["room"] == room
                && update["entries"]
                    .as_array()?
                    .iter()
                    .any(|entry| entry["body"]["text"] == text);
            stands.then_some(())
        });
    }

    /// Where others reach what is hosted.
    pub(crate) fn address(&self) -> String {
        self.sees("an address", |event| {
            (event["event"] == "hosting").then(|| event["hosting"]["addresses"][0].as_str().map(str::to_owned))?
        })
    }

    /// Ends the app as its exit does.
    pub(crate) fn quits(self) {
        tauri::async_runtime::block_on(self.app.state::<Shell>().shutdown());
    }

    /// The app itself.
    pub(crate) fn app(&self) -> &App<MockRuntime> {
        &self.app
    }
}

/// Calls a command from any window.
pub(crate) fn ask(window: &WebviewWindow<MockRuntime>, command: &str, fields: Value) -> Result<Value, Value> {
    let request = InvokeRequest {
        cmd: command.into(),
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url: if cfg!(windows) {
            "http://tauri.localhost"
        } else {
            "tauri://localhost"
        }
        .parse()
        .unwrap(),
        body: InvokeBody::Json(fields),
        headers: tauri::http::HeaderMap::default(),
        invoke_key: INVOKE_KEY.to_owned(),
    };
    get_ipc_response(window, request).map(|body| body.deserialize().unwrap())
}
