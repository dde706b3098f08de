//! Everybody at once after a restart: the server is killed and started anew, all clients come back in the same moment,
//! each with a key, and ask for the same missed messages. Nobody spreads out, as real clients do, so this is the worst case.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use ichat_protocol::{Head, Seq};
use serde_json::Value;

use crate::fanout::swarm;
use crate::figures::Figure;
use crate::product::{Product, Server};
use crate::say;
use crate::swarm::{Load, Swarm, Wire};

/// Messages that each of them missed.
const MISSED: u32 = 100;
/// Clients on their way in at the same time while the stage is set.
const AT_ONCE: usize = 64;

struct Round {
    /// From the kill until everybody has everything.
    in_step: Duration,
    /// From the kill until the new server listens.
    down: Duration,
    /// How many pages the new server read from its store.
    pages: usize,
    /// How often at most it read the same one.
    readings: usize,
}

/// A figure's name, its unit, and how it comes out of a round.
type Measure = (&'static str, &'static str, fn(&Round) -> f64);

#[expect(clippy::cast_precision_loss, reason = "figures to read")]
const MEASURES: [Measure; 4] = [
    ("in step", "s", |round| round.in_step.as_secs_f64()),
    ("down", "s", |round| round.down.as_secs_f64()),
    ("pages", "pages read from the store", |round| round.pages as f64),
    ("readings", "times at most", |round| round.readings as f64),
];

/// Measures, and prints the figures.
pub(crate) fn measure(clients: usize, rounds: usize) -> Result<()> {
    let case = format!("resume {clients}");
    say(&format!(
        "\n{case}: {clients} clients that missed {MISSED} messages each, all at once after a kill"
    ));
    let mut all = Vec::new();
    for number in 1..=rounds {
        let round = round(clients)?;
        say(&format!(
            "  round {number} all in step after {:.2} s, of which the server was down {:.2} s; {} pages read, the same one {} times at most",
            round.in_step.as_secs_f64(),
            round.down.as_secs_f64(),
            round.pages,
            round.readings
        ));
        all.push(round);
    }
    for (name, unit, of) in MEASURES {
        let values: Vec<f64> = all.iter().map(of).collect();
        if let Some(figure) = Figure::of_rounds(name, &case, &Product::Ichat.name(), unit, &values) {
            figure.print();
        }
    }
    Ok(())
}

fn round(clients: usize) -> Result<Round> {
    let mut server = Server::start(Product::Ichat)?;
    // Everybody has been here before.
    Swarm::new(server.address, Wire::Member(None), clients, 1, true)?.connect(clients, AT_ONCE)?;
    let sent = talk(&server)?;
    let now = head(&server)?;
    let held_seq = now.seq.0.checked_sub(u64::from(MISSED));
    let held = Head {
        seq: Seq(held_seq.context("too little was said")?),
        ..now
    };
    let back = |server: &mut Server, log| -> Result<(Duration, Duration)> {
        let killed = Instant::now();
        server.restart(log)?;
        let down = killed.elapsed();
        Swarm::new(server.address, Wire::Member(Some(held)), clients, 1, true)?.catch_up(
            clients,
            sent - MISSED,
            sent,
        )?;
        Ok((killed.elapsed(), down))
    };
    let (in_step, down) = back(&mut server, "error")?;
    // Once more for its log, which costs time.
    back(&mut server, "debug")?;
    let (pages, readings) = readings(&server.logged()?)?;
    Ok(Round {
        in_step,
        down,
        pages,
        readings,
    })
}

/// One guest says more than is missed later; how much.
fn talk(server: &Server) -> Result<u32> {
    let mut guest = swarm(Product::Ichat, server, 1, 1)?;
    guest.connect(1, 1)?;
    let mut sent = Vec::new();
    let load = Load {
        senders: 1,
        rate: None,
        time: Duration::from_millis(500),
        messages: 2 * MISSED,
    };
    guest.talk(load, &mut sent)?;
    let sent = sent[0];
    ensure!(sent > MISSED, "only {sent} messages were said");
    Ok(sent)
}

fn head(server: &Server) -> Result<Head> {
    let mut late = swarm(Product::Ichat, server, 1, 1)?;
    late.connect(1, 1)?;
    late.head()
}

/// How many pages the log tells of, and how often at most it tells of the same one.
fn readings(log: &str) -> Result<(usize, usize)> {
    let mut pages: HashMap<String, usize> = HashMap::new();
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).with_context(|| format!("a line of the server's log: {line}"))?;
        let fields = &line["fields"];
        if fields["message"] == "a page is read from the store" {
            let range = ["room", "head", "before", "after", "limit"].map(|field| fields[field].to_string());
            *pages.entry(range.join(" ")).or_default() += 1;
        }
    }
    let most = pages.values().copied().max();
    let most = most.context("the server's log tells of no page, so it can't be said how often each was read")?;
    Ok((pages.values().sum(), most))
}

#[cfg(test)]
mod tests {
    //! Pages are counted in the server's log; a log without any is no good sign.

    use super::*;

    #[test]
    fn pages_are_counted_in_the_log() {
        let page = |after: &str| {
            format!(
                r#"{{"fields":{{"message":"a page is read from the store","room":"r","head":9,"after":"{after}","limit":200}}}}"#
            )
        };
        let other = r#"{"fields":{"message":"something else"}}"#;
        let log = [&page("1"), other, &page("2"), &page("1")].join("\n");
        assert_eq!(readings(&log).unwrap(), (3, 2));
        assert!(readings(other).is_err());
    }
}
