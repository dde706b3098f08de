//! The decision whether a connection's next event is taken, when the server is busy with its earlier ones.

use std::time::Duration;

use ichat_protocol::EntryId;
use tokio::time::Instant;

use crate::net::token_bucket::{Rate, TokenBucket};

/// Time after which no post that was sent before a refusal reached the client can still arrive.
const IN_FLIGHT_TIMEOUT: Duration = Duration::from_secs(5);
/// Refusals in a second that a client may cause for long. Ten times as many at once are as many events as it may leave without a
/// response ([`ichat_protocol::limits::MAX_PENDING_EVENTS`]), so a client that waits after a refusal is never disconnected.
const MAX_REFUSALS_PER_SECOND: u32 = 103;

/// The refusals of one connection, as far as they concern its next events.
#[derive(Default)]
pub(crate) struct Admission {
    /// The first post that was refused, and the time of its last refusal.
    refused: Option<(EntryId, Instant)>,
    refusals: Option<TokenBucket>,
}

/// The error of a client that goes on after refusals.
#[derive(Debug, PartialEq)]
pub(crate) struct RefusalsIgnored;

impl Admission {
    /// Returns `true` if a post overtakes none that was refused: a client may have sent it before it knew of the refusal.
    pub(crate) fn keeps_order(&mut self, post: Option<EntryId>, now: Instant) -> bool {
        self.refused
            .is_none_or(|(first, at)| post == Some(first) || now.saturating_duration_since(at) >= IN_FLIGHT_TIMEOUT)
    }

    /// Returns `true` if the order of posts matters at present.
    pub(crate) fn has_refused_post(&self) -> bool {
        self.refused.is_some()
    }

    /// Records that a post was taken: others may follow.
    pub(crate) fn post_taken(&mut self) {
        self.refused = None;
    }

    /// Records that a post was refused. The first one counts until it is repeated.
    pub(crate) fn post_refused(&mut self, post: EntryId, now: Instant) {
        match &mut self.refused {
            Some((first, at)) if *first == post => *at = now,
            Some((_, at)) if now.saturating_duration_since(*at) < IN_FLIGHT_TIMEOUT => {}
            Some(_) | None => self.refused = Some((post, now)),
        }
    }

    /// Counts a refusal. Fails if the client takes no notice of them.
    pub(crate) fn count_refusal(&mut self, now: Instant) -> Result<(), RefusalsIgnored> {
        if self.refusals.is_none() {
            self.refusals = Rate::new(MAX_REFUSALS_PER_SECOND).map(|rate| TokenBucket::new(rate, now));
        }
        let counted = self
            .refusals
            .as_mut()
            .map_or(Ok(()), |refusals| refusals.try_take(1, now));
        counted.map_err(|_| RefusalsIgnored)
    }
}

#[cfg(test)]
mod tests {
    //! - no post overtakes a refused one, until that is repeated, or can't be under way any more
    //! - a client that leaves as many events unanswered as it may, and waits after refusals, is never at fault

    use ichat_protocol::limits::MAX_PENDING_EVENTS;

    use super::*;

    #[test]
    fn no_post_overtakes_a_refused_one() {
        let [first, second] = [(); 2].map(|()| EntryId::fresh());
        let now = Instant::now();
        let mut admission = Admission::default();
        assert!(admission.keeps_order(Some(second), now));
        admission.post_refused(first, now);
        admission.post_refused(second, now);
        assert!(!admission.keeps_order(Some(second), now));
        assert!(!admission.keeps_order(None, now));
        assert!(admission.keeps_order(Some(first), now));
        admission.post_taken();
        assert!(admission.keeps_order(Some(second), now));
        admission.post_refused(first, now);
        assert!(admission.keeps_order(Some(second), now + IN_FLIGHT_TIMEOUT));
    }

    #[test]
    fn a_client_that_waits_after_refusals_is_not_at_fault() {
        let mut now = Instant::now();
        let mut admission = Admission::default();
        for _ in 0..MAX_PENDING_EVENTS {
            assert_eq!(admission.count_refusal(now), Ok(()));
        }
        // From now on it sends as many as our clients do.
        for _ in 0..100 {
            now += Duration::from_secs(1);
            for _ in 0..64 {
                assert_eq!(admission.count_refusal(now), Ok(()));
            }
        }
        let ignored = (0..2 * MAX_PENDING_EVENTS).any(|_| admission.count_refusal(now).is_err());
        assert!(ignored);
    }
}
