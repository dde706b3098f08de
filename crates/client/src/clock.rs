//! A clock that counts the time that the machine slept, and notices that it did.

use std::time::Duration;

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A difference that no busy machine makes.
const SLEPT: Duration = Duration::from_secs(3);

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

/// Milliseconds that never go back.
pub(crate) fn now_ms() -> u64 {
    u64::try_from(since_boot().as_millis()).unwrap_or(u64::MAX)
}

/// Returns when the machine has slept.
pub(crate) async fn slept() {
    loop {
        let (counted, ran) = (since_boot(), std::time::Instant::now());
        tokio::time::sleep(LOOK_EVERY).await;
        // `Instant` stands still while the machine sleeps, at least on Linux and macOS. Elsewhere the timer comes late.
        let ran = ran.elapsed().min(LOOK_EVERY + SLEPT / 2);
        if since_boot().saturating_sub(counted) > ran + SLEPT {
            return;
        }
    }
}
