//! The order of each device's posts when one of them could not be written.

use std::collections::HashMap;

use ichat_protocol::{DeviceId, EntryId};
use tokio::time::Instant;

use crate::commit::post_order::PostOrder;

/// The devices of which a post could not be written.
#[derive(Default)]
pub(super) struct PostOrdering {
    devices: HashMap<DeviceId, PostOrder>,
}

impl PostOrdering {
    /// Returns whether this post overtakes no failed one.
    pub(super) fn admits(&mut self, device: DeviceId, id: EntryId, now: Instant) -> bool {
        let admits = self
            .devices
            .get(&device)
            .is_none_or(|order| order.admits(Some(id), now));
        if admits {
            self.devices.remove(&device);
        }
        admits
    }

    /// Records a post that could not be written. The first one of a device counts.
    pub(super) fn record_failure(&mut self, device: DeviceId, id: EntryId, now: Instant) {
        self.devices.retain(|_, order| !order.is_forgettable(now));
        self.devices.entry(device).or_default().refused(id, now);
    }
}

#[cfg(test)]
mod tests {
    //! - a failed post holds back the later ones of its device only, until it is written

    use super::*;

    #[test]
    fn a_failed_post_holds_back_the_later_ones_of_its_device() {
        let (desk, phone) = (DeviceId::fresh(), DeviceId::fresh());
        let [first, second] = [(); 2].map(|()| EntryId::fresh());
        let now = Instant::now();
        let mut ordering = PostOrdering::default();
        assert!(ordering.admits(desk, first, now));
        ordering.record_failure(desk, first, now);
        ordering.record_failure(desk, second, now);
        assert!(!ordering.admits(desk, second, now));
        assert!(ordering.admits(phone, second, now), "other devices are not affected");
        assert!(ordering.admits(desk, first, now));
        assert!(ordering.admits(desk, second, now));
    }
}
