//! The order of posts when one of them was refused for now.
//!
//! A client sends many posts without waiting for responses. If the first one is refused, because the client is too fast or the
//! disk is full, and one after it were taken, their order would be lost. So all posts after a refused one are refused until it is
//! sent again, or until a time has passed after which nothing that was sent before the refusal can still arrive.

use std::time::Duration;

use ichat_protocol::EntryId;
use tokio::time::Instant;

/// Time after which no post from before a refusal can still arrive.
const IN_FLIGHT_TIMEOUT: Duration = Duration::from_secs(5);

/// The first refused post of a sender, and the time of its last refusal.
#[derive(Default)]
pub(crate) struct PostOrder(Option<(EntryId, Instant)>);

impl PostOrder {
    /// Returns `true` if a post overtakes no refused one.
    pub(crate) fn admits(&self, post: Option<EntryId>, now: Instant) -> bool {
        self.0
            .is_none_or(|(first, at)| post == Some(first) || now.saturating_duration_since(at) >= IN_FLIGHT_TIMEOUT)
    }

    /// Records that a post was taken: others may follow.
    pub(crate) fn taken(&mut self) {
        self.0 = None;
    }

    /// Records that a post was refused. The first one counts until it is repeated.
    pub(crate) fn refused(&mut self, post: EntryId, now: Instant) {
        if self.admits(Some(post), now) {
            self.0 = Some((post, now));
        }
    }

    /// Returns `true` if a post was refused, and none was taken since.
    pub(crate) fn has_refused(&self) -> bool {
        self.0.is_some()
    }

    /// Returns `true` if every post is admitted.
    pub(crate) fn is_forgettable(&self, now: Instant) -> bool {
        self.admits(None, now)
    }
}

#[cfg(test)]
mod tests {
    //! - no post overtakes a refused one, until that is repeated, or can't be under way any more

    use super::*;

    #[test]
    fn no_post_overtakes_a_refused_one() {
        let [first, second] = [(); 2].map(|()| EntryId::fresh());
        let now = Instant::now();
        let mut order = PostOrder::default();
        assert!(order.admits(Some(second), now));
        order.refused(first, now);
        order.refused(second, now);
        assert!(!order.admits(Some(second), now));
        assert!(!order.admits(None, now));
        assert!(order.admits(Some(first), now));
        // It counts from its last refusal.
        order.refused(first, now + Duration::from_secs(3));
        assert!(!order.admits(Some(second), now + IN_FLIGHT_TIMEOUT));
        order.taken();
        assert!(order.admits(Some(second), now));
        order.refused(first, now);
        assert!(order.admits(Some(second), now + IN_FLIGHT_TIMEOUT));
    }
}
