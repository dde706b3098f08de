//! What a connection takes of the server's memory while nothing is said: what all of them brought, divided by their number.
//! They come one after the other (`idle 10000`), and all at once (`rush 10000`), as after a break of the network.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::fanout::swarm;
use crate::figures::Figure;
use crate::product::{Product, Server};
use crate::swarm::Swarm;
use crate::{Failures, say};

/// Memory counts as settled when it has changed by less than a hundredth within this time.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// And it is looked at no longer than this.
const PATIENCE: Duration = Duration::from_secs(20);

/// One measurement on the way to all connections.
struct Step {
    clients: usize,
    /// KiB for each connection.
    memory: f64,
    /// Seconds since the first one.
    took: f64,
}

/// Measures each product both ways, and prints the figures.
pub(crate) fn measure(clients: usize, products: &[Product], rounds: usize, failures: &mut Failures) {
    // How it grows is looked at on the way.
    let steps = [clients / 10, clients / 3, clients];
    for (way, steps, at_once) in [("idle", &steps[..], 1), ("rush", &steps[2..], clients)] {
        say(&format!(
            "\n{way} {clients}: connections, {at_once} at once on their way in"
        ));
        let mut all: Vec<Vec<Step>> = products.iter().map(|_| Vec::new()).collect();
        for round in 1..=rounds {
            for (product, values) in products.iter().zip(&mut all) {
                let name = product.name();
                match each(*product, steps, at_once) {
                    Ok(measured) => {
                        for Step { clients, memory, took } in &measured {
                            say(&format!(
                                "  round {round} {name:12} {clients:6} connections  {memory:7.2} KiB each, in after {took:6.2} s"
                            ));
                        }
                        values.extend(measured);
                    }
                    Err(error) => {
                        say(&format!("  round {round} {name:12} failed: {error:#}"));
                        failures.note(*product);
                    }
                }
            }
        }
        for (product, values) in products.iter().zip(&all) {
            for step in steps {
                print(
                    &format!("{way} {step}"),
                    *product,
                    values.iter().filter(|value| value.clients == *step),
                );
            }
        }
    }
}

fn print<'a>(case: &str, product: Product, steps: impl Iterator<Item = &'a Step>) {
    let (memory, took): (Vec<f64>, Vec<f64>) = steps.map(|step| (step.memory, step.took)).unzip();
    for (figure, unit, values) in [("memory", "KiB of PSS per connection", memory), ("all in", "s", took)] {
        if let Some(figure) = Figure::of_rounds(figure, case, &product.name(), unit, &values) {
            figure.print();
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures to read")]
fn each(product: Product, steps: &[usize], at_once: usize) -> Result<Vec<Step>> {
    let server = Server::start(product)?;
    let empty = server.memory()?.pss;
    let mut swarm = swarm(product, &server, steps.last().copied().unwrap_or_default(), 1)?;
    let mut took = Duration::ZERO;
    let mut measured = Vec::new();
    for &clients in steps {
        let began = Instant::now();
        swarm.connect(clients, at_once)?;
        took += began.elapsed();
        let grown = settled(&server, &mut swarm)?.saturating_sub(empty);
        measured.push(Step {
            clients,
            memory: grown as f64 / 1_024.0 / clients as f64,
            took: took.as_secs_f64(),
        });
    }
    Ok(measured)
}

/// The server's memory when it changes no more.
fn settled(server: &Server, swarm: &mut Swarm) -> Result<u64> {
    let began = Instant::now();
    let mut before = server.memory()?.pss;
    while began.elapsed() < PATIENCE {
        swarm.hear_for(LOOK_EVERY)?;
        let now = server.memory()?.pss;
        if now.abs_diff(before) < before / 100 {
            return Ok(now);
        }
        before = now;
    }
    Ok(before)
}
