//! Logs, on standard error. If nothing reads it any more, the server goes on without them.

use std::io::IsTerminal as _;

use ichat_server::Metrics;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::line_limit::LineLimit;
use crate::settings::{Format, Level};

/// Libraries whose debug logs contain messages.
const CONTENT_LOGGING_LIBRARIES: [&str; 6] = [
    "socketioxide",
    "socketioxide_core",
    "engineioxide",
    "tungstenite",
    "tokio_tungstenite",
    "hyper",
];

/// Installs the logger. Called once. Returns the limit on lines, which has to report what it leaves out.
pub(crate) fn start(level: Level, format: Format, metrics: Metrics) -> LineLimit {
    let limit = LineLimit::new(metrics);
    let registry = tracing_subscriber::registry().with(filter(level));
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        // Otherwise it would report to standard error that standard error is closed, and panic.
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        Format::Text => registry.with(layer.with_filter(limit.clone())).init(),
        Format::Json => registry.with(layer.json().with_filter(limit.clone())).init(),
    }
    limit
}

fn filter(level: Level) -> Targets {
    let level = LevelFilter::from(level);
    let library_level = level.min(LevelFilter::WARN);
    Targets::new()
        .with_default(level)
        .with_targets(CONTENT_LOGGING_LIBRARIES.map(|library| (library, library_level)))
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Off => Self::OFF,
            Level::Error => Self::ERROR,
            Level::Warn => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
            Level::Trace => Self::TRACE,
        }
    }
}

#[cfg(test)]
mod tests {
    //! - libraries whose debug logs contain messages log warnings at most, and nothing above the level that was asked
    //!   for

    use super::*;

    #[test]
    fn libraries_log_warnings_at_most() {
        for (level, target, event, is_logged) in [
            (Level::Error, "hyper", tracing::Level::WARN, false),
            (Level::Error, "hyper", tracing::Level::ERROR, true),
            (Level::Trace, "hyper::proto", tracing::Level::DEBUG, false),
            (Level::Trace, "socketioxide", tracing::Level::WARN, true),
            (Level::Info, "ichat_server", tracing::Level::INFO, true),
            (Level::Info, "ichat_server", tracing::Level::DEBUG, false),
            (Level::Trace, "ichat_server", tracing::Level::TRACE, true),
            (Level::Off, "ichat_server", tracing::Level::ERROR, false),
        ] {
            assert_eq!(
                filter(level).would_enable(target, &event),
                is_logged,
                "{level:?} {target} {event}"
            );
        }
    }
}
