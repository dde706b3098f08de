//! Logs, on standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

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

/// Installs the logger. Called once.
pub(crate) fn start(level: Level, format: Format) {
    let filter = EnvFilter::new(directives(level));
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        Format::Text => registry.with(layer).init(),
        Format::Json => registry.with(layer.json()).init(),
    }
}

fn directives(level: Level) -> String {
    let level = match level {
        Level::Off => return "off".to_owned(),
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    };
    CONTENT_LOGGING_LIBRARIES
        .iter()
        .fold(level.to_owned(), |directives, library| {
            directives + "," + library + "=warn"
        })
}
