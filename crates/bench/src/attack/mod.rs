//! People who talk while somebody attacks the server: what the attack costs them, and what it costs the server. Each attack meets a
//! new server with its default settings, behind a reverse proxy that names its clients.

mod attacker;
mod kind;
mod talkers;

use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;
use tokio::runtime::Runtime;
use tokio::time::{Instant, sleep, sleep_until};

pub(crate) use self::kind::Attack;
use self::talkers::Talkers;
use crate::figures::Figure;
use crate::output::print_line;
use crate::product::{Product, Server};

/// People who talk.
const TALKERS: u8 = 100;
/// The time in which service has to be normal after an attack.
const RECOVERY: Duration = Duration::from_secs(5);
/// The interval in which the server's memory is read.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(100);

/// The length of a measurement.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    /// The time before, during and after an attack, each.
    pub(crate) phase: Duration,
    /// The rooms of the server, for the attacks that need many.
    pub(crate) rooms: usize,
}

/// The measurements before, during or after an attack.
struct Phase {
    /// The time from a post to its receipt, in microseconds.
    latencies: Histogram<u64>,
    peak_memory: u64,
}

/// Measures an attack, and prints the figures.
pub(crate) fn measure(attack: Attack, effort: Effort) -> Result<()> {
    print_line(&format!("\nattack {}: {}", attack.name(), attack.description()));
    let runtime = Runtime::new()?;
    let mut server = Server::start(Product::Ichat)?;
    let owner = runtime.block_on(attacker::prepare(
        server.address,
        attack.needs_rooms().then_some(effort.rooms),
    ))?;
    server.restart_as(Product::IchatLimited, "info")?;
    runtime.block_on(async {
        let mut talkers = Talkers::start(server.address, TALKERS).await?;
        let before = pass(&server, &mut talkers, effort.phase).await?;
        let disk_before = server.disk_bytes()?;
        let lines_before = log_lines(&server)?;
        let attackers = attack.start(server.address, &owner);
        let during = pass(&server, &mut talkers, effort.phase).await?;
        drop(attackers);
        let disk = server.disk_bytes()?.saturating_sub(disk_before);
        sleep(RECOVERY).await;
        talkers.take()?;
        let after = pass(&server, &mut talkers, effort.phase).await?;
        let lines = log_lines(&server)?.saturating_sub(lines_before);
        print(attack, [&before, &during, &after], disk, lines);
        Ok(())
    })
}

/// Lets the people talk for a while.
async fn pass(server: &Server, talkers: &mut Talkers, time: Duration) -> Result<Phase> {
    let end = Instant::now() + time;
    let mut peak_memory = 0;
    while Instant::now() < end {
        peak_memory = peak_memory.max(server.pss_bytes()?);
        sleep_until(end.min(Instant::now() + SAMPLE_INTERVAL)).await;
    }
    Ok(Phase {
        latencies: talkers.take()?,
        peak_memory,
    })
}

fn log_lines(server: &Server) -> Result<usize> {
    Ok(server.log()?.lines().count())
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn print(attack: Attack, phases: [&Phase; 3], disk: u64, lines: usize) {
    let [before, during, after] = phases.map(|phase| phase.latencies.value_at_quantile(0.99) as f64 / 1_000.0);
    let [memory_before, memory_during, memory_after] =
        phases.map(|phase| phase.peak_memory as f64 / f64::from(1 << 20));
    for (name, unit, value) in [
        ("p99 before", "ms", before),
        ("p99 under attack", "ms", during),
        ("p99 after", "ms", after),
        ("p99 ratio", "×", during / before),
        ("memory before", "MiB of PSS", memory_before),
        ("memory added", "MiB of PSS", memory_during - memory_before),
        ("memory after", "× that before", memory_after / memory_before),
        ("disk", "MiB", disk as f64 / f64::from(1 << 20)),
        ("log", "lines", lines as f64),
    ] {
        let case = format!("attack {}", attack.name());
        if let Some(figure) = Figure::of_rounds(name, &case, &Product::Ichat.name(), unit, &[value]) {
            figure.print();
        }
    }
    print_line(&format!(
        "  p99 {before:.2} → {during:.2} → {after:.2} ms; memory {memory_before:.0} → {memory_during:.0} → {memory_after:.0} MiB; \
         disk {:.1} MiB; {lines} log lines",
        disk as f64 / f64::from(1 << 20)
    ));
}
