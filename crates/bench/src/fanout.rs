//! The cost of delivering a message to many clients. Every product gets the same workload, round by round, so that a
//! machine whose speed drifts drifts for all of them.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::case::Case;
use crate::figures::Figure;
use crate::output::{Failures, print_line};
use crate::product::{Product, Server};
use crate::swarm::{Sample, Swarm, Workload};

/// The amount of measuring.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    /// Each run takes so long at least,
    pub(crate) duration: Duration,
    /// and sends at least so many messages, if that does not take much longer.
    pub(crate) messages: u32,
    /// The time that the same workload runs before that, unmeasured.
    pub(crate) warm_up: Duration,
    /// A pause before each measurement, to attach a profiler to the server.
    pub(crate) profiler_pause: Option<Duration>,
}

/// Clients that connect at the same time.
const CONNECT_BATCH: usize = 32;

struct Run {
    sample: Sample,
    server_cpu: Duration,
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
impl Run {
    fn per_delivery(&self, value: f64) -> f64 {
        value / self.sample.deliveries.max(1) as f64
    }

    fn cpu(&self) -> f64 {
        self.per_delivery(micros(self.server_cpu))
    }

    fn generator_cpu(&self) -> f64 {
        self.per_delivery(micros(self.sample.generator_cpu))
    }

    fn bytes(&self) -> f64 {
        self.per_delivery(self.sample.bytes as f64)
    }

    fn p50(&self) -> f64 {
        micros(self.sample.p50) / 1e3
    }

    fn p99(&self) -> f64 {
        micros(self.sample.p99) / 1e3
    }

    fn rate(&self) -> f64 {
        self.sample.deliveries as f64 / self.sample.took.as_secs_f64()
    }

    fn messages_per_frame(&self) -> f64 {
        self.sample.deliveries as f64 / self.sample.frames.max(1) as f64
    }

    fn orders(&self) -> f64 {
        self.sample.orders as f64
    }
}

/// A figure's name, its unit, and how it is computed from a run.
type Measure = (&'static str, &'static str, fn(&Run) -> f64);

const MEASURES: &[Measure] = &[
    ("cpu", "µs of server CPU per delivery", Run::cpu),
    ("p50", "ms", Run::p50),
    ("p99", "ms", Run::p99),
    ("rate", "deliveries per second", Run::rate),
    ("batch", "messages per frame", Run::messages_per_frame),
    ("bytes", "bytes per delivery", Run::bytes),
    (
        "generator",
        "µs of the load generator's CPU per delivery",
        Run::generator_cpu,
    ),
    ("orders", "different orders", Run::orders),
];

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Runs one case with all products, and prints the figures.
pub(crate) fn measure(case: Case, products: &[Product], effort: Effort, failures: &mut Failures) {
    print_line(&format!("\n{case}: {}", case.description()));
    let mut runs: Vec<Vec<Run>> = products.iter().map(|_| Vec::new()).collect();
    for round in 1..=effort.rounds {
        for (product, runs) in products.iter().zip(&mut runs) {
            match run(*product, case, effort) {
                Ok(run) => {
                    print_run(round, *product, &run);
                    runs.push(run);
                }
                // A peer that loses messages under a load that it can't bear is a finding.
                Err(error) => failures.print(round, *product, &error),
            }
        }
    }
    for (product, runs) in products.iter().zip(&runs) {
        for (figure, unit, measure) in MEASURES {
            let values: Vec<f64> = runs.iter().map(measure).collect();
            if let Some(figure) = Figure::of_rounds(figure, &case.to_string(), &product.name(), unit, &values) {
                figure.print();
            }
        }
    }
}

fn print_run(round: usize, product: Product, run: &Run) {
    let orders = match run.sample.orders {
        1 => String::new(),
        orders => format!("; {orders} different orders"),
    };
    print_line(&format!(
        "  round {round} {:12} cpu {:6.2} µs (generator {:5.2})  p50 {:8.2} ms  p99 {:8.2} ms  {:8.0} deliveries/s  \
         {:4.1} a frame  {} messages{orders}",
        product.name(),
        run.cpu(),
        run.generator_cpu(),
        run.p50(),
        run.p99(),
        run.rate(),
        run.messages_per_frame(),
        run.sample.messages,
    ));
}

/// Makes a swarm for a server, without connections.
pub(crate) fn swarm(product: Product, server: &Server, clients: usize, senders: usize) -> Result<Swarm> {
    Swarm::new(
        server.address,
        product.protocol(),
        clients,
        senders,
        product.has_one_order(),
    )
}

fn run(product: Product, case: Case, effort: Effort) -> Result<Run> {
    let server = Server::start(product)?;
    let mut swarm = swarm(product, &server, case.clients, case.senders())?;
    swarm.connect(case.clients, CONNECT_BATCH)?;
    swarm.wait_until_quiet()?;
    let workload = Workload {
        senders: case.senders(),
        rate: case.rate(),
        duration: effort.duration,
        messages: effort.messages,
    };
    let mut sent = Vec::new();
    let warm_up = Workload {
        duration: effort.warm_up,
        messages: 0,
        ..workload
    };
    swarm.run(warm_up, &mut sent)?;
    if let Some(pause) = effort.profiler_pause {
        print_line(&format!("  {} is process {}", product.name(), server.pid()));
        std::thread::sleep(pause);
    }
    let before = server.cpu()?;
    let sample = swarm.run(workload, &mut sent)?;
    let server_cpu = server.cpu()?.saturating_sub(before);
    ensure!(
        sample.orders == 1 || !product.has_one_order(),
        "the clients got the messages in {} different orders",
        sample.orders
    );
    Ok(Run { sample, server_cpu })
}
