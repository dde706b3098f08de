//! Counts and measurements of the server, in the form of Prometheus.
//!
//! ```text
//!   counts     counters of what happens, and histograms
//!   readings   what is read at each scrape: people, queues, budgets
//!   process    what the system knows of the process
//! ```
//!
//! Nothing has a label of a person, a room or an address, so the number of series is fixed. A message costs a few relaxed
//! additions, and each write to a client one more; a histogram takes a lock, which only the writer and the publisher use, once
//! for each transaction or post.

mod counts;
mod process;
mod readings;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ichat_protocol::{ErrorCode, Kind};
use parking_lot::Mutex;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::registry::Registry;

use self::counts::Counts;
pub(crate) use self::counts::{ConnectionRefusal, CutReason, TransportKind};
use self::process::ProcessReadings;
use self::readings::Source;
pub(crate) use self::readings::{BudgetReadings, QueueReadings, Readings};

/// The media type of [`Metrics::encode`].
pub(crate) const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// The prefix of the names of all metrics but those of the process.
const PREFIX: &str = "ichat";

/// The counts and measurements of one server. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    counts: Counts,
    registry: Registry,
    source: Arc<Mutex<Option<Source>>>,
}

/// The time in which a server can be read.
pub(crate) struct ReadingsGuard(Metrics);

impl Drop for ReadingsGuard {
    fn drop(&mut self) {
        let source = self.0.0.source.lock().take();
        // Not before the lock is.
        drop(source);
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(ProcessReadings));
        let source = Arc::default();
        let own = registry.sub_registry_with_prefix(PREFIX);
        let counts = Counts::register(own);
        own.register_collector(Box::new(readings::Collector(Arc::clone(&source))));
        Self(Arc::new(Inner {
            counts,
            registry,
            source,
        }))
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Counts a line that was left out of the log.
    pub fn log_line_left_out(&self) {
        self.0.counts.log_lines_left_out.inc();
    }

    /// Reads these, too, at each scrape until the guard is dropped.
    pub(crate) fn read_from(&self, source: impl Fn() -> Readings + Send + Sync + 'static) -> ReadingsGuard {
        *self.0.source.lock() = Some(Box::new(source));
        ReadingsGuard(self.clone())
    }

    /// Returns all metrics as text. It reads from the system and the disk, so it may block for some milliseconds.
    pub(crate) fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.0.registry)?;
        Ok(text)
    }

    /// Counts bytes that were read from a client's socket.
    pub(crate) fn received(&self, bytes: usize) {
        self.0.counts.received_bytes.inc_by(bytes as u64);
    }

    /// Counts bytes that the system took for a client.
    pub(crate) fn sent(&self, bytes: usize) {
        self.0.counts.sent_bytes.inc_by(bytes as u64);
    }

    /// Counts a connection that has signed in.
    pub(crate) fn connection_opened(&self, transport: TransportKind) {
        self.0.counts.connections_opened.get(transport).inc();
    }

    /// Counts a connection or a request that was refused before it reached a session.
    pub(crate) fn connection_refused(&self, reason: ConnectionRefusal) {
        self.0.counts.connections_refused.get(reason).inc();
    }

    /// Counts a connection that the server closed because of what its client did.
    pub(crate) fn connection_cut(&self, reason: CutReason) {
        self.0.counts.connections_cut.get(reason).inc();
    }

    /// Counts a client that could not sign in.
    pub(crate) fn sign_in_refused(&self, code: ErrorCode) {
        self.0.counts.sign_ins_refused.get(code).inc();
    }

    /// Counts an event of a client.
    pub(crate) fn event_received(&self) {
        self.0.counts.events_received.inc();
    }

    /// Counts an event of a client that was refused.
    pub(crate) fn event_refused(&self, code: ErrorCode) {
        self.0.counts.events_refused.get(code).inc();
    }

    /// Counts copies of events that were written or queued.
    pub(crate) fn delivered(&self, copies: usize) {
        self.0.counts.deliveries.inc_by(copies as u64);
    }

    /// Counts events that a client misses because its queue is full.
    pub(crate) fn deliveries_dropped(&self, copies: usize) {
        self.0.counts.deliveries_dropped.inc_by(copies as u64);
    }

    /// Records a transaction of so many entries, those that were rejected included.
    pub(crate) fn committed(&self, entries: usize, time: Duration) {
        let counts = &self.0.counts;
        counts
            .commit_entries
            .observe(f64::from(u32::try_from(entries).unwrap_or(u32::MAX)));
        counts.commit_duration.observe(time.as_secs_f64());
    }

    /// Counts a transaction that the disk did not take.
    pub(crate) fn commit_failed(&self) {
        self.0.counts.commits_failed.inc();
    }

    /// Counts an entry that is new in the log.
    pub(crate) fn entry_committed(&self, kind: Kind) {
        self.0.counts.entries.get(kind).inc();
    }

    /// Records the time from a transaction until its entries were written or queued for all subscribers.
    pub(crate) fn published(&self, time: Duration) {
        self.0.counts.publish_duration.observe(time.as_secs_f64());
    }

    /// Records the time from a request to the writer, its wait for a place in a full queue included, until its entries were
    /// written or queued for all subscribers.
    pub(crate) fn request_published(&self, time: Duration) {
        self.0.counts.delivery_duration.observe(time.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    //! - every series is there before anything has happened, so that a rate shows the first event, too

    use super::*;

    #[test]
    fn every_series_is_there_from_the_start() {
        let metrics = Metrics::default();
        let series = |text: &str| -> Vec<_> {
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            lines.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
        };
        let before = series(&metrics.encode().unwrap());
        metrics.connection_cut(CutReason::Memory);
        metrics.event_refused(ErrorCode::Busy);
        metrics.entry_committed(Kind::Message);
        let text = metrics.encode().unwrap();
        assert_eq!(series(&text), before);
        assert!(text.contains("ichat_events_refused_total{code=\"busy\"} 1\n"), "{text}");
    }
}
