//! A whole app without a window: the real commands with their real permissions, client and server, on loopback only.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

use std::path::Path;
use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::time::{Duration, Instant};

use ichat_app::{Flags, Shell};
use serde_json::{Value, json};
use tauri::ipc::{CallbackFn, InvokeBody, InvokeResponseBody};
use tauri::test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder};
use tauri::webview::InvokeRequest;
use tauri::{App, Manager as _, WebviewWindow};
use tokio::runtime::Runtime;

/// Longer than anything takes on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(2);

/// The runtime of all apps of the process.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(runtime_in_own_network);

/// An app that plays one user.
pub(crate) struct TestApp {
    app: App<MockRuntime>,
    window: WebviewWindow<MockRuntime>,
    received: Arc<Received>,
}

/// The events that the page has received.
#[derive(Default)]
struct Received {
    events: Mutex<Vec<Value>>,
    changed: Condvar,
}

impl TestApp {
    /// Starts the app on a data folder, and connects its page.
    pub(crate) fn open(data: &Path) -> Self {
        let app = Self::open_without_page(data);
        app.must("start", json!({ "events": "__CHANNEL__:1" }));
        app
    }

    /// Starts the app. Its page has not loaded yet.
    pub(crate) fn open_without_page(data: &Path) -> Self {
        LazyLock::force(&RUNTIME);
        let received = Arc::new(Received::default());
        let sink = Arc::clone(&received);
        let builder = mock_builder().channel_interceptor(move |_, _, _, body| {
            let InvokeResponseBody::Json(event) = body else {
                panic!("events are JSON");
            };
            sink.events.lock().unwrap().push(serde_json::from_str(event).unwrap());
            sink.changed.notify_all();
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
        // The only way to run the set-up without running the app. It is called once, so its busy loop does no harm.
        #[allow(deprecated)]
        app.run_iteration(|_, _| {});
        let window = app.get_webview_window("main").unwrap();
        Self { app, window, received }
    }

    /// Invokes a command as the page does.
    pub(crate) fn invoke(&self, command: &str, arguments: Value) -> Result<Value, Value> {
        invoke(&self.window, command, arguments)
    }

    /// Invokes a command that must succeed.
    pub(crate) fn must(&self, command: &str, arguments: Value) -> Value {
        self.invoke(command, arguments)
            .unwrap_or_else(|error| panic!("{command} failed: {error}"))
    }

    /// Waits for an event that matches, among all since the start, and returns what was matched.
    pub(crate) fn sees<T>(&self, what: &str, matches: impl Fn(&Value) -> Option<T>) -> T {
        self.sees_after(0, what, matches)
    }

    /// Waits as [`sees`](Self::sees) does, but ignores the first `skipped` events.
    pub(crate) fn sees_after<T>(&self, skipped: usize, what: &str, matches: impl Fn(&Value) -> Option<T>) -> T {
        let deadline = Instant::now() + TIMEOUT;
        let mut events = self.received.events.lock().unwrap();
        loop {
            if let Some(found) = events.iter().skip(skipped).find_map(&matches) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{what} was not received, but {events:#?}");
            events = self.received.changed.wait_timeout(events, left).unwrap().0;
        }
    }

    /// Returns the number of events so far.
    pub(crate) fn events(&self) -> usize {
        self.received.events.lock().unwrap().len()
    }

    /// Hosts a server, and returns its id once this app has joined it.
    pub(crate) fn hosts(&self, name: &str) -> String {
        let before = self.events();
        self.must("host_start", json!({ "name": name }));
        let server = self.sees_after(before, "the hosted server", |event| {
            (event["event"] == "hosting").then(|| event["hosting"]["server"].as_str().map(str::to_owned))?
        });
        self.is_online(&server);
        server
    }

    /// Waits until the session with a server is online.
    pub(crate) fn is_online(&self, server: &str) {
        self.sees_update(server, "the connection", |update| {
            (update["update"] == "connection" && update["state"] == "online").then_some(())
        });
    }

    /// Waits for an update of the session with a server.
    pub(crate) fn sees_update<T>(&self, server: &str, what: &str, matches: impl Fn(&Value) -> Option<T>) -> T {
        self.sees_update_after(0, server, what, matches)
    }

    /// Waits as [`sees_update`](Self::sees_update) does, but ignores the first `skipped` events.
    pub(crate) fn sees_update_after<T>(
        &self,
        skipped: usize,
        server: &str,
        what: &str,
        matches: impl Fn(&Value) -> Option<T>,
    ) -> T {
        self.sees_after(skipped, what, |event| {
            (event["event"] == "session" && event["server"] == server).then(|| matches(&event["update"]))?
        })
    }

    /// Returns the id of a server's lobby.
    pub(crate) fn lobby(&self, server: &str) -> String {
        self.sees_update(server, "the rooms", |update| {
            (update["update"] == "rooms").then(|| update["rooms"][0]["id"].as_str().map(str::to_owned))?
        })
    }

    /// Posts a message to a room.
    pub(crate) fn says(&self, server: &str, room: &str, text: &str) {
        let id = ichat_protocol::EntryId::fresh();
        let body = json!({ "kind": "message", "text": text });
        self.must(
            "send",
            json!({ "server": server, "room": room, "id": id, "body": body, "written": 1 }),
        );
    }

    /// Waits until a room contains a message.
    pub(crate) fn sees_message(&self, server: &str, room: &str, text: &str) {
        self.sees_update(server, text, |update| {
            let contains = update["update"] == "entries"
                && update["room"] == room
                && update["entries"]
                    .as_array()?
                    .iter()
                    .any(|entry| entry["body"]["text"] == text);
            contains.then_some(())
        });
    }

    /// Returns the address under which others reach the hosted server.
    pub(crate) fn address(&self) -> String {
        self.sees("an address", |event| {
            (event["event"] == "hosting").then(|| event["hosting"]["addresses"][0].as_str().map(str::to_owned))?
        })
    }

    /// Ends the app as its exit does.
    pub(crate) fn quits(self) {
        tauri::async_runtime::block_on(self.app.state::<Shell>().shutdown());
    }

    pub(crate) fn app(&self) -> &App<MockRuntime> {
        &self.app
    }
}

/// Invokes a command from any window.
pub(crate) fn invoke(window: &WebviewWindow<MockRuntime>, command: &str, arguments: Value) -> Result<Value, Value> {
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
        body: InvokeBody::Json(arguments),
        headers: tauri::http::HeaderMap::default(),
        invoke_key: INVOKE_KEY.to_owned(),
    };
    get_ipc_response(window, request).map(|body| body.deserialize().unwrap())
}

/// Runs a task in the runtime of the apps, whose threads are in their network.
pub(crate) fn run<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T {
    tauri::async_runtime::block_on(tauri::async_runtime::spawn(task)).unwrap()
}

/// Makes Tauri's runtime in a network namespace, so that the apps share neither ports nor multicast DNS with the rest of the
/// machine. The worker threads, which open all sockets, inherit the namespace from the thread that starts them. Where there
/// are no namespaces the apps use the machine's network, except in CI, where the tests fail.
fn runtime_in_own_network() -> Runtime {
    let start = || {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.enable_all().build().unwrap()
    };
    #[cfg(target_os = "linux")]
    let runtime = match ichat_testkit::net::Netns::new() {
        Ok(netns) => netns.run(start).unwrap(),
        Err(error) if std::env::var("CI").is_ok_and(|ci| ci == "true") => panic!("no namespaces in CI: {error:#}"),
        Err(error) => {
            eprintln!("the apps share the machine's network: {error:#}");
            start()
        }
    };
    #[cfg(not(target_os = "linux"))]
    let runtime = start();
    tauri::async_runtime::set(runtime.handle().clone());
    runtime
}
