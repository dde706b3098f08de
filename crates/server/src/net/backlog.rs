//! The bytes that wait for one client in a queue that doesn't count them, until they are written to its connection.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::net::memory_budget::MemoryAccount;

/// The bytes that wait for one client. They count in its account.
pub(crate) struct Backlog {
    waiting: AtomicUsize,
    account: MemoryAccount,
}

/// The place in a connection for the backlog that its writes reduce. The connection's stream owns it.
#[derive(Default)]
pub(crate) struct BacklogSlot(Mutex<Option<Arc<Backlog>>>);

/// The slot of a connection that may have been closed.
#[derive(Clone)]
pub(crate) struct WeakBacklogSlot(Weak<BacklogSlot>);

impl Backlog {
    pub(crate) fn new(account: MemoryAccount) -> Self {
        Self {
            waiting: AtomicUsize::new(0),
            account,
        }
    }

    pub(crate) fn account(&self) -> &MemoryAccount {
        &self.account
    }

    /// Counts bytes that begin to wait, and returns `true`, unless `bound` bytes wait already.
    pub(crate) fn try_add(&self, bytes: usize, bound: usize) -> bool {
        // The account first, so that `remove` never takes more from it than it has.
        self.account.add(bytes);
        let add = |waiting: usize| (waiting < bound).then_some(waiting + bytes);
        let added = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        if added.is_err() {
            self.account.remove(bytes);
        }
        added.is_ok()
    }

    /// Removes bytes that were sent. They may be more than wait.
    pub(crate) fn remove(&self, bytes: usize) {
        let remove = |waiting: usize| Some(waiting.saturating_sub(bytes));
        let removed = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, remove);
        // It always succeeds, since `remove` returns a value.
        self.account.remove(removed.unwrap_or_default().min(bytes));
    }

    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

impl BacklogSlot {
    /// Removes what was written from the backlog, if there is one. The headers of HTTP and of frames count as well, which
    /// only makes its bound looser.
    pub(crate) fn remove_written(&self, bytes: usize) {
        if let Some(backlog) = &*self.0.lock() {
            backlog.remove(bytes);
        }
    }

    pub(crate) fn downgrade(self: &Arc<Self>) -> WeakBacklogSlot {
        WeakBacklogSlot(Arc::downgrade(self))
    }
}

impl WeakBacklogSlot {
    /// Lets the connection's writes reduce this backlog from now on, or none.
    pub(crate) fn set(&self, backlog: Option<Arc<Backlog>>) {
        if let Some(slot) = self.0.upgrade() {
            *slot.0.lock() = backlog;
        }
    }

    /// Returns `false` once the connection is closed.
    pub(crate) fn is_open(&self) -> bool {
        self.0.strong_count() > 0
    }
}
