//! The order of a device's posts when one of them could not be written.
//!
//! A device sends many posts without waiting for responses. If the first one fails because the disk is full, and a
//! smaller one after it succeeded, the order would be lost. So all posts after a failed one are rejected until it is
//! sent again, or until a time has passed after which nothing that was sent before the rejection can still arrive.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ichat_protocol::{DeviceId, EntryId};

/// Time after which no post from before a rejection can still arrive.
const IN_FLIGHT_TIMEOUT: Duration = Duration::from_secs(5);

/// The first post of each device that could not be written.
#[derive(Default)]
pub(super) struct PostOrdering {
    failed: HashMap<DeviceId, (EntryId, Instant)>,
}

impl PostOrdering {
    /// Returns whether this post overtakes no failed one.
    pub(super) fn admits(&mut self, device: DeviceId, id: EntryId, now: Instant) -> bool {
        let Some((first, since)) = self.failed.get(&device) else {
            return true;
        };
        if *first != id && now.duration_since(*since) < IN_FLIGHT_TIMEOUT {
            return false;
        }
        self.failed.remove(&device);
        true
    }

    /// Records a post that could not be written. The first one of a device counts.
    pub(super) fn record_failure(&mut self, device: DeviceId, id: EntryId, now: Instant) {
        self.failed
            .retain(|_, (_, since)| now.duration_since(*since) < IN_FLIGHT_TIMEOUT);
        self.failed.entry(device).or_insert((id, now));
    }
}

#[cfg(test)]
mod tests {
    //! - no post overtakes one that could not be written

    use super::*;

    #[test]
    fn no_post_overtakes_one_that_could_not_be_written() {
        let (desk, phone) = (DeviceId::fresh(), DeviceId::fresh());
        let [first, second, third] = [(); 3].map(|()| EntryId::fresh());
        let now = Instant::now();
        let mut ordering = PostOrdering::default();
        assert!(ordering.admits(desk, first, now));
        ordering.record_failure(desk, first, now);
        ordering.record_failure(desk, second, now);
        assert!(!ordering.admits(desk, third, now));
        assert!(!ordering.admits(desk, second, now));
        assert!(ordering.admits(phone, third, now), "other devices are not affected");
        assert!(ordering.admits(desk, first, now));
        assert!(ordering.admits(desk, second, now));
        // A device that never sends the failed post again is not blocked for good.
        ordering.record_failure(desk, first, now);
        assert!(ordering.admits(desk, third, now + IN_FLIGHT_TIMEOUT));
    }
}
