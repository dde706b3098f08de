//! A limit on the log: one line of each kind in a second, and the number of those that were left out. Clients can cause some kinds
//! as often as they like, also in libraries.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ichat_server::Metrics;
use parking_lot::Mutex;
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata};
use tracing_subscriber::layer::{Context, Filter};

/// Time between two lines of one kind, be they lines of that kind or reports of those that were left out.
const LINE_INTERVAL: Duration = Duration::from_secs(1);

/// The target of the reports, which are not limited themselves.
const REPORT_TARGET: &str = "ichat_server::left_out";

/// The limit, as a filter of events. Clones share the counts.
///
/// Lines of the levels `debug` and `trace` are not limited: who asks for them wants to see everything.
#[derive(Clone)]
pub(crate) struct LineLimit {
    kinds: Arc<Mutex<HashMap<Identifier, Kind>>>,
    metrics: Metrics,
}

/// The lines of one place in the code.
struct Kind {
    level: Level,
    /// The time of the last line.
    last: Instant,
    /// The message of that line.
    message: String,
    left_out: u64,
}

impl LineLimit {
    /// Creates a limit that counts in `metrics` what it leaves out.
    pub(crate) fn new(metrics: Metrics) -> Self {
        Self {
            kinds: Arc::default(),
            metrics,
        }
    }

    /// Counts a line. Returns `true` if it may be written.
    fn admits(&self, event: &Event<'_>, now: Instant) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::INFO || metadata.target() == REPORT_TARGET {
            return true;
        }
        let mut kinds = self.kinds.lock();
        if let Some(kind) = kinds.get_mut(&metadata.callsite())
            && now.saturating_duration_since(kind.last) < LINE_INTERVAL
        {
            kind.left_out += 1;
            self.metrics.log_line_left_out();
            return false;
        }
        let mut message = Message::default();
        event.record(&mut message);
        let kind = kinds.entry(metadata.callsite()).or_insert_with(|| Kind {
            level: *metadata.level(),
            last: now,
            message: String::new(),
            left_out: 0,
        });
        (kind.last, kind.message) = (now, message.0);
        true
    }

    /// Reports regularly what was left out.
    pub(crate) async fn report_regularly(self) {
        let mut interval = tokio::time::interval(LINE_INTERVAL);
        loop {
            interval.tick().await;
            self.report(LINE_INTERVAL);
        }
    }

    /// Reports what was left out, also of lines whose second is not over.
    pub(crate) fn report_all(&self) {
        self.report(Duration::ZERO);
    }

    /// Reports what was left out of the lines of which the last is so old.
    fn report(&self, age: Duration) {
        for (level, count, message) in self.take_reports(Instant::now(), age) {
            // The level of an event is a constant.
            match level {
                Level::ERROR => tracing::error!(target: REPORT_TARGET, count, like = message, "lines were left out"),
                Level::WARN => tracing::warn!(target: REPORT_TARGET, count, like = message, "lines were left out"),
                _ => tracing::info!(target: REPORT_TARGET, count, like = message, "lines were left out"),
            }
        }
    }

    fn take_reports(&self, now: Instant, age: Duration) -> Vec<(Level, u64, String)> {
        let mut kinds = self.kinds.lock();
        let due = kinds
            .values_mut()
            .filter(|kind| kind.left_out > 0 && now.saturating_duration_since(kind.last) >= age);
        due.map(|kind| {
            kind.last = now;
            (kind.level, std::mem::take(&mut kind.left_out), kind.message.clone())
        })
        .collect()
    }
}

impl<S> Filter<S> for LineLimit {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        self.admits(event, Instant::now())
    }
}

/// The message of an event.
#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
