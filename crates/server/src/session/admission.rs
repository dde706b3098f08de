//! The refusals of one connection, as far as they concern its next events.

use std::time::Duration;

use ichat_protocol::limits::MAX_PENDING_EVENTS;
use tokio::time::Instant;

use crate::commit::post_order::PostOrder;

/// The least time of a round of refusals.
const MIN_ROUND: Duration = Duration::from_secs(1);

/// The refusals of one connection, as far as they concern its next events.
#[derive(Default)]
pub(crate) struct Admission {
    pub(crate) order: PostOrder,
    round: Option<Round>,
}

/// The refusals until the time is over that the first of them named. A client that waits after a refusal causes no more of them
/// than it may leave events without a response: those were sent before.
struct Round {
    ends_at: Instant,
    refusals: usize,
}

/// The error of a client that goes on after refusals.
#[derive(Debug, PartialEq)]
pub(crate) struct RefusalsIgnored;

impl Admission {
    /// Counts a refusal that names this time to wait. Fails if the client takes no notice of them.
    pub(crate) fn count_refusal(&mut self, wait: Duration, now: Instant) -> Result<(), RefusalsIgnored> {
        let round = match &mut self.round {
            Some(round) if now < round.ends_at => round,
            finished => finished.insert(Round {
                ends_at: now + wait.max(MIN_ROUND),
                refusals: 0,
            }),
        };
        round.refusals += 1;
        if round.refusals > MAX_PENDING_EVENTS {
            return Err(RefusalsIgnored);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    //! - a client that leaves as many events unanswered as it may, and waits after refusals, is never at fault
    //! - one that doesn't wait is, however slowly it goes on

    use super::*;

    const WAIT: Duration = Duration::from_secs(1);

    #[test]
    fn a_client_that_waits_after_refusals_is_not_at_fault() {
        let mut now = Instant::now();
        let mut admission = Admission::default();
        for _ in 0..100 {
            for _ in 0..MAX_PENDING_EVENTS {
                assert_eq!(admission.count_refusal(WAIT, now), Ok(()));
            }
            now += WAIT;
        }
    }

    #[test]
    fn a_client_that_does_not_wait_is_at_fault() {
        let now = Instant::now();
        let mut admission = Admission::default();
        let ignored = (0..2 * MAX_PENDING_EVENTS).any(|_| admission.count_refusal(Duration::ZERO, now).is_err());
        assert!(ignored);
        let mut admission = Admission::default();
        let mut times = (0..2_000).map(|number| now + Duration::from_millis(20 * number));
        assert!(times.any(|at| admission.count_refusal(Duration::from_mins(1), at).is_err()));
    }
}
