//! What it costs to bring a message to many people: the same talk in each product, round by round, so that a machine that
//! drifts drifts for all of them.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::case::Case;
use crate::figures::Figure;
use crate::product::{Product, Server};
use crate::swarm::{Load, Swarm, Talk};
use crate::{Failures, say};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    /// How long each run talks, at least,
    pub(crate) time: Duration,
    /// and of how many messages at least, if that doesn't take much longer.
    pub(crate) messages: u32,
    /// How long it talks before that, unmeasured.
    pub(crate) warm_up: Duration,
    /// How long each server waits before it is measured, for a profiler to be attached.
    pub(crate) pause: Option<Duration>,
}

/// Clients on their way in at the same time.
const AT_ONCE: usize = 32;

struct Run {
    talk: Talk,
    cpu: Duration,
}

#[expect(clippy::cast_precision_loss, reason = "figures to read")]
impl Run {
    fn per_delivery(&self, value: f64) -> f64 {
        value / self.talk.deliveries.max(1) as f64
    }

    fn cpu(&self) -> f64 {
        self.per_delivery(micros(self.cpu))
    }

    fn generator(&self) -> f64 {
        self.per_delivery(micros(self.talk.generator))
    }

    fn bytes(&self) -> f64 {
        self.per_delivery(self.talk.bytes as f64)
    }

    fn p50(&self) -> f64 {
        micros(self.talk.p50) / 1e3
    }

    fn p99(&self) -> f64 {
        micros(self.talk.p99) / 1e3
    }

    fn rate(&self) -> f64 {
        self.talk.deliveries as f64 / self.talk.took.as_secs_f64()
    }

    /// Messages in a frame.
    fn batch(&self) -> f64 {
        self.talk.deliveries as f64 / self.talk.frames.max(1) as f64
    }

    fn orders(&self) -> f64 {
        self.talk.orders as f64
    }
}

/// A figure's name, its unit, and how it comes out of a run.
type Measure = (&'static str, &'static str, fn(&Run) -> f64);

const MEASURES: &[Measure] = &[
    ("cpu", "µs of server CPU per delivery", Run::cpu),
    ("p50", "ms", Run::p50),
    ("p99", "ms", Run::p99),
    ("rate", "deliveries per second", Run::rate),
    ("batch", "messages per frame", Run::batch),
    ("bytes", "bytes per delivery", Run::bytes),
    ("generator", "µs of the clients' CPU per delivery", Run::generator),
    ("orders", "different orders", Run::orders),
];

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Runs one case with all products, and prints the figures.
pub(crate) fn measure(case: Case, products: &[Product], effort: Effort, failures: &mut Failures) {
    say(&format!("\n{case}: {}", case.words()));
    let mut runs: Vec<Vec<Run>> = products.iter().map(|_| Vec::new()).collect();
    for round in 1..=effort.rounds {
        for (product, runs) in products.iter().zip(&mut runs) {
            let name = product.name();
            let run = match run(*product, case, effort) {
                Ok(run) => run,
                // A peer that loses messages under a load that it can't bear is a finding.
                Err(error) => {
                    say(&format!("  round {round} {name:12} failed: {error:#}"));
                    failures.note(*product);
                    continue;
                }
            };
            let orders = if run.talk.orders == 1 {
                String::new()
            } else {
                format!("; {} different orders", run.talk.orders)
            };
            say(&format!(
                "  round {round} {name:12} cpu {:6.2} µs (clients {:5.2})  p50 {:8.2} ms  p99 {:8.2} ms  {:8.0} deliveries/s  {:4.1} a frame  {} messages{orders}",
                run.cpu(),
                run.generator(),
                run.p50(),
                run.p99(),
                run.rate(),
                run.batch(),
                run.talk.messages,
            ));
            runs.push(run);
        }
    }
    for (product, runs) in products.iter().zip(&runs) {
        for (figure, unit, of) in MEASURES {
            let values: Vec<f64> = runs.iter().map(of).collect();
            if let Some(figure) = Figure::of_rounds(figure, &case.to_string(), &product.name(), unit, &values) {
                figure.print();
            }
        }
    }
}

/// The clients of a server, none of them connected yet.
pub(crate) fn swarm(product: Product, server: &Server, clients: usize, senders: usize) -> Result<Swarm> {
    Swarm::new(
        server.address,
        product.wire(),
        clients,
        senders,
        product.has_one_order(),
    )
}

fn run(product: Product, case: Case, effort: Effort) -> Result<Run> {
    let server = Server::start(product)?;
    let mut swarm = swarm(product, &server, case.clients, case.senders())?;
    swarm.connect(case.clients, AT_ONCE)?;
    swarm.settle()?;
    let load = Load {
        senders: case.senders(),
        rate: case.rate(),
        time: effort.time,
        messages: effort.messages,
    };
    let mut sent = Vec::new();
    let warm_up = Load {
        time: effort.warm_up,
        messages: 0,
        ..load
    };
    swarm.talk(warm_up, &mut sent)?;
    if let Some(pause) = effort.pause {
        say(&format!("  {} is process {}", product.name(), server.pid()));
        std::thread::sleep(pause);
    }
    let before = server.cpu()?;
    let talk = swarm.talk(load, &mut sent)?;
    let cpu = server.cpu()?.saturating_sub(before);
    ensure!(
        talk.orders == 1 || !product.has_one_order(),
        "the clients got the messages in {} different orders",
        talk.orders
    );
    Ok(Run { talk, cpu })
}
