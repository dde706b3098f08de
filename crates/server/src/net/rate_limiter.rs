//! Limits on what people and addresses may make the server do: a budget for each, which all of their connections share.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::metrics::BudgetReadings;
use crate::net::token_bucket::{Rate, TokenBucket};

/// The budgets of all people, or of all addresses.
pub(crate) struct RateLimiter<K> {
    rate: Option<Rate>,
    budgets: Mutex<HashMap<K, Budget>>,
}

/// The budget of one person or address. Clones share it. The one without a bucket has no limit.
#[derive(Clone)]
pub(crate) struct Budget(Option<Arc<Mutex<TokenBucket>>>);

/// The two budgets that pay for a client's requests. Clones share them.
#[derive(Clone)]
pub(crate) struct ClientBudget {
    person: Budget,
    address: Budget,
}

impl<K: Eq + Hash> RateLimiter<K> {
    /// Creates budgets of `per_second` tokens a second; 0 is no limit.
    pub(crate) fn new(per_second: u32) -> Self {
        Self {
            rate: Rate::new(per_second),
            budgets: Mutex::default(),
        }
    }

    /// Returns the budget that all connections with this key share.
    pub(crate) fn budget(&self, key: K) -> Budget {
        if self.rate.is_none() {
            return Budget::unlimited();
        }
        let mut budgets = self.budgets.lock();
        if budgets.len() == budgets.capacity() {
            let now = Instant::now();
            budgets.retain(|_, budget| !budget.is_forgettable(now));
        }
        budgets.entry(key).or_insert_with(|| self.unshared_budget()).clone()
    }

    /// Returns how many budgets are kept, and are used up.
    pub(crate) fn readings(&self) -> BudgetReadings {
        let now = Instant::now();
        let budgets = self.budgets.lock();
        let used_up = budgets.values().filter(|budget| budget.is_used_up(now)).count();
        BudgetReadings {
            all: budgets.len(),
            used_up,
        }
    }

    /// Returns the budget of something that has one connection only.
    pub(crate) fn unshared_budget(&self) -> Budget {
        let bucket = self.rate.map(|rate| TokenBucket::new(rate, Instant::now()));
        Budget(bucket.map(|bucket| Arc::new(Mutex::new(bucket))))
    }
}

impl Budget {
    pub(crate) fn unlimited() -> Self {
        Self(None)
    }

    /// Pays for a request. Fails if the budget is used up, with the time after which it isn't.
    pub(crate) fn try_take(&self, cost: u32) -> Result<(), Duration> {
        match &self.0 {
            Some(bucket) => bucket.lock().try_take(cost, Instant::now()),
            None => Ok(()),
        }
    }

    /// Pays for what a request has cost beyond the estimate.
    pub(crate) fn charge(&self, cost: u32) {
        if let Some(bucket) = &self.0 {
            bucket.lock().charge(cost, Instant::now());
        }
    }

    fn is_used_up(&self, now: Instant) -> bool {
        self.0.as_ref().is_some_and(|bucket| bucket.lock().is_used_up(now))
    }

    /// Returns `true` if no connection has the budget, and a new one would be the same.
    fn is_forgettable(&self, now: Instant) -> bool {
        let bucket = self.0.as_ref();
        bucket.is_none_or(|bucket| Arc::strong_count(bucket) == 1 && bucket.lock().is_full(now))
    }
}

impl ClientBudget {
    pub(crate) fn new(person: Budget, address: Budget) -> Self {
        Self { person, address }
    }

    /// Pays for a request from both budgets. Fails if one of them is used up, and then takes nothing, with the time after which
    /// neither is.
    pub(crate) fn try_take(&self, cost: u32) -> Result<(), Duration> {
        let now = Instant::now();
        // Always in this order, so that no two requests wait for each other.
        let mut buckets = [&self.person, &self.address].map(|budget| budget.0.as_ref().map(|bucket| bucket.lock()));
        let refusals = buckets
            .iter_mut()
            .flatten()
            .filter_map(|bucket| bucket.check(now).err());
        if let Some(wait) = refusals.max() {
            return Err(wait);
        }
        for bucket in buckets.iter_mut().flatten() {
            bucket.charge(cost, now);
        }
        Ok(())
    }

    /// Pays for what a request has cost beyond the estimate.
    pub(crate) fn charge(&self, cost: u32) {
        if cost > 0 {
            self.person.charge(cost);
            self.address.charge(cost);
        }
    }
}

#[cfg(test)]
mod tests {
    //! - connections with the same key share a budget, and others have their own
    //! - a budget outlives its connections until it is full again, and not longer
    //! - a request that one of a client's budgets refuses costs neither anything, and the longer time counts

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn connections_with_the_same_key_share_a_budget() {
        let limiter = RateLimiter::new(100);
        assert_eq!(limiter.budget("Ada").try_take(1_000), Ok(()));
        assert!(limiter.budget("Ada").try_take(1).is_err());
        assert_eq!(limiter.budget("Ben").try_take(1), Ok(()));
        assert_eq!(RateLimiter::new(0).budget("Ada").try_take(u32::MAX), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_is_forgotten_once_it_is_full_and_unused() {
        let limiter = RateLimiter::new(100);
        let kept = limiter.budget(0);
        assert_eq!(limiter.budget(1).try_take(1_000), Ok(()));
        for key in 2..1_000 {
            drop(limiter.budget(key));
        }
        assert!(limiter.budgets.lock().contains_key(&1));
        tokio::time::advance(Duration::from_mins(1)).await;
        for key in 1_000..3_000 {
            drop(limiter.budget(key));
        }
        let budgets = limiter.budgets.lock();
        assert!(!budgets.contains_key(&1));
        assert!(budgets.contains_key(&0), "a connection has it");
        assert!(budgets.len() < 1_500, "{}", budgets.len());
        drop(kept);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_one_budget_refuses_costs_the_other_nothing() {
        let people = RateLimiter::new(1);
        let addresses = RateLimiter::new(100);
        let client = |person| ClientBudget::new(people.budget(person), addresses.budget("office"));
        assert_eq!(client("Ada").try_take(3_000), Ok(()));
        for _ in 0..100 {
            assert_eq!(client("Ben").try_take(1), Err(Duration::from_secs(21)));
        }
        assert_eq!(people.budget("Ben").try_take(0), Ok(()));
        assert_eq!(client("Ada").try_take(1), Err(Duration::from_secs(2_991)));
    }
}
