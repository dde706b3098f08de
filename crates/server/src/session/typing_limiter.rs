//! A rate limit for typing indicators.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ichat_protocol::MemberId;
use parking_lot::Mutex;

/// Typing indicators of one member that are forwarded within [`TYPING_WINDOW`]: enough for a member who sends a message and
/// goes on typing, but no flood.
const MAX_TYPING_EVENTS: u32 = 4;
const TYPING_WINDOW: Duration = Duration::from_secs(2);

/// Counts the typing indicators of each member who is online.
#[derive(Default)]
pub(crate) struct TypingLimiter {
    windows: Mutex<HashMap<MemberId, Window>>,
}

struct Window {
    start: Instant,
    count: u32,
}

impl TypingLimiter {
    /// Counts a typing indicator. Returns whether it may be forwarded.
    pub(crate) fn allows(&self, member: &MemberId) -> bool {
        let now = Instant::now();
        let mut windows = self.windows.lock();
        let window = windows.entry(member.clone()).or_insert(Window { start: now, count: 0 });
        if now.duration_since(window.start) >= TYPING_WINDOW {
            *window = Window { start: now, count: 0 };
        }
        window.count += 1;
        window.count <= MAX_TYPING_EVENTS
    }

    /// Forgets a member who went offline.
    pub(crate) fn remove(&self, member: &MemberId) {
        self.windows.lock().remove(member);
    }
}
