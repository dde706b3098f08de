//! People who talk while somebody attacks the server: what the attack costs them, and what it costs the server. Each attack meets a
//! new server with its default settings, behind a reverse proxy that names its clients.

mod attacker;
mod kind;
mod progress;
mod talkers;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use hdrhistogram::Histogram;
use tokio::runtime::Runtime;
use tokio::time::{Instant, sleep, sleep_until};

pub(crate) use self::kind::Attack;
use self::progress::Progress;
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
    /// People whom the server has disconnected since the start, at the end of the phase.
    disconnected: usize,
}

/// The figures of an attack.
pub(crate) struct Outcome {
    attack: Attack,
    /// The 99th percentile of the latencies before, during and after the attack, in milliseconds.
    p99_ms: [f64; 3],
    /// The peaks of the server's memory before, during and after the attack, in MiB.
    memory_mib: [f64; 3],
    disk_mib: f64,
    log_lines: usize,
    disconnected: usize,
}

/// Measures an attack, and prints the figures. Fails if the attack never took place, or if the server disconnected people who
/// talk: their latencies are missing in the figures.
pub(crate) fn measure(attack: Attack, effort: Effort) -> Result<Outcome> {
    print_line(&format!("\nattack {}: {}", attack.name(), attack.description()));
    let runtime = Runtime::new()?;
    let mut server = Server::start(Product::Ichat)?;
    let owner = runtime.block_on(attacker::prepare(
        server.address,
        attack.needs_rooms().then_some(effort.rooms),
    ))?;
    server.restart_as(Product::IchatLimited, "info")?;
    let progress = Arc::<Progress>::default();
    let outcome = runtime.block_on(async {
        let mut talkers = Talkers::start(server.address, TALKERS).await?;
        let before = pass(&server, &mut talkers, effort.phase).await?;
        let disk_before = server.disk_bytes()?;
        let lines_before = log_lines(&server)?;
        let attackers = attack.start(server.address, &owner, &progress);
        let during = pass(&server, &mut talkers, effort.phase).await?;
        drop(attackers);
        let disk = server.disk_bytes()?.saturating_sub(disk_before);
        sleep(RECOVERY).await;
        talkers.take()?;
        let after = pass(&server, &mut talkers, effort.phase).await?;
        let log_lines = log_lines(&server)?.saturating_sub(lines_before);
        anyhow::Ok(Outcome::new(attack, [&before, &during, &after], disk, log_lines))
    })?;
    outcome.print();
    if attack != Attack::None {
        progress.ensure_attacked()?;
    }
    let disconnected = outcome.disconnected;
    ensure!(
        disconnected == 0,
        "{disconnected} of {TALKERS} people were disconnected"
    );
    Ok(outcome)
}

/// Prints the outcomes as a table in Markdown, as docs/performance.md has them.
pub(crate) fn print_table(outcomes: &[Outcome]) {
    print_line(
        "\n| attack | p99 before, under attack, after (ms) | memory before, under attack, after (MiB) | disk (MiB) | log lines |",
    );
    print_line("| --- | --- | --- | --- | --- |");
    for outcome in outcomes {
        let [before, during, after] = outcome.p99_ms;
        let memory = outcome.memory_mib.map(|mib| format!("{mib:.0}")).join(" · ");
        print_line(&format!(
            "| {} | {before:.1} · {during:.1} · {after:.1} | {memory} | {:.1} | {} |",
            outcome.attack.description(),
            outcome.disk_mib,
            outcome.log_lines
        ));
    }
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
        disconnected: talkers.disconnected(),
    })
}

fn log_lines(server: &Server) -> Result<usize> {
    Ok(server.log()?.lines().count())
}

impl Outcome {
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    fn new(attack: Attack, phases: [&Phase; 3], disk_bytes: u64, log_lines: usize) -> Self {
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        Self {
            attack,
            p99_ms: phases.map(|phase| phase.latencies.value_at_quantile(0.99) as f64 / 1_000.0),
            memory_mib: phases.map(|phase| mib(phase.peak_memory)),
            disk_mib: mib(disk_bytes),
            log_lines,
            disconnected: phases.map(|phase| phase.disconnected).into_iter().max().unwrap_or(0),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    fn print(&self) {
        let [before, during, after] = self.p99_ms;
        let [memory_before, memory_during, memory_after] = self.memory_mib;
        let (disk, lines, disconnected) = (self.disk_mib, self.log_lines, self.disconnected);
        for (name, unit, value) in [
            ("p99 before", "ms", before),
            ("p99 under attack", "ms", during),
            ("p99 after", "ms", after),
            ("p99 ratio", "×", during / before),
            ("memory before", "MiB of PSS", memory_before),
            ("memory added", "MiB of PSS", memory_during - memory_before),
            ("memory after", "× that before", memory_after / memory_before),
            ("disk", "MiB", disk),
            ("log", "lines", lines as f64),
            ("disconnected", "people", disconnected as f64),
        ] {
            let case = format!("attack {}", self.attack.name());
            if let Some(figure) = Figure::of_rounds(name, &case, &Product::Ichat.name(), unit, &[value]) {
                figure.print();
            }
        }
        print_line(&format!(
            "  p99 {before:.2} → {during:.2} → {after:.2} ms; memory {memory_before:.0} → {memory_during:.0} → \
             {memory_after:.0} MiB; disk {disk:.1} MiB; {lines} log lines; {disconnected} people disconnected"
        ));
    }
}
