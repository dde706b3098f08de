//! A virtual X display with a session bus of its own, so that a test's windows and notifications stay apart from the
//! desktop's.

use std::process::Command;

/// The programs that this needs.
pub(crate) const PROGRAMS: &[&str] = &["xvfb-run", "dbus-run-session", "WebKitWebDriver"];

/// Wraps a command so that it runs on a virtual display.
pub(crate) fn under_xvfb(inner: &Command) -> Command {
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
