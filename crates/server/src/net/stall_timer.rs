//! The timeout of a peer that stops reading.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Sleep;

/// Time without any progress of a pending write after which the connection ends.
const WRITE_STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// A timer that runs while a write is pending.
///
/// engineioxide waits without limit for a peer that does not read, and would count it as present.
#[derive(Default)]
pub(crate) struct StallTimer(Option<Pin<Box<Sleep>>>);

impl StallTimer {
    /// Stops the timer, because something was written.
    pub(crate) fn reset(&mut self) {
        self.0 = None;
    }

    /// Starts the timer unless it runs. Ready with an error when the peer has stalled for too long.
    pub(crate) fn poll_stalled(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        self.0
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(WRITE_STALL_TIMEOUT)))
            .as_mut()
            .poll(context)
            .map(|()| io::ErrorKind::TimedOut.into())
    }
}
