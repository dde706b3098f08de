//! The memory of a connection that sends nothing: the memory that all connections add to the server, divided by their
//! number. They connect one after the other (`idle 10000`), and all at once (`rush 10000`), as after an outage of the
//! network.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::fanout::swarm;
use crate::figures::Figure;
use crate::output::{Failures, print_line};
use crate::product::{Product, Server};
use crate::swarm::Swarm;

/// The server's memory has settled when it has changed by less than one percent within this time.
const SETTLE_INTERVAL: Duration = Duration::from_secs(1);
/// The longest wait for that.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(20);

/// The memory with so many connections.
struct Step {
    clients: usize,
    kib_per_client: f64,
    /// The time until all were connected, in seconds.
    connected_after: f64,
}

/// Measures each product both ways, and prints the figures.
pub(crate) fn measure(clients: usize, products: &[Product], rounds: usize, failures: &mut Failures) {
    // The smaller numbers show how the memory grows.
    let steps = [clients / 10, clients / 3, clients].map(|step| step.max(1));
    for (way, steps, concurrency) in [("idle", &steps[..], 1), ("rush", &steps[2..], clients)] {
        print_line(&format!("\n{way} {clients}: connections, {concurrency} at a time"));
        let mut all: Vec<Vec<Step>> = products.iter().map(|_| Vec::new()).collect();
        for round in 1..=rounds {
            for (product, values) in products.iter().zip(&mut all) {
                match run(*product, steps, concurrency) {
                    Ok(measured) => {
                        for step in &measured {
                            print_line(&format!(
                                "  round {round} {:12} {:6} connections  {:7.2} KiB each, connected after {:6.2} s",
                                product.name(),
                                step.clients,
                                step.kib_per_client,
                                step.connected_after,
                            ));
                        }
                        values.extend(measured);
                    }
                    Err(error) => failures.print(round, *product, &error),
                }
            }
        }
        for (product, values) in products.iter().zip(&all) {
            for step in steps {
                let of_step = values.iter().filter(|value| value.clients == *step);
                print_figures(&format!("{way} {step}"), *product, of_step);
            }
        }
    }
}

fn print_figures<'a>(case: &str, product: Product, steps: impl Iterator<Item = &'a Step>) {
    let (memory, times): (Vec<f64>, Vec<f64>) = steps.map(|step| (step.kib_per_client, step.connected_after)).unzip();
    for (figure, unit, values) in [("memory", "KiB of PSS per connection", memory), ("all in", "s", times)] {
        if let Some(figure) = Figure::of_rounds(figure, case, &product.name(), unit, &values) {
            figure.print();
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn run(product: Product, steps: &[usize], concurrency: usize) -> Result<Vec<Step>> {
    let server = Server::start(product)?;
    let before = server.pss_bytes()?;
    let mut swarm = swarm(product, &server, steps.last().copied().unwrap_or_default(), 1)?;
    let mut connected_after = Duration::ZERO;
    let mut measured = Vec::new();
    for &clients in steps {
        let start = Instant::now();
        swarm.connect(clients, concurrency)?;
        connected_after += start.elapsed();
        let added = settled_memory(&server, &mut swarm)?.saturating_sub(before);
        measured.push(Step {
            clients,
            kib_per_client: added as f64 / 1_024.0 / clients as f64,
            connected_after: connected_after.as_secs_f64(),
        });
    }
    Ok(measured)
}

/// Returns the server's memory when it has settled.
fn settled_memory(server: &Server, swarm: &mut Swarm) -> Result<u64> {
    let start = Instant::now();
    let mut before = server.pss_bytes()?;
    while start.elapsed() < SETTLE_TIMEOUT {
        swarm.receive_for(SETTLE_INTERVAL)?;
        let now = server.pss_bytes()?;
        if now.abs_diff(before) < before / 100 {
            return Ok(now);
        }
        before = now;
    }
    Ok(before)
}
