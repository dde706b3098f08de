//! The state of a client, as its process has reported it so far.

use std::io::{BufRead as _, BufReader};
use std::process::ChildStdout;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use ichat_protocol::EntryId;
use parking_lot::{Condvar, Mutex, MutexGuard};
use serde_json::Value;

use crate::client_protocol::{Report, Status};

/// The reports of one process.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientState {
    pub(crate) status: Status,
    /// The acknowledgements of posts that were made in parallel.
    pub(crate) acks: Vec<(EntryId, Vec<Value>)>,
    pub(crate) failures: Vec<String>,
    pub(crate) views_written: u32,
    has_ended: bool,
}

impl ClientState {
    /// Returns whether the outbox is empty after so many posts. Without the number it may be empty because it is yet to
    /// be filled.
    pub(crate) fn has_sent_all(&self, posts: usize) -> bool {
        let status = &self.status;
        status.online && status.given >= posts && status.waiting == 0
    }
}

/// The reports of one process, as a thread reads them. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Reports {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<ClientState>,
    changed: Condvar,
}

impl Reports {
    /// Reads a client's standard output until it ends.
    pub(crate) fn read_in_background(stdout: ChildStdout) -> Self {
        let reports = Self::default();
        let reader = reports.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let report = line
                    .map_err(anyhow::Error::from)
                    .and_then(|line| Ok(serde_json::from_str(&line)?));
                reader.update(|state| match report {
                    Ok(Report::Status(status)) => state.status = status,
                    Ok(Report::Acks { id, acks }) => state.acks.push((id, acks)),
                    Ok(Report::ViewWritten) => state.views_written += 1,
                    Ok(Report::Failed { reason }) => state.failures.push(reason),
                    Err(error) => state.failures.push(format!("a report can't be read: {error:#}")),
                });
            }
            reader.update(|state| state.has_ended = true);
        });
        reports
    }

    pub(crate) fn now(&self) -> ClientState {
        self.state().clone()
    }

    /// Waits until the condition holds. `client` and `what` are for the error message.
    pub(crate) fn wait_until(
        &self,
        client: &str,
        what: &str,
        timeout: Duration,
        condition: impl Fn(&ClientState) -> bool,
    ) -> Result<()> {
        let deadline = Instant::now() + timeout;
        let mut state = self.state();
        while !condition(&state) {
            if state.has_ended {
                bail!("{client}: the client ended by itself while the checker waited for: {what}");
            }
            if Instant::now() >= deadline {
                bail!("{client}: waited {timeout:?} in vain for: {what}; {:?}", *state);
            }
            self.shared.changed.wait_until(&mut state, deadline);
        }
        Ok(())
    }

    fn update(&self, change: impl FnOnce(&mut ClientState)) {
        change(&mut self.state());
        self.shared.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, ClientState> {
        self.shared.state.lock()
    }
}
