//! The two phases whose latencies are compared.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The phase in which a message was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// All clients read.
    AllRead,
    /// One client does not read, and as much waits for it as may wait.
    OneDoesNot,
}

/// The latencies of messages, by the phase in which they were sent.
#[derive(Default)]
pub(super) struct Latencies {
    pub(super) all_read: Vec<Duration>,
    pub(super) one_does_not: Vec<Duration>,
}

impl Latencies {
    pub(super) fn record(&mut self, phase: Phase, latency: Duration) {
        match phase {
            Phase::AllRead => self.all_read.push(latency),
            Phase::OneDoesNot => self.one_does_not.push(latency),
        }
    }

    pub(super) fn append(&mut self, mut others: Self) {
        self.all_read.append(&mut others.all_read);
        self.one_does_not.append(&mut others.one_does_not);
    }
}

/// When the phases begin and end.
pub(super) struct Phases {
    start: Instant,
    all_read_until: Duration,
    queue_full_from: OnceLock<Duration>,
}

impl Phases {
    pub(super) fn start(all_read_for: Duration) -> Self {
        Self {
            start: Instant::now(),
            all_read_until: all_read_for,
            queue_full_from: OnceLock::new(),
        }
    }

    /// Returns the time since the start.
    pub(super) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Notes that the slow reader's queue is full.
    pub(super) fn queue_is_full(&self) {
        self.queue_full_from.get_or_init(|| self.now());
    }

    /// Returns the phase of a message by the time when it was sent. Those between the phases belong to none.
    pub(super) fn of(&self, sent: Duration) -> Option<Phase> {
        if sent < self.all_read_until {
            return Some(Phase::AllRead);
        }
        let from = self.queue_full_from.get()?;
        (sent >= *from).then_some(Phase::OneDoesNot)
    }
}
