//! Keeps a device's posts in their order when one of them could not be written.
//!
//! A device sends many posts without waiting for answers. When the disk takes the first of them not, because it is full, and a
//! later, smaller one after all, that one would overtake. So what follows a refused post is refused as well, until the
//! refused one comes again, or until so long that nothing can be under way any more that was sent before the refusal.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ichat_protocol::{DeviceId, EntryId};

/// Longer than anything is under way.
const LONG: Duration = Duration::from_secs(5);

/// The first post of each device that could not be written.
#[derive(Default)]
pub(crate) struct Overtaking {
    refused: HashMap<DeviceId, (EntryId, Instant)>,
}

impl Overtaking {
    /// Whether this post overtakes none.
    pub(crate) fn admits(&mut self, device: DeviceId, id: EntryId, now: Instant) -> bool {
        let Some((first, since)) = self.refused.get(&device) else {
            return true;
        };
        if *first != id && now.duration_since(*since) < LONG {
            return false;
        }
        self.refused.remove(&device);
        true
    }

    /// This post could not be written. Of several the first one counts.
    pub(crate) fn refused(&mut self, device: DeviceId, id: EntryId, now: Instant) {
        self.refused.retain(|_, (_, since)| now.duration_since(*since) < LONG);
        self.refused.entry(device).or_insert((id, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_overtakes_a_post_that_could_not_be_written() {
        let (ada, ben) = (DeviceId::fresh(), DeviceId::fresh());
        let [first, second, third] = [(); 3].map(|()| EntryId::fresh());
        let now = Instant::now();
        let mut posts = Overtaking::default();
        assert!(posts.admits(ada, first, now));
        posts.refused(ada, first, now);
        posts.refused(ada, second, now);
        assert!(!posts.admits(ada, third, now));
        assert!(!posts.admits(ada, second, now));
        assert!(posts.admits(ben, third, now), "others are not concerned");
        assert!(posts.admits(ada, first, now));
        assert!(posts.admits(ada, second, now));
        // Somebody who never sends it again is not kept waiting for ever.
        posts.refused(ada, first, now);
        assert!(posts.admits(ada, third, now + LONG));
    }
}
