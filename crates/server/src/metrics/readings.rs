//! Readings of the server, at each scrape.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use prometheus_client::collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// The state of a server at one moment, in numbers.
pub(crate) struct Readings {
    pub(crate) people: usize,
    pub(crate) websockets: usize,
    /// The connections of clients that poll, or began by polling.
    pub(crate) polling: usize,
    /// Connections and sessions that count for the limit.
    pub(crate) open_connections: usize,
    pub(crate) max_connections: usize,
    pub(crate) queued_bytes: usize,
    pub(crate) max_queued_bytes: usize,
    pub(crate) write_queue: QueueReadings,
    pub(crate) publish_queue: QueueReadings,
    pub(crate) people_budgets: BudgetReadings,
    pub(crate) address_budgets: BudgetReadings,
    /// `None` if it can't be read.
    pub(crate) database_bytes: Option<u64>,
}

/// A reader of the state of a server.
pub(super) type Source = Box<dyn Fn() -> Readings + Send + Sync>;

/// A bounded queue.
pub(crate) struct QueueReadings {
    pub(crate) length: usize,
    pub(crate) capacity: usize,
}

/// The budgets of all people, or of all addresses.
pub(crate) struct BudgetReadings {
    pub(crate) all: usize,
    /// Those that pay for nothing at the moment.
    pub(crate) used_up: usize,
}

/// A reader of the server that runs, if one does.
pub(super) struct Collector(pub(super) Arc<Mutex<Option<Source>>>);

impl fmt::Debug for Collector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Collector").finish_non_exhaustive()
    }
}

impl collector::Collector for Collector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let readings = self.0.lock().as_ref().map(|read| read());
        match readings {
            Some(readings) => readings.encode(&mut encoder),
            None => Ok(()),
        }
    }
}

impl Readings {
    fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        gauge(encoder, "people", "People online", None, self.people)?;
        labelled(
            encoder,
            "connections",
            "Connections that have signed in",
            "transport",
            [("websocket", self.websockets), ("polling", self.polling)],
        )?;
        gauge(
            encoder,
            "open_connections",
            "Connections and sessions that count for the limit",
            None,
            self.open_connections,
        )?;
        gauge(
            encoder,
            "max_connections",
            "The limit on connections",
            None,
            self.max_connections,
        )?;
        let bytes = Some(&Unit::Bytes);
        gauge(
            encoder,
            "queued",
            "Bytes that wait for clients, and of their events that wait",
            bytes,
            self.queued_bytes,
        )?;
        gauge(
            encoder,
            "max_queued",
            "The limit on queued bytes",
            bytes,
            self.max_queued_bytes,
        )?;
        let (write, publish) = (&self.write_queue, &self.publish_queue);
        labelled(
            encoder,
            "queue_length",
            "Requests that wait for the writer, and transactions that wait for the publisher",
            "queue",
            [("write", write.length), ("publish", publish.length)],
        )?;
        labelled(
            encoder,
            "queue_capacity",
            "The bound of a queue",
            "queue",
            [("write", write.capacity), ("publish", publish.capacity)],
        )?;
        let (people, addresses) = (&self.people_budgets, &self.address_budgets);
        labelled(
            encoder,
            "budgets",
            "Budgets of people with a key, and of addresses, that are kept",
            "of",
            [("person", people.all), ("address", addresses.all)],
        )?;
        labelled(
            encoder,
            "budgets_used_up",
            "Those of these budgets that are used up",
            "of",
            [("person", people.used_up), ("address", addresses.used_up)],
        )?;
        match self.database_bytes {
            Some(size) => gauge(encoder, "database", "Size of the database's files", bytes, size),
            None => Ok(()),
        }
    }
}

/// Encodes a value of a moment.
pub(super) fn gauge<N>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    value: N,
) -> fmt::Result
where
    ConstGauge<N>: prometheus_client::encoding::EncodeMetric,
{
    let help = format!("{help}.");
    let metric = encoder.encode_descriptor(name, &help, unit, MetricType::Gauge)?;
    ConstGauge::new(value).encode(metric)
}

/// Encodes values that a label tells apart.
fn labelled<const N: usize>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    label: &'static str,
    values: [(&'static str, usize); N],
) -> fmt::Result {
    let help = format!("{help}.");
    let mut family = encoder.encode_descriptor(name, &help, None, MetricType::Gauge)?;
    for (value, count) in values {
        let labels = [(label, value)];
        ConstGauge::new(count).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}
