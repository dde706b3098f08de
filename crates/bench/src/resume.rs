//! All clients at once after a restart: the server is killed and started again, and all clients return at the same
//! moment, each with a key, and request the same missed messages. Real clients spread out, so this is the worst case.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use ichat_protocol::{Head, Seq};
use serde_json::Value;

use crate::fanout::swarm;
use crate::figures::Figure;
use crate::output::print_line;
use crate::product::{Product, Server};
use crate::swarm::{Protocol, Swarm, Workload};

/// Messages that each client missed.
const MISSED: u32 = 100;
/// Clients that connect at the same time before the restart.
const CONNECT_BATCH: usize = 64;

struct Round {
    /// The time from the kill until every client had every message.
    in_sync: Duration,
    /// The time from the kill until the new server listened.
    down: Duration,
    reads: PageReads,
}

/// The pages that the server read from its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PageReads {
    total: usize,
    /// The largest number of reads of one page.
    most_of_one_page: usize,
}

/// A figure's name, its unit, and how it is computed from a round.
type Measure = (&'static str, &'static str, fn(&Round) -> f64);

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
const MEASURES: [Measure; 4] = [
    ("in sync", "s", |round| round.in_sync.as_secs_f64()),
    ("down", "s", |round| round.down.as_secs_f64()),
    ("pages", "pages read from the store", |round| round.reads.total as f64),
    ("reads of a page", "times at most", |round| {
        round.reads.most_of_one_page as f64
    }),
];

/// Measures so many clients, and prints the figures.
pub(crate) fn measure(clients: usize, rounds: usize) -> Result<()> {
    let case = format!("resume {clients}");
    print_line(&format!(
        "\n{case}: {clients} clients that missed {MISSED} messages each, all at once after a kill"
    ));
    let mut all = Vec::new();
    for number in 1..=rounds {
        let round = run(clients)?;
        print_line(&format!(
            "  round {number} all in sync after {:.2} s, of which the server was down {:.2} s; {} pages read, one page {} times \
             at most",
            round.in_sync.as_secs_f64(),
            round.down.as_secs_f64(),
            round.reads.total,
            round.reads.most_of_one_page
        ));
        all.push(round);
    }
    for (name, unit, measure) in MEASURES {
        let values: Vec<f64> = all.iter().map(measure).collect();
        if let Some(figure) = Figure::of_rounds(name, &case, &Product::Ichat.name(), unit, &values) {
            figure.print();
        }
    }
    Ok(())
}

fn run(clients: usize) -> Result<Round> {
    let mut server = Server::start(Product::Ichat)?;
    // All clients have been members before.
    Swarm::new(server.address, Protocol::Member(None), clients, 1, true)?.connect(clients, CONNECT_BATCH)?;
    let sent = send_messages(&server)?;
    let head = lobby_head(&server)?;
    let before_missed = head.seq.0.checked_sub(u64::from(MISSED));
    let cursor = Head {
        seq: Seq(before_missed.context("the log is too short")?),
        ..head
    };
    let resume = |server: &mut Server, log_level| -> Result<(Duration, Duration)> {
        let start = Instant::now();
        server.restart(log_level)?;
        let down = start.elapsed();
        let mut swarm = Swarm::new(server.address, Protocol::Member(Some(cursor)), clients, 1, true)?;
        swarm.catch_up(clients, sent - MISSED, sent)?;
        Ok((start.elapsed(), down))
    };
    let (in_sync, down) = resume(&mut server, "error")?;
    // Once more for the page reads: logging them costs time.
    resume(&mut server, "debug")?;
    Ok(Round {
        in_sync,
        down,
        reads: PageReads::parse(&server.log()?)?,
    })
}

/// Sends more messages than are missed later, and returns how many.
fn send_messages(server: &Server) -> Result<u32> {
    let mut guest = swarm(Product::Ichat, server, 1, 1)?;
    guest.connect(1, 1)?;
    let mut sent = Vec::new();
    let workload = Workload {
        senders: 1,
        rate: None,
        duration: Duration::from_millis(500),
        messages: 2 * MISSED,
    };
    guest.run(workload, &mut sent)?;
    let sent = sent[0];
    ensure!(sent > MISSED, "only {sent} messages were sent");
    Ok(sent)
}

fn lobby_head(server: &Server) -> Result<Head> {
    let mut guest = swarm(Product::Ichat, server, 1, 1)?;
    guest.connect(1, 1)?;
    guest.head()
}

impl PageReads {
    /// Counts the page reads in a server's log.
    fn parse(log: &str) -> Result<Self> {
        let mut pages: HashMap<String, usize> = HashMap::new();
        for line in log.lines() {
            let line: Value = serde_json::from_str(line).with_context(|| format!("not a line of the log: {line}"))?;
            let fields = &line["fields"];
            if fields["message"] == "a page is read from the store" {
                let range = ["room", "head", "before", "after", "limit"].map(|field| fields[field].to_string());
                *pages.entry(range.join(" ")).or_default() += 1;
            }
        }
        let most = pages.values().copied().max();
        Ok(Self {
            total: pages.values().sum(),
            most_of_one_page: most.context("the server's log tells of no page")?,
        })
    }
}

#[cfg(test)]
mod tests {
    //! - page reads are counted in the server's log
    //! - a log without page reads is an error: the log line may have another text now

    use super::*;

    #[test]
    fn page_reads_are_counted() {
        let page = |after: &str| {
            format!(
                r#"{{"fields":{{"message":"a page is read from the store","room":"r","head":9,"after":"{after}","limit":200}}}}"#
            )
        };
        let other = r#"{"fields":{"message":"something else"}}"#;
        let log = [&page("1"), other, &page("2"), &page("1")].join("\n");
        let expected = PageReads {
            total: 3,
            most_of_one_page: 2,
        };
        assert_eq!(PageReads::parse(&log).unwrap(), expected);
        assert!(PageReads::parse(other).is_err());
    }
}
