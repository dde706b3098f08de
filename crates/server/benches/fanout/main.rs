//! `cargo bench -p ichat-server --bench fanout`: what it costs to bring a message to many people.
//!
//! I-Chat as shipped (each message durable, ordered, receipted) beside a Node socket.io server that only broadcasts.
//! Both are processes of their own on loopback and are driven by the same swarm of WebSocket clients; the figures of a server
//! are what the kernel accounts to its process. The repetitions are interleaved, because machines drift, and each run is checked:
//! every client has every message exactly once, and where the server promises one order for all, all have the same.
//!
//! ```text
//!   main ── runs the table, prints a JSON object a run, and the medians side by side
//!    ├── peer    one server process: start, stop, CPU and memory
//!    └── swarm   the clients: connect, send, count, time
//! ```
//!
//! Arguments: `--quick` for one short round; numbers choose the client counts (default 100 1000 5000).

mod peer;
mod swarm;

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::peer::{Kind, Peer};
use crate::swarm::{Load, Run, Swarm};

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let quick = words.iter().any(|word| word == "--quick");
    let mut clients: Vec<usize> = words.iter().filter_map(|word| word.parse().ok()).collect();
    if clients.is_empty() {
        clients = if quick { vec![100] } else { vec![100, 1_000, 5_000] };
    }
    let rounds = if quick { 1 } else { 3 };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        for clients in clients {
            for load in loads(clients, quick) {
                table(clients, load, rounds).await?;
            }
        }
        Ok(())
    })
}

/// Ten senders that each wait for their own message before the next, and a steady rate that a large room would have.
fn loads(clients: usize, quick: bool) -> Vec<Load> {
    // About the same number of deliveries in each size, so that the runs take about the same time.
    let messages = (if quick { 20_000 } else { 400_000 } / clients).max(40);
    let steady = Load {
        senders: 10,
        messages: messages.min(400),
        every: Some(Duration::from_millis(200)),
    };
    vec![
        Load {
            senders: 10,
            messages,
            every: None,
        },
        steady,
    ]
}

async fn table(clients: usize, load: Load, rounds: usize) -> Result<()> {
    let mut runs: [Vec<Run>; 2] = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (kind, runs) in [Kind::IChat, Kind::Node].into_iter().zip(&mut runs) {
            let run = measure(kind, clients, load)
                .await
                .with_context(|| format!("{kind:?} with {clients} clients"))?;
            print(&run.json(kind, clients, load));
            runs.push(run);
        }
    }
    let [ours, node] = runs.map(|runs| Run::median(&runs));
    print(&json!({
        "figure": "ratio", "clients": clients, "load": load.name(), "rounds": rounds,
        "cpu_node_over_ichat": round(node.cpu_us_per_delivery / ours.cpu_us_per_delivery),
        "p99_node_over_ichat": round(node.p99_ms / ours.p99_ms),
        "rate_ichat_over_node": round(ours.deliveries_per_s / node.deliveries_per_s),
        "idle_kib_ichat_over_node": round(ours.idle_kib / node.idle_kib),
    }));
    Ok(())
}

async fn measure(kind: Kind, clients: usize, load: Load) -> Result<Run> {
    let peer = Peer::start(kind)?;
    let empty = peer.memory_kib()?;
    let swarm = Swarm::connect(&peer, clients).await?;
    #[expect(clippy::cast_precision_loss, reason = "a figure to read")]
    let idle_kib = peer.memory_kib()?.saturating_sub(empty) as f64 / clients as f64;
    let before = peer.cpu()?;
    let mut run = swarm.run(load).await?;
    run.idle_kib = idle_kib;
    run.charge(peer.cpu()?.saturating_sub(before));
    Ok(run)
}

fn round(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}

#[expect(clippy::print_stdout, reason = "a benchmark's output is its result")]
fn print(line: &serde_json::Value) {
    println!("{line}");
}
