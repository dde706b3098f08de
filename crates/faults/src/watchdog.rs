//! Ends the program when a round hangs, so that it does not look like one that takes its time.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use crate::round::Pace;

/// Watches a round until it is dropped.
pub(crate) struct Watchdog {
    _stop: Sender<()>,
}

impl Watchdog {
    /// Starts watching. When the round takes too long, prints the message and ends this program and every process that
    /// it has started: what hangs can't be asked to stop.
    pub(crate) fn start(pace: Pace, message: String) -> Self {
        let timeout = match pace {
            Pace::Short => Duration::from_mins(5),
            Pace::Full => Duration::from_mins(10),
            // The longest fault lasts for twenty minutes.
            Pace::Named => Duration::from_mins(30),
        };
        let (stop, stopped) = mpsc::channel();
        thread::spawn(move || {
            if stopped.recv_timeout(timeout) == Err(RecvTimeoutError::Timeout) {
                println!("{message}");
                #[cfg(target_os = "linux")]
                kill_children();
                std::process::exit(1);
            }
        });
        Self { _stop: stop }
    }
}

/// Kills the processes that this one has started.
#[cfg(target_os = "linux")]
fn kill_children() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    for thread in threads {
        let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
            // It may have ended already.
            let _ = kill(Pid::from_raw(child), Signal::SIGKILL);
        }
    }
}
