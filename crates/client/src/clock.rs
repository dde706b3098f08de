//! A clock that counts the time that the machine slept, and notices that it did.

use std::sync::Arc;
use std::time::Duration;

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A difference that no busy machine makes.
const SLEPT: Duration = Duration::from_secs(3);

/// What a client goes by: it never goes back, and goes on while the machine sleeps. The machine's own unless a test brings
/// another one, since no test can send the machine to sleep.
#[derive(Clone)]
pub struct Clock {
    since_boot: Arc<dyn Fn() -> Duration + Send + Sync>,
}

impl Clock {
    /// A clock that says how long ago some moment in the past was.
    pub fn new(since_boot: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self {
            since_boot: Arc::new(since_boot),
        }
    }

    /// The machine's own.
    pub fn of_the_machine() -> Self {
        Self::new(since_boot)
    }

    /// Milliseconds that never go back.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from((self.since_boot)().as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns when the machine has slept.
    pub(crate) async fn slept(&self) {
        loop {
            let (counted, ran) = ((self.since_boot)(), std::time::Instant::now());
            tokio::time::sleep(LOOK_EVERY).await;
            // `Instant` stands still while the machine sleeps, at least on Linux and macOS. Elsewhere the timer comes late.
            let ran = ran.elapsed().min(LOOK_EVERY + SLEPT / 2);
            if (self.since_boot)().saturating_sub(counted) > ran + SLEPT {
                return;
            }
        }
    }
}

/// Since some moment in the past; suspended time counts.
#[cfg(target_os = "linux")]
fn since_boot() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

/// Since some moment in the past; suspended time counts. Where no such clock is at hand the wall clock stands in:
/// when it is set forward, that looks like a sleep, and costs one reconnect at most.
#[cfg(not(target_os = "linux"))]
fn since_boot() -> Duration {
    use std::sync::Mutex;
    use std::time::SystemTime;
    static LATEST: Mutex<Duration> = Mutex::new(Duration::ZERO);
    let mut latest = LATEST.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    *latest = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().max(*latest);
    *latest
}
