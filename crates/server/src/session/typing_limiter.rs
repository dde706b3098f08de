//! A rate limit for typing indicators.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ichat_protocol::MemberId;
use parking_lot::Mutex;

/// Typing indicators of one member that are forwarded within [`TYPING_WINDOW`]: enough for a member who sends a message
/// and continues to type, but no flood.
const MAX_TYPING_EVENTS: u32 = 4;
const TYPING_WINDOW: Duration = Duration::from_secs(2);

/// The recent typing indicators of each member who is online.
#[derive(Default)]
pub(crate) struct TypingLimiter {
    windows: Mutex<HashMap<MemberId, Window>>,
}

struct Window {
    start: Instant,
    count: u32,
}

impl TypingLimiter {
    /// Counts a typing indicator. Returns `true` if it may be forwarded.
    pub(crate) fn allows(&self, member: &MemberId, now: Instant) -> bool {
        let mut windows = self.windows.lock();
        let window = windows.entry(member.clone()).or_insert(Window { start: now, count: 0 });
        if now.duration_since(window.start) >= TYPING_WINDOW {
            *window = Window { start: now, count: 0 };
        }
        window.count += 1;
        window.count <= MAX_TYPING_EVENTS
    }

    /// Removes a member who went offline.
    pub(crate) fn remove(&self, member: &MemberId) {
        self.windows.lock().remove(member);
    }
}

#[cfg(test)]
mod tests {
    //! - four typing indicators of a member pass in each window, and those of another member are counted on their own

    use uuid::Uuid;

    use super::*;

    #[test]
    fn four_typing_indicators_pass_in_each_window() {
        let limiter = TypingLimiter::default();
        let [alice, bob] = [1, 2].map(|number| MemberId::guest(Uuid::from_u128(number)));
        let start = Instant::now();
        for window in [start, start + TYPING_WINDOW] {
            for _ in 0..MAX_TYPING_EVENTS {
                assert!(limiter.allows(&alice, window));
            }
            assert!(!limiter.allows(&alice, window + TYPING_WINDOW / 2));
        }
        assert!(limiter.allows(&bob, start));
    }
}
