//! D9: 10,000 entries are missed.

use std::time::Instant;

use anyhow::Result;
use ichat_protocol::Body;

use super::Case;
use crate::round::{Pace, Round};

pub(super) const CASE: Case = Case {
    name: "D9",
    about: "10,000 entries missed: brought in pages, whole",
    rounds: 3,
    short_rounds: 1,
    needs: &[],
    run,
};

fn run(round: &mut Round) -> Result<()> {
    let many = if round.pace == Pace::Short { 2_000 } else { 10_000 };
    let server = round.server()?;
    let (ada, ben) = (round.person("ada")?, round.person("ben")?);
    ada.joins(&server)?;
    ben.joins(&server)?;
    ada.ends()?;
    for n in 0..many {
        let text = format!("missed {n}");
        ben.posts(Body::Message { text, reply_to: None })?;
    }
    ben.has_nothing_waiting()?;
    let last = ben.now().status.last;
    let started = Instant::now();
    ada.restarts()?;
    ada.until("holding everything", |now| now.status.last >= last)?;
    round.figures.push((
        "ms to catch up, process start included",
        started.elapsed().as_secs_f64() * 1_000.0,
    ));
    round.verify()
}
