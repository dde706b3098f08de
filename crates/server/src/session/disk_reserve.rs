//! The free space of the disk that is kept: some for people with a key, and some that nobody may use.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ichat_protocol::WireError;
use ichat_store::Store;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::Config;
use crate::errors;

/// Time between two measurements. In this time all clients together can write some tens of MiB.
const MEASURE_INTERVAL: Duration = Duration::from_secs(2);

/// The free space, as of the last measurement.
pub(crate) struct DiskReserve {
    /// Bytes below which nobody posts.
    for_everyone: u64,
    /// Bytes below which guests don't post.
    for_guests: u64,
    free: AtomicU64,
}

impl DiskReserve {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            for_everyone: config.disk_reserve,
            for_guests: config.guest_disk_reserve.max(config.disk_reserve),
            free: AtomicU64::new(u64::MAX),
        }
    }

    /// Fails if there is too little space for what a client wants to write.
    pub(crate) fn check(&self, is_guest: bool) -> Result<(), WireError> {
        let free = self.free.load(Ordering::Relaxed);
        if free < self.for_everyone {
            Err(errors::disk_reserve_used())
        } else if is_guest && free < self.for_guests {
            Err(errors::guest_disk_reserve_used())
        } else {
            Ok(())
        }
    }

    /// Measures the free space. If it can't be measured, there is enough until a write fails.
    pub(crate) async fn measure(&self, store: &Store) {
        let free = store.free_space().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the free space of the disk can't be measured");
            u64::MAX
        });
        let before = self.free.swap(free, Ordering::Relaxed);
        let is_below = |threshold| before >= threshold && free < threshold;
        if is_below(self.for_everyone) {
            tracing::error!(
                free,
                "the disk is nearly full: nobody can write until there is more space"
            );
        } else if is_below(self.for_guests) {
            tracing::warn!(
                free,
                "the disk is filling up: guests can't write until there is more space"
            );
        }
    }

    /// Measures the free space until `closing` is cancelled.
    pub(crate) async fn run(&self, store: &Store, closing: CancellationToken) {
        let mut ticks = interval(MEASURE_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while closing.run_until_cancelled(ticks.tick()).await.is_some() {
            self.measure(store).await;
        }
    }
}
