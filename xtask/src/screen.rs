//! A screen that nobody sees, with a session bus of its own, so that a test's windows and notifications are nobody else's.

use std::process::Command;

/// The programs that it takes.
pub(crate) const PROGRAMS: &[&str] = &["xvfb-run", "dbus-run-session", "WebKitWebDriver"];

/// The same command on such a screen.
pub(crate) fn on_a_screen(inner: &Command) -> Command {
    let mut outer = Command::new("xvfb-run");
    outer.args([
        "--auto-servernum",
        "--server-args=-screen 0 1600x1000x24",
        "dbus-run-session",
        "--",
    ]);
    outer.arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    if let Some(folder) = inner.get_current_dir() {
        outer.current_dir(folder);
    }
    outer
}
