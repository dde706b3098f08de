//! D7: the last broadcast is lost, so that no gap shows it.

use std::time::{Duration, Instant};

use anyhow::Result;
use ichat_protocol::limits::HEADS_INTERVAL;

use super::Case;
use crate::round::Round;
use crate::wire::{Fate, Towards, Wire};

pub(super) const CASE: Case = Case {
    name: "D7",
    about: "the last broadcast is lost: healed within one head interval",
    rounds: 20,
    short_rounds: 1,
    needs: &[],
    run,
};

/// For asking, and for the page to come, on a busy machine.
const GRACE: Duration = Duration::from_secs(2);

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let wire = Wire::to(server.address())?;
    let (ada, ben) = (round.person("ada")?, round.person("ben")?);
    ada.joins_at(wire.address())?;
    ben.joins(&server)?;
    ben.says("heard")?;
    ben.has_nothing_waiting()?;
    let last = ben.now().status.last;
    ada.until("hearing the first", |now| now.status.last >= last)?;
    round.a_while(5_000);
    wire.rule(|towards, text| match towards {
        Towards::Client if text.contains("\"entries\"") && text.contains("never heard") => Fate::Lost,
        _ => Fate::Arrives,
    });
    ben.says("never heard")?;
    wire.until_more_than(0, Towards::Client, "never heard")?;
    wire.heals();
    let started = Instant::now();
    ben.has_nothing_waiting()?;
    let last = ben.now().status.last;
    ada.until_within(HEADS_INTERVAL + GRACE, "noticing what was lost", |now| {
        now.status.last >= last
    })?;
    round
        .figures
        .push(("ms until it was noticed", started.elapsed().as_secs_f64() * 1_000.0));
    round.verify()
}
