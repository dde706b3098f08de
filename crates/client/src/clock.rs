//! A clock that counts suspended time, and the detection of a machine that was suspended.

use std::sync::Arc;
use std::time::Duration;

const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// A jump of the clock by more than this is a suspend. A busy machine delays a timer by less.
const MIN_SUSPEND: Duration = Duration::from_secs(3);

/// The time source of a client: monotonic, and running while the machine is suspended. A test brings its own, since it
/// can't suspend the machine.
#[derive(Clone)]
pub struct Clock {
    since_origin: Arc<dyn Fn() -> Duration + Send + Sync>,
}

impl Clock {
    /// Creates a clock from a function that returns the time since some fixed moment.
    pub fn new(since_origin: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self {
            since_origin: Arc::new(since_origin),
        }
    }

    /// Returns the machine's clock.
    pub fn system() -> Self {
        Self::new(since_boot)
    }

    /// Returns the time in milliseconds.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from((self.since_origin)().as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns when the machine wakes up after a suspend.
    pub(crate) async fn wait_for_wake_up(&self) {
        loop {
            let (before, timer) = ((self.since_origin)(), std::time::Instant::now());
            tokio::time::sleep(CHECK_INTERVAL).await;
            // `Instant` does not advance during a suspend on Linux and macOS. Elsewhere it does, hence the upper bound.
            let awake = timer.elapsed().min(CHECK_INTERVAL + MIN_SUSPEND / 2);
            if (self.since_origin)().saturating_sub(before) > awake + MIN_SUSPEND {
                return;
            }
        }
    }
}

/// Returns the time since boot, including suspended time.
#[cfg(target_os = "linux")]
fn since_boot() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

/// Returns the wall clock, but never lets it go back. It replaces a clock that counts suspended time: setting it forward
/// looks like a suspend, which costs one reconnect at most.
#[cfg(not(target_os = "linux"))]
fn since_boot() -> Duration {
    use parking_lot::Mutex;
    use std::time::SystemTime;
    static LATEST: Mutex<Duration> = Mutex::new(Duration::ZERO);
    let mut latest = LATEST.lock();
    *latest = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().max(*latest);
    *latest
}

#[cfg(test)]
mod tests {
    //! - a suspend is noticed at the next check
    //! - a late timer is no suspend

    use std::sync::atomic::{AtomicU64, Ordering};

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_suspend_is_noticed_at_the_next_check() {
        let seconds = Arc::new(AtomicU64::new(100));
        let source = Arc::clone(&seconds);
        let clock = Clock::new(move || Duration::from_secs(source.load(Ordering::SeqCst)));
        let waiting = tokio::spawn(async move { clock.wait_for_wake_up().await });
        tokio::task::yield_now().await;
        seconds.fetch_add(600, Ordering::SeqCst);
        timeout(CHECK_INTERVAL * 2, waiting).await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_timer_is_no_suspend() {
        let reads = AtomicU64::new(0);
        // Each check finds that two seconds have passed, as after a timer that is one second late.
        let clock = Clock::new(move || Duration::from_secs(2 * reads.fetch_add(1, Ordering::SeqCst)));
        assert!(timeout(CHECK_INTERVAL * 100, clock.wait_for_wake_up()).await.is_err());
    }
}
