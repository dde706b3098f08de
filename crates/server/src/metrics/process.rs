//! Readings of the process, under the names that all programs have for it:
//! <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>. Those that a system doesn't have are left out.

use std::fmt;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::registry::Unit;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

use crate::metrics::readings::gauge;

/// A reader of this process.
#[derive(Debug)]
pub(super) struct ProcessReadings;

impl Collector for ProcessReadings {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Ok(pid) = sysinfo::get_current_pid() else {
            return Ok(());
        };
        let Ok(mut system) = System::new() else {
            return Ok(());
        };
        let wanted = ProcessRefreshKind::nothing().with_memory().with_cpu();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, wanted);
        let Some(process) = system.process(pid) else {
            return Ok(());
        };
        let encoder = &mut encoder;
        gauge(
            encoder,
            "process_resident_memory",
            "Memory of the process that is in RAM",
            Some(&Unit::Bytes),
            process.memory(),
        )?;
        gauge(
            encoder,
            "process_start_time",
            "Start of the process, in seconds since 1970",
            Some(&Unit::Seconds),
            process.start_time(),
        )?;
        if let Some(files) = process.open_files() {
            gauge(encoder, "process_open_fds", "Open files", None, files)?;
        }
        if let Some(files) = process.open_files_limit() {
            gauge(
                encoder,
                "process_max_fds",
                "The system's limit on open files",
                None,
                files,
            )?;
        }
        let cpu = ConstCounter::new(Duration::from_millis(process.accumulated_cpu_time()).as_secs_f64());
        cpu.encode(encoder.encode_descriptor(
            "process_cpu",
            "Processor time of the process.",
            Some(&Unit::Seconds),
            MetricType::Counter,
        )?)
    }
}
