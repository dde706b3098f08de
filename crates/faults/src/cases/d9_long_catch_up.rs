//! D9: 10,000 entries are missed.

use std::time::Instant;

use anyhow::Result;

use crate::case::{Case, Load};
use crate::round::{Pace, Round};

pub(super) const CASE: Case = Case {
    id: "D9",
    about: "10,000 entries missed (short: 2,000): brought in pages, all of them",
    rounds: 3,
    short_rounds: 1,
    needs: &[],
    load: Load::Busy,
    run,
};

fn run(round: &mut Round) -> Result<()> {
    let missed = if round.pace == Pace::Short { 2_000 } else { 10_000 };
    let server = round.server()?;
    let (ada, ben) = (round.client("ada")?, round.client("ben")?);
    ada.join(server.address())?;
    ben.join(server.address())?;
    ada.shut_down()?;
    for number in 0..missed {
        ben.say(&format!("missed {number}"))?;
    }
    ben.wait_for_empty_outbox()?;
    let last = ben.state().status.last;
    let start = Instant::now();
    ada.restart()?;
    ada.wait_until("all missed entries", |now| now.status.last >= last)?;
    round.record_ms("caught up after, start of the process included, ms", start.elapsed());
    round.check()
}
