//! The bytes written to a connection: code that queues bytes elsewhere learns from it how many are still queued.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of bytes that were written to a connection. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct WrittenBytes(Arc<AtomicUsize>);

impl WrittenBytes {
    pub(crate) fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Returns the number since the last call.
    pub(crate) fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}
