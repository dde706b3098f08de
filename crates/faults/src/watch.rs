//! A round that never ends must not look like one that takes its time.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use crate::round::Pace;

/// Watches a round for as long as it is held.
pub(crate) struct Watch {
    _until: Sender<()>,
}

impl Watch {
    /// When the round takes longer than any may, says so in these words, and ends this program with all that it started: what
    /// hangs can't be asked to stop.
    pub(crate) fn over(pace: Pace, words: String) -> Self {
        let limit = match pace {
            Pace::Short => Duration::from_mins(5),
            Pace::Full => Duration::from_mins(10),
            // The longest fault lasts for twenty minutes.
            Pace::Named => Duration::from_mins(30),
        };
        let (until, held) = mpsc::channel();
        thread::spawn(move || {
            if held.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                println!("{words}");
                #[cfg(target_os = "linux")]
                end_children();
                std::process::exit(1);
            }
        });
        Self { _until: until }
    }
}

/// Ends the processes that this one has started.
#[cfg(target_os = "linux")]
fn end_children() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    for thread in threads {
        let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
            // It may have ended by itself.
            let _ = kill(Pid::from_raw(child), Signal::SIGKILL);
        }
    }
}
