//! The writer's work between commands: it indexes messages for the search, and removes erased text from the write-ahead log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::file::inspect::BUSY_TIMEOUT;
use crate::{projection, write};

/// The time without a command after which the writer is idle.
const IDLE_TIMEOUT: Duration = Duration::from_secs(1);
/// The entries that are indexed even if the writer is never idle: together they cost a fraction of each alone.
const BUSY_INDEX_BATCH: u64 = 512;
/// The entries in one transaction of the index. A command that arrives meanwhile waits some milliseconds.
const INDEX_BATCH: u64 = 1_024;
/// The pause after an error, for example of a full disk.
const RETRY_INTERVAL: Duration = Duration::from_secs(10);
/// The longest time that erased text stays in the write-ahead log of a writer that is never idle.
const MAX_ERASURE_DELAY: Duration = Duration::from_secs(10);

/// The number of entries that are not indexed, for all threads.
#[derive(Clone, Debug, Default)]
pub(crate) struct IndexBacklog(Arc<AtomicU64>);

impl IndexBacklog {
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn len(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    fn set(&self, pending: u64) {
        self.0.store(pending, Ordering::Release);
    }

    fn add(&self, entries: usize) {
        self.0.fetch_add(entries as u64, Ordering::Release);
    }
}

/// The work that is pending.
pub(crate) struct IdleWork {
    backlog: IndexBacklog,
    /// The time by which the write-ahead log is emptied; `None` if it has no erased text.
    truncate_by: Option<Instant>,
    retry_at: Option<Instant>,
}

impl IdleWork {
    pub(crate) fn load(connection: &Connection, backlog: IndexBacklog) -> rusqlite::Result<Self> {
        backlog.set(projection::pending_entries(connection)?);
        Ok(Self {
            backlog,
            truncate_by: None,
            retry_at: None,
        })
    }

    /// Adds entries that were written. The writer calls this before it acknowledges them, so that a search that follows
    /// the acknowledgement finds them.
    pub(crate) fn add_entries(&self, entries: usize) {
        self.backlog.add(entries);
    }

    /// Records that text was erased, which the write-ahead log still has.
    pub(crate) fn add_erasure(&mut self) {
        self.truncate_by
            .get_or_insert_with(|| Instant::now() + MAX_ERASURE_DELAY);
    }

    /// Returns the next command, and works while there is none. `None` if the queue has ended.
    pub(crate) fn next_command<T>(&mut self, queue: &Receiver<T>, connection: &mut Connection) -> Option<T> {
        while !self.backlog.is_empty() || self.truncate_by.is_some() {
            if self.truncate_by.is_some_and(|time| time <= Instant::now()) {
                self.empty_wal(connection);
            }
            let pause = self.pause();
            if self.backlog.len() >= BUSY_INDEX_BATCH && pause.is_none() {
                self.index_batch(connection);
                match queue.try_recv() {
                    Err(TryRecvError::Empty) => continue,
                    next => return next.ok(),
                }
            }
            match queue.recv_timeout(pause.unwrap_or(IDLE_TIMEOUT)) {
                Err(RecvTimeoutError::Timeout) => self.work(connection),
                next => return next.ok(),
            }
        }
        queue.recv().ok()
    }

    fn work(&mut self, connection: &mut Connection) {
        if !self.backlog.is_empty() {
            self.index_batch(connection);
        }
        if self.truncate_by.is_some() {
            self.empty_wal(connection);
        }
    }

    /// Removes what was erased from the write-ahead log. If that is not possible now, it is done later.
    pub(crate) fn empty_wal(&mut self, connection: &Connection) {
        self.truncate_by = match truncate_wal(connection) {
            Ok(true) => None,
            Ok(false) => Some(Instant::now() + IDLE_TIMEOUT),
            Err(error) => {
                tracing::warn!(%error, "the write-ahead log still has deleted text");
                let retry_at = Instant::now() + RETRY_INTERVAL;
                self.retry_at = Some(retry_at);
                Some(retry_at)
            }
        };
    }

    /// Indexes all entries. After an error the rest is indexed later.
    pub(crate) fn index_all(&mut self, connection: &mut Connection) {
        self.retry_at = None;
        while !self.backlog.is_empty() && self.retry_at.is_none() {
            self.index_batch(connection);
        }
    }

    fn index_batch(&mut self, connection: &mut Connection) {
        self.retry_at = None;
        match write::index_pending(connection, INDEX_BATCH) {
            Ok(pending) => self.backlog.set(pending),
            Err(error) => {
                tracing::warn!(%error, "the search index could not be written: searching reads the newest messages instead");
                self.retry_at = Some(Instant::now() + RETRY_INTERVAL);
            }
        }
    }

    /// Returns the rest of the pause after an error.
    fn pause(&self) -> Option<Duration> {
        let pause = self.retry_at?.saturating_duration_since(Instant::now());
        (!pause.is_zero()).then_some(pause)
    }
}

/// Moves the write-ahead log into the database and empties it. Returns `false` if a reader still needs it.
fn truncate_wal(connection: &Connection) -> rusqlite::Result<bool> {
    // Waiting for the reader would make commits wait.
    connection.busy_timeout(Duration::ZERO)?;
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(busy? == 0)
}

#[cfg(test)]
mod tests {
    //! - erased text leaves the write-ahead log of a writer that is never idle

    use std::sync::mpsc;

    use super::*;
    use crate::file::data_dir::{DataDir, wal_of};
    use crate::file::database::open_writer;

    #[test]
    fn erased_text_leaves_the_log_of_a_writer_that_is_never_idle() {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = DataDir::lock(dir.path()).unwrap();
        let mut connection = open_writer(&data_dir, &mut |_| {}).unwrap();
        let mut idle_work = IdleWork::load(&connection, IndexBacklog::default()).unwrap();
        let wal_bytes = || wal_of(&data_dir.database()).metadata().unwrap().len();
        let (commands, queue) = mpsc::channel();
        for (truncate_by, is_empty) in [(Instant::now() + MAX_ERASURE_DELAY, false), (Instant::now(), true)] {
            idle_work.truncate_by = Some(truncate_by);
            commands.send(()).unwrap();
            idle_work.next_command(&queue, &mut connection).unwrap();
            assert_eq!(wal_bytes() == 0, is_empty);
        }
    }
}
