//! What a connection takes of the server's memory while nothing is said: what all of them brought, divided by their number.
//! They come one after the other (`idle 10000`), and all at once (`rush 10000`), as after a break of the network.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::fanout::swarm;
use crate::figures::Figure;
use crate::product::{Product, Server};
use crate::say;

/// Memory counts as settled when it has changed by less than a hundredth within this time.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// And it is looked at no longer than this.
const PATIENCE: Duration = Duration::from_secs(20);

/// Measures each product both ways, and prints the figures.
pub(crate) fn measure(clients: usize, products: &[Product], rounds: usize) -> Result<()> {
    for (way, at_once) in [("idle", 1), ("rush", clients)] {
        let case = format!("{way} {clients}");
        say(&format!("\n{case}: connections, {at_once} at once on their way in"));
        let mut all: Vec<Vec<(f64, f64)>> = products.iter().map(|_| Vec::new()).collect();
        for round in 1..=rounds {
            for (product, values) in products.iter().zip(&mut all) {
                let value =
                    each(*product, clients, at_once).with_context(|| format!("{} in {case}", product.name()))?;
                say(&format!(
                    "  round {round} {:12} {:7.2} KiB each, all in after {:6.2} s",
                    product.name(),
                    value.0,
                    value.1
                ));
                values.push(value);
            }
        }
        for (product, values) in products.iter().zip(&all) {
            let (memory, time): (Vec<f64>, Vec<f64>) = values.iter().copied().unzip();
            for (figure, unit, values) in [("memory", "KiB of PSS per connection", memory), ("all in", "s", time)] {
                if let Some(figure) = Figure::of_rounds(figure, &case, &product.name(), unit, &values) {
                    figure.print();
                }
            }
        }
    }
    Ok(())
}

/// KiB for each connection, and the seconds until all were in.
#[expect(clippy::cast_precision_loss, reason = "figures to read")]
fn each(product: Product, clients: usize, at_once: usize) -> Result<(f64, f64)> {
    let server = Server::start(product)?;
    let empty = server.memory()?.pss;
    let mut swarm = swarm(product, &server, clients, 1)?;
    let began = Instant::now();
    swarm.connect(clients, at_once)?;
    let took = began.elapsed();
    let mut before = server.memory()?.pss;
    while began.elapsed() < took + PATIENCE {
        swarm.hear_for(LOOK_EVERY)?;
        let now = server.memory()?.pss;
        if now.abs_diff(before) < before / 100 {
            break;
        }
        before = now;
    }
    let grown = server.memory()?.pss.saturating_sub(empty);
    Ok((grown as f64 / 1_024.0 / clients as f64, took.as_secs_f64()))
}
