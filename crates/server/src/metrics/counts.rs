//! Counters of what happens, and histograms.

use std::marker::PhantomData;

use ichat_protocol::{ErrorCode, Kind};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use strum::VariantArray;

/// The upper bounds of the buckets of durations, in seconds: from a write to a fast disk up to one that hangs.
const DURATION_BUCKETS: [f64; 14] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];
/// The same of the entries in one transaction.
const ENTRY_BUCKETS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// The transport of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum TransportKind {
    Websocket,
    /// Also after an upgrade to a WebSocket.
    Polling,
}

/// The reason for which a connection or a request is refused before it reaches a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum ConnectionRefusal {
    /// The server or the address has as many as allowed.
    Full,
    NoHost,
    UnknownHost,
    ForeignOrigin,
}

/// The reason for which the server closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum CutReason {
    /// Too much waited for all clients together, and for this one the most.
    Memory,
    /// The client took no notice of `busy`.
    BusyIgnored,
    /// The client read nothing any more.
    Stalled,
    /// The client sent what can't be read.
    Unreadable,
}

/// Counters with one label, which has the text form of an enum as its values.
pub(super) struct LabelledCounter<L> {
    label: &'static str,
    family: CounterFamily,
    _values: PhantomData<fn(L)>,
}

type CounterFamily = Family<[(&'static str, &'static str); 1], Counter>;

impl<L: VariantArray + Into<&'static str> + Copy> LabelledCounter<L> {
    /// Registers a counter for each value.
    fn register(registry: &mut Registry, name: &str, help: &str, label: &'static str) -> Self {
        let family = CounterFamily::default();
        registry.register(name, help, family.clone());
        let counter = Self {
            label,
            family,
            _values: PhantomData,
        };
        for value in L::VARIANTS {
            drop(counter.get(*value));
        }
        counter
    }

    pub(super) fn get(&self, value: L) -> Counter {
        self.family.get_or_create_owned(&[(self.label, value.into())])
    }
}

/// All counters and histograms.
pub(super) struct Counts {
    pub(super) received_bytes: Counter,
    pub(super) sent_bytes: Counter,
    pub(super) connections_opened: LabelledCounter<TransportKind>,
    pub(super) connections_refused: LabelledCounter<ConnectionRefusal>,
    pub(super) connections_cut: LabelledCounter<CutReason>,
    pub(super) sign_ins_refused: LabelledCounter<ErrorCode>,
    pub(super) events_received: Counter,
    pub(super) events_refused: LabelledCounter<ErrorCode>,
    pub(super) deliveries: Counter,
    pub(super) deliveries_dropped: Counter,
    pub(super) entries: LabelledCounter<Kind>,
    pub(super) commits_failed: Counter,
    pub(super) commit_entries: Histogram,
    pub(super) commit_duration: Histogram,
    pub(super) publish_duration: Histogram,
    pub(super) delivery_duration: Histogram,
    pub(super) log_lines_left_out: Counter,
}

impl Counts {
    pub(super) fn register(registry: &mut Registry) -> Self {
        Self {
            received_bytes: bytes(registry, "received", "Bytes read from clients, HTTP included"),
            sent_bytes: bytes(
                registry,
                "sent",
                "Bytes that the system took for clients, HTTP included",
            ),
            connections_opened: LabelledCounter::register(
                registry,
                "connections_opened",
                "Connections that have signed in",
                "transport",
            ),
            connections_refused: LabelledCounter::register(
                registry,
                "connections_refused",
                "Connections and requests that were refused before they reached a session",
                "reason",
            ),
            connections_cut: LabelledCounter::register(
                registry,
                "connections_cut",
                "Connections that the server closed because of what their clients did",
                "reason",
            ),
            sign_ins_refused: LabelledCounter::register(
                registry,
                "sign_ins_refused",
                "Clients that could not sign in",
                "code",
            ),
            events_received: counter(registry, "events_received", "Events of clients"),
            events_refused: LabelledCounter::register(
                registry,
                "events_refused",
                "Events of clients that were refused",
                "code",
            ),
            deliveries: counter(
                registry,
                "deliveries",
                "Copies of broadcast events that were written or queued, one for each receiver",
            ),
            deliveries_dropped: counter(
                registry,
                "deliveries_dropped",
                "Events that a client missed because its queue was full",
            ),
            entries: LabelledCounter::register(registry, "entries", "New entries in the logs of rooms", "kind"),
            commits_failed: counter(registry, "commits_failed", "Transactions that the disk did not take"),
            commit_entries: histogram(
                registry,
                "commit_entries",
                "Entries in one transaction, rejected ones included",
                None,
                ENTRY_BUCKETS,
            ),
            commit_duration: duration(registry, "commit_duration", "Time of one transaction"),
            publish_duration: duration(
                registry,
                "publish_duration",
                "Time from a transaction until its entries were written or queued for every subscriber",
            ),
            delivery_duration: duration(
                registry,
                "delivery_duration",
                "Time from a post, a join or a name that is to be written until it was written or queued for every subscriber",
            ),
            log_lines_left_out: counter(
                registry,
                "log_lines_left_out",
                "Lines left out of the log, beyond one of a kind in a second",
            ),
        }
    }
}

fn counter(registry: &mut Registry, name: &str, help: &str) -> Counter {
    let counter = Counter::default();
    registry.register(name, help, counter.clone());
    counter
}

fn bytes(registry: &mut Registry, name: &str, help: &str) -> Counter {
    let counter = Counter::default();
    registry.register_with_unit(name, help, Unit::Bytes, counter.clone());
    counter
}

fn duration(registry: &mut Registry, name: &str, help: &str) -> Histogram {
    histogram(registry, name, help, Some(Unit::Seconds), DURATION_BUCKETS)
}

fn histogram(
    registry: &mut Registry,
    name: &str,
    help: &str,
    unit: Option<Unit>,
    buckets: impl IntoIterator<Item = f64>,
) -> Histogram {
    let histogram = Histogram::new(buckets);
    match unit {
        Some(unit) => registry.register_with_unit(name, help, unit, histogram.clone()),
        None => registry.register(name, help, histogram.clone()),
    }
    histogram
}
