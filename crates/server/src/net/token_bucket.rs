//! A budget that refills at a steady rate.

use std::time::Duration;

use tokio::time::Instant;

/// Time for which an unused bucket collects tokens: what may be spent at once.
const BURST: Duration = Duration::from_secs(10);
/// Time for which an empty bucket collects tokens before it gives any. Who waits that long gets a batch through, and not one
/// request and a refusal of the next.
const REOPEN: Duration = Duration::from_secs(1);

/// The tokens that a bucket gets in a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate(f64);

impl Rate {
    /// Returns the rate, or `None` for 0, which stands for no limit.
    pub(crate) fn new(per_second: u32) -> Option<Self> {
        (per_second > 0).then(|| Self(per_second.into()))
    }

    fn tokens_in(self, time: Duration) -> f64 {
        self.0 * time.as_secs_f64()
    }

    fn time_for(self, tokens: f64) -> Duration {
        // Bounded, so that no debt is too long for a `Duration`.
        Duration::from_secs_f64((tokens / self.0).clamp(0.0, 1e6))
    }
}

/// A bucket that holds the tokens of [`BURST`].
///
/// Whatever it has, it pays the next request in full, and may be in debt afterwards: so no request is too dear for any bucket,
/// and what a request has cost may be known only at its end. An empty bucket pays nothing for [`REOPEN`] or until the
/// debt is paid.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    rate: Rate,
    tokens: f64,
    refilled: Instant,
    is_empty: bool,
}

impl TokenBucket {
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        Self {
            rate,
            tokens: rate.tokens_in(BURST),
            refilled: now,
            is_empty: false,
        }
    }

    /// Pays for a request. Fails if the bucket is empty, with the time after which it isn't.
    pub(crate) fn try_take(&mut self, cost: u32, now: Instant) -> Result<(), Duration> {
        self.check(now)?;
        self.charge(cost, now);
        Ok(())
    }

    /// Fails if the bucket is empty, with the time after which it isn't.
    pub(crate) fn check(&mut self, now: Instant) -> Result<(), Duration> {
        self.refill(now);
        self.is_empty = self.is_used_up(now);
        if self.is_empty {
            return Err(self.rate.time_for(self.rate.tokens_in(REOPEN) - self.tokens));
        }
        Ok(())
    }

    /// Returns `true` if the bucket would pay for nothing. Changes nothing: only a refused request closes a bucket.
    pub(crate) fn is_used_up(&self, now: Instant) -> bool {
        let tokens = self.tokens_at(now);
        if self.is_empty {
            tokens < self.rate.tokens_in(REOPEN)
        } else {
            tokens <= 0.0
        }
    }

    /// Pays, also if the bucket is empty.
    pub(crate) fn charge(&mut self, cost: u32, now: Instant) {
        self.refill(now);
        self.tokens -= f64::from(cost);
    }

    /// Returns `true` if a new bucket would be the same.
    pub(crate) fn is_full(&self, now: Instant) -> bool {
        self.tokens_at(now) >= self.rate.tokens_in(BURST)
    }

    fn refill(&mut self, now: Instant) {
        self.tokens = self.tokens_at(now);
        self.refilled = self.refilled.max(now);
    }

    fn tokens_at(&self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.refilled);
        (self.tokens + self.rate.tokens_in(passed)).min(self.rate.tokens_in(BURST))
    }
}

#[cfg(test)]
mod tests {
    //! - a full bucket pays a burst, then refuses, and says when it pays again
    //! - a request that is dearer than the whole bucket is paid, and its debt before the next one
    //! - an unused bucket holds no more than a burst
    //! - who looks at an empty bucket does not close it

    use super::*;

    fn bucket(per_second: u32) -> (TokenBucket, Instant) {
        let now = Instant::now();
        (TokenBucket::new(Rate::new(per_second).unwrap(), now), now)
    }

    #[test]
    fn a_bucket_pays_a_burst_then_refuses_and_says_when_it_pays_again() {
        let (mut bucket, now) = bucket(100);
        for _ in 0..1_000 {
            assert_eq!(bucket.try_take(1, now), Ok(()));
        }
        let wait = bucket.try_take(1, now).unwrap_err();
        assert_eq!(wait, REOPEN);
        let half = now + wait / 2;
        assert_eq!(bucket.try_take(1, half), Err(wait / 2), "one token is not worth a try");
        for _ in 0..100 {
            assert_eq!(bucket.try_take(1, now + wait), Ok(()));
        }
        assert!(bucket.try_take(1, now + wait).is_err());
    }

    #[test]
    fn a_debt_is_paid_before_the_next_request() {
        let (mut bucket, now) = bucket(100);
        assert_eq!(bucket.try_take(5_000, now), Ok(()));
        assert_eq!(bucket.try_take(1, now), Err(Duration::from_secs(41)));
        bucket.charge(100, now);
        assert_eq!(bucket.try_take(1, now), Err(Duration::from_secs(42)));
        assert_eq!(bucket.try_take(1, now + Duration::from_secs(42)), Ok(()));
    }

    #[test]
    fn an_unused_bucket_holds_a_burst() {
        let (mut bucket, now) = bucket(100);
        assert!(bucket.is_full(now));
        let later = now + 100 * BURST;
        assert_eq!(bucket.try_take(1_000, later), Ok(()));
        assert!(!bucket.is_full(later));
        assert!(bucket.try_take(1, later).is_err());
        assert!(bucket.is_full(later + BURST));
    }

    #[test]
    fn a_look_at_an_empty_bucket_does_not_close_it() {
        let (mut bucket, now) = bucket(100);
        assert_eq!(bucket.try_take(1_003, now), Ok(()));
        assert!(bucket.is_used_up(now));
        let paid = now + Duration::from_millis(40);
        assert!(!bucket.is_used_up(paid));
        assert_eq!(bucket.try_take(1, paid), Ok(()), "nobody was refused meanwhile");
    }

    #[test]
    fn zero_is_no_limit() {
        assert_eq!(Rate::new(0), None);
    }
}
