//! A limit on the memory that queued data of all clients uses together.
//!
//! Each connection has bounds of its own. A thousand connections that read nothing could still use up the memory, so the
//! accounts with the most are closed when all together use too much. Bytes that several queues share count for each of them:
//! the number is an upper bound.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::metrics::{CutReason, Metrics};

/// Time between two checks. At most what the server can encode in this time is used beyond the limit.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// Copies of a message or a body whose end has not arrived, in the libraries: one is in a read buffer, one in the part that is
/// assembled.
const UNFINISHED_COPIES: usize = 2;

/// The budget that all connections share. Clones share it.
#[derive(Clone)]
pub(crate) struct MemoryBudget(Arc<Budget>);

struct Budget {
    max: usize,
    used: AtomicUsize,
    accounts: Mutex<Accounts>,
}

#[derive(Default)]
struct Accounts {
    next: u64,
    by_id: HashMap<AccountId, Weak<Account>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct AccountId(u64);

/// The bytes that are queued for one connection, those of its events that wait, and those of a message or a body whose end has not
/// arrived. Clones share it.
#[derive(Clone)]
pub(crate) struct MemoryAccount(Arc<Account>);

struct Account {
    budget: Arc<Budget>,
    id: AccountId,
    bytes: AtomicUsize,
    closed: CancellationToken,
}

/// A part of an account, until it is dropped.
pub(crate) struct MemoryShare {
    account: MemoryAccount,
    bytes: usize,
}

impl MemoryBudget {
    /// Creates a budget of `max` bytes.
    pub(crate) fn new(max: usize) -> Self {
        Self(Arc::new(Budget {
            max,
            used: AtomicUsize::new(0),
            accounts: Mutex::default(),
        }))
    }

    /// Opens an account. `closed` is cancelled to close its connection.
    pub(crate) fn open(&self, closed: CancellationToken) -> MemoryAccount {
        let mut accounts = self.0.accounts.lock();
        let id = AccountId(accounts.next);
        accounts.next += 1;
        let account = Arc::new(Account {
            budget: Arc::clone(&self.0),
            id,
            bytes: AtomicUsize::new(0),
            closed,
        });
        accounts.by_id.insert(id, Arc::downgrade(&account));
        MemoryAccount(account)
    }

    /// Returns `true` if more waits than there may be.
    pub(crate) fn is_used_up(&self) -> bool {
        self.used() > self.0.max
    }

    /// Returns the bytes that wait for all clients.
    pub(crate) fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    /// Closes the largest accounts whenever the budget is exceeded, until `closing` is cancelled.
    pub(crate) async fn enforce(self, metrics: Metrics, closing: CancellationToken) {
        let mut interval = tokio::time::interval(CHECK_INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while closing.run_until_cancelled(interval.tick()).await.is_some() {
            let closed = self.close_largest();
            for _ in 0..closed {
                metrics.connection_cut(CutReason::Memory);
            }
            if closed > 0 {
                let max = self.0.max;
                tracing::warn!(closed, max, "connections were closed: too much waited for clients");
            }
        }
    }

    /// Closes the largest accounts until the others fit into the budget, and returns their number.
    fn close_largest(&self) -> usize {
        if !self.is_used_up() {
            return 0;
        }
        // None may be dropped before the lock is.
        let accounts: Vec<Arc<Account>> = {
            let accounts = self.0.accounts.lock();
            accounts.by_id.values().filter_map(Weak::upgrade).collect()
        };
        // What was closed before is about to be freed.
        let mut open: Vec<_> = accounts
            .iter()
            .filter(|account| !account.closed.is_cancelled())
            .map(|account| (account.bytes.load(Ordering::Relaxed), account))
            .collect();
        open.sort_unstable_by_key(|(bytes, _)| Reverse(*bytes));
        let mut used: usize = open.iter().map(|(bytes, _)| bytes).sum();
        let mut closed = 0;
        for (bytes, account) in &open {
            if used <= self.0.max {
                break;
            }
            account.closed.cancel();
            used -= bytes;
            closed += 1;
        }
        closed
    }
}

impl MemoryAccount {
    /// Counts bytes that begin to wait.
    pub(crate) fn add(&self, bytes: usize) {
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.0.budget.used.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes back bytes that were counted.
    pub(crate) fn remove(&self, bytes: usize) {
        self.0.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.0.budget.used.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Counts bytes until the share is dropped.
    pub(crate) fn share(&self, bytes: usize) -> MemoryShare {
        self.add(bytes);
        MemoryShare {
            account: self.clone(),
            bytes,
        }
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Returns the token that is cancelled to close the connection.
    pub(crate) fn closed(&self) -> &CancellationToken {
        &self.0.closed
    }
}

impl MemoryShare {
    /// Counts what has arrived of a message or a body without an end, instead of what the share has counted so far.
    pub(crate) fn set_unfinished(&mut self, arrived: usize) {
        let bytes = arrived * UNFINISHED_COPIES;
        if bytes > self.bytes {
            self.account.add(bytes - self.bytes);
        } else {
            self.account.remove(self.bytes - bytes);
        }
        self.bytes = bytes;
    }
}

impl Drop for MemoryShare {
    fn drop(&mut self) {
        self.account.remove(self.bytes);
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(*self.bytes.get_mut(), Ordering::Relaxed);
        self.budget.accounts.lock().by_id.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    //! - the largest accounts are closed, and no more of them than needed
    //! - what is closed counts no more, nor what is dropped

    use super::*;

    fn open(budget: &MemoryBudget, bytes: usize) -> MemoryAccount {
        let account = budget.open(CancellationToken::new());
        account.add(bytes);
        account
    }

    #[test]
    fn the_largest_accounts_are_closed() {
        let budget = MemoryBudget::new(100);
        let accounts = [10, 50, 30, 40].map(|bytes| open(&budget, bytes));
        let is_closed = || accounts.each_ref().map(|account| account.closed().is_cancelled());
        assert_eq!(budget.close_largest(), 1);
        assert_eq!(is_closed(), [false, true, false, false]);
        assert_eq!(budget.close_largest(), 0, "the first one is about to be freed");
        accounts[0].add(21);
        assert_eq!(budget.close_largest(), 1);
        assert_eq!(is_closed(), [false, true, false, true]);
    }

    #[test]
    fn what_is_dropped_counts_no_more() {
        let budget = MemoryBudget::new(100);
        let account = open(&budget, 60);
        let share = account.share(60);
        drop(share);
        assert_eq!(budget.close_largest(), 0);
        drop(account);
        let other = open(&budget, 100);
        assert_eq!(budget.close_largest(), 0);
        assert!(!other.closed().is_cancelled());
        assert_eq!(budget.0.accounts.lock().by_id.len(), 1);
    }
}
