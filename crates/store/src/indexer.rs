//! When the search index catches up with the log: when nothing has come for a while, when much is behind, before a search,
//! and at the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::write;

/// Nothing has come for so long: then the index may take the disk.
const QUIET: Duration = Duration::from_secs(1);
/// So many entries behind are worth a commit of their own, whatever comes meanwhile.
const MUCH: u64 = 512;
/// Entries taken in at once: what comes meanwhile waits some milliseconds.
const AT_ONCE: u64 = 1_024;
/// After an error, for instance of a full disk, it rests for so long.
const REST: Duration = Duration::from_secs(10);

/// How many entries are behind, to be asked from any thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lag(Arc<AtomicU64>);

impl Lag {
    pub(crate) fn is_some(&self) -> bool {
        self.0.load(Ordering::Acquire) > 0
    }
}

/// The writer's part of it.
pub(crate) struct Indexer {
    lag: Lag,
    rests_until: Option<Instant>,
}

impl Indexer {
    pub(crate) fn of(connection: &Connection, lag: Lag) -> rusqlite::Result<Self> {
        lag.0.store(write::behind(connection)?, Ordering::Release);
        Ok(Self { lag, rests_until: None })
    }

    /// So many entries were written. To be noted before anybody hears of them, so that their search finds them.
    pub(crate) fn grow(&self, entries: usize) {
        self.lag.0.fetch_add(entries as u64, Ordering::AcqRel);
    }

    /// The next of the queue; the index catches up meanwhile. `None` when the queue has ended.
    pub(crate) fn next<T>(&mut self, queue: &Receiver<T>, connection: &mut Connection) -> Option<T> {
        while self.lag.is_some() {
            let rest = self.rest();
            if self.lag.0.load(Ordering::Relaxed) >= MUCH && rest.is_none() {
                self.catch_up(connection);
                match queue.try_recv() {
                    Err(TryRecvError::Empty) => continue,
                    next => return next.ok(),
                }
            }
            match queue.recv_timeout(rest.unwrap_or(QUIET)) {
                Err(RecvTimeoutError::Timeout) => self.catch_up(connection),
                next => return next.ok(),
            }
        }
        queue.recv().ok()
    }

    /// Takes everything in. What can't be taken in now is taken in later.
    pub(crate) fn catch_up_entirely(&mut self, connection: &mut Connection) {
        self.rests_until = None;
        while self.lag.is_some() && self.rests_until.is_none() {
            self.catch_up(connection);
        }
    }

    fn catch_up(&mut self, connection: &mut Connection) {
        self.rests_until = None;
        match write::catch_up(connection, AT_ONCE) {
            Ok(left) => self.lag.0.store(left, Ordering::Release),
            Err(error) => {
                tracing::warn!(%error, "searching does not find the newest messages yet");
                self.rests_until = Some(Instant::now() + REST);
            }
        }
    }

    /// How long it rests yet.
    fn rest(&self) -> Option<Duration> {
        let rest = self.rests_until?.saturating_duration_since(Instant::now());
        (!rest.is_zero()).then_some(rest)
    }
}
