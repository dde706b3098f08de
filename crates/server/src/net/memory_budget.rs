//! The budget of the memory in which data waits for all clients together.
//!
//! Each connection has bounds of its own. A thousand connections that read nothing could still use up the memory, so those
//! that hold most are closed when all together hold too much.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

/// Time between two checks. What clients make the server hold until the next one is bounded by what it can encode.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);
/// Checks between two lines of the log.
const CHECKS_PER_LOG_LINE: u32 = 10;

/// The budget that all connections share. Clones share it.
#[derive(Clone)]
pub(crate) struct MemoryBudget(Arc<Budget>);

struct Budget {
    max: usize,
    held: AtomicUsize,
    accounts: Mutex<Accounts>,
}

#[derive(Default)]
struct Accounts {
    next: u64,
    by_number: HashMap<u64, Weak<Account>>,
}

/// The bytes that wait for one connection, or by one. Clones share it.
#[derive(Clone)]
pub(crate) struct MemoryAccount(Arc<Account>);

struct Account {
    budget: Arc<Budget>,
    number: u64,
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
            held: AtomicUsize::new(0),
            accounts: Mutex::default(),
        }))
    }

    /// Opens an account. `closed` is cancelled to close its connection.
    pub(crate) fn open(&self, closed: CancellationToken) -> MemoryAccount {
        let mut accounts = self.0.accounts.lock();
        let number = accounts.next;
        accounts.next += 1;
        let account = Arc::new(Account {
            budget: Arc::clone(&self.0),
            number,
            bytes: AtomicUsize::new(0),
            closed,
        });
        accounts.by_number.insert(number, Arc::downgrade(&account));
        MemoryAccount(account)
    }

    /// Closes the largest holders whenever the budget is exceeded, until `closing` is cancelled.
    pub(crate) async fn enforce(self, closing: CancellationToken) {
        let mut interval = tokio::time::interval(CHECK_INTERVAL);
        let (mut closed, mut checks) = (0, 0);
        while closing.run_until_cancelled(interval.tick()).await.is_some() {
            closed += self.close_largest();
            checks += 1;
            if closed > 0 && checks >= CHECKS_PER_LOG_LINE {
                tracing::warn!(
                    closed,
                    max = self.0.max,
                    "connections were closed: too much waited for clients"
                );
                (closed, checks) = (0, 0);
            }
        }
    }

    /// Closes the largest holders until the others fit into the budget, and returns their number.
    fn close_largest(&self) -> usize {
        if self.0.held.load(Ordering::Relaxed) <= self.0.max {
            return 0;
        }
        // None may be dropped before the lock is.
        let accounts: Vec<Arc<Account>> = {
            let accounts = self.0.accounts.lock();
            accounts.by_number.values().filter_map(Weak::upgrade).collect()
        };
        // What was closed before is about to be freed.
        let mut open: Vec<_> = accounts
            .iter()
            .filter(|account| !account.closed.is_cancelled())
            .map(|account| (account.bytes.load(Ordering::Relaxed), account))
            .collect();
        open.sort_unstable_by_key(|(bytes, _)| Reverse(*bytes));
        let mut held: usize = open.iter().map(|(bytes, _)| bytes).sum();
        let mut closed = 0;
        for (bytes, account) in &open {
            if held <= self.0.max {
                break;
            }
            account.closed.cancel();
            held -= bytes;
            closed += 1;
        }
        closed
    }
}

impl MemoryAccount {
    /// Counts bytes that begin to wait.
    pub(crate) fn add(&self, bytes: usize) {
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.0.budget.held.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes back bytes that were counted.
    pub(crate) fn remove(&self, bytes: usize) {
        self.0.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.0.budget.held.fetch_sub(bytes, Ordering::Relaxed);
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

impl Drop for MemoryShare {
    fn drop(&mut self) {
        self.account.remove(self.bytes);
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(*self.bytes.get_mut(), Ordering::Relaxed);
        self.budget.accounts.lock().by_number.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    //! - the largest holders are closed, and no more of them than needed
    //! - what is closed counts no more, nor what is dropped

    use super::*;

    fn open(budget: &MemoryBudget, bytes: usize) -> MemoryAccount {
        let account = budget.open(CancellationToken::new());
        account.add(bytes);
        account
    }

    #[test]
    fn the_largest_holders_are_closed() {
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
        assert_eq!(budget.0.accounts.lock().by_number.len(), 1);
    }
}
