//! A limit on the log: one line of each kind in a second, and the number of those that were left out. Clients can cause some kinds
//! as often as they like, also in libraries.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
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
/// The target of lines about the start, which no client can cause: each of a port and of the data folder counts.
pub(crate) const START_TARGET: &str = "ichat_server::start";

/// The limit, as a filter of events. Clones share the counts.
///
/// Lines of the levels `debug` and `trace` are not limited: who asks for them wants to see everything.
#[derive(Clone)]
pub(crate) struct LineLimit {
    kinds: Arc<Mutex<HashMap<Kind, Lines>>>,
    metrics: Metrics,
}

/// One place in the code. All lines of a level that come through the `log` crate have one place: their target tells them apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    place: Identifier,
    log_target: Option<String>,
}

/// The lines of one kind.
struct Lines {
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
        if *metadata.level() > Level::INFO || [REPORT_TARGET, START_TARGET].contains(&metadata.target()) {
            return true;
        }
        let kind = Kind::of(event);
        if self.is_left_out(&kind, now) {
            self.metrics.log_line_left_out();
            return false;
        }
        // Without the lock, since formatting a value may log something itself.
        let mut message = TextField::called("message");
        event.record(&mut message);
        let lines = Lines {
            level: *metadata.level(),
            last: now,
            message: message.text.unwrap_or_default(),
            left_out: 0,
        };
        match self.kinds.lock().entry(kind) {
            Slot::Occupied(mut slot) => {
                let left_out = slot.get().left_out;
                slot.insert(Lines { left_out, ..lines });
            }
            Slot::Vacant(slot) => {
                slot.insert(lines);
            }
        }
        true
    }

    fn is_left_out(&self, kind: &Kind, now: Instant) -> bool {
        let mut kinds = self.kinds.lock();
        let lines = kinds.get_mut(kind);
        let Some(lines) = lines.filter(|lines| now.saturating_duration_since(lines.last) < LINE_INTERVAL) else {
            return false;
        };
        lines.left_out += 1;
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
            .filter(|lines| lines.left_out > 0 && now.saturating_duration_since(lines.last) >= age);
        due.map(|lines| {
            lines.last = now;
            (lines.level, std::mem::take(&mut lines.left_out), lines.message.clone())
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

impl Kind {
    fn of(event: &Event<'_>) -> Self {
        let metadata = event.metadata();
        let mut log_target = TextField::called("log.target");
        if metadata.target() == "log" {
            event.record(&mut log_target);
        }
        Self {
            place: metadata.callsite(),
            log_target: log_target.text,
        }
    }
}

/// A field of an event as text.
struct TextField {
    name: &'static str,
    text: Option<String>,
}

impl TextField {
    fn called(name: &'static str) -> Self {
        Self { name, text: None }
    }
}

impl Visit for TextField {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == self.name {
            self.text = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == self.name {
            self.text = Some(format!("{value:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    //! - one line of a kind is written in a second, and the others are counted with its message
    //! - lines of the `log` crate are of as many kinds as they have targets, and lines about the start are not limited

    use tracing::Subscriber;
    use tracing_subscriber::layer::{Layer, SubscriberExt as _};

    use super::*;

    /// A layer that passes the events on to a limit at a time of the test, and notes what may be written.
    struct Recorder {
        limit: LineLimit,
        now: Arc<Mutex<Instant>>,
        written: Arc<Mutex<Vec<String>>>,
    }

    impl<S: Subscriber> Layer<S> for Recorder {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            if self.limit.admits(event, *self.now.lock()) {
                let mut message = TextField::called("message");
                event.record(&mut message);
                self.written.lock().push(message.text.unwrap());
            }
        }
    }

    /// Runs code that logs, and may advance the time. Returns the messages that may be written, and what was left out then.
    fn logged(log: impl FnOnce(&Mutex<Instant>)) -> (Vec<String>, Vec<(Level, u64, String)>) {
        let limit = LineLimit::new(Metrics::default());
        let now = Arc::new(Mutex::new(Instant::now()));
        let written = Arc::default();
        let recorder = Recorder {
            limit: limit.clone(),
            now: Arc::clone(&now),
            written: Arc::clone(&written),
        };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(recorder), || log(&now));
        let reports = limit.take_reports(*now.lock(), Duration::ZERO);
        (std::mem::take(&mut *written.lock()), reports)
    }

    #[test]
    fn one_line_of_a_kind_is_written_in_a_second() {
        let line = |number: u32| tracing::warn!("line {number}");
        let (written, left_out) = logged(|now| {
            (1..=3).for_each(line);
            tracing::info!("another");
            *now.lock() += LINE_INTERVAL;
            line(4);
            line(5);
        });
        assert_eq!(written, ["line 1", "another", "line 4"]);
        assert_eq!(left_out, [(Level::WARN, 3, "line 4".to_owned())]);
    }

    #[test]
    fn libraries_and_the_start_hide_no_others_lines() {
        let library =
            |target: &str| tracing::event!(target: "log", Level::WARN, { log.target = target }, "of {target}");
        let start = |name: &str| tracing::warn!(target: START_TARGET, "{name} is in use");
        let (written, _) = logged(|_| {
            ["mdns", "mdns", "other"].into_iter().for_each(library);
            ["port", "folder"].into_iter().for_each(start);
        });
        assert_eq!(written, ["of mdns", "of other", "port is in use", "folder is in use"]);
    }
}
