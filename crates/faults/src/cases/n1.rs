//! N1: the line becomes a black hole.

use std::time::{Duration, Instant};

use anyhow::Result;
use ichat_protocol::limits::HEADS_INTERVAL;

use super::line::Scene;
use super::{Case, Need};
use crate::round::Round;

pub(super) const CASE: Case = Case {
    name: "N1",
    about: "the line swallows everything for minutes (short: 14 s, full: 40 s): noticed, then resumed",
    rounds: 3,
    short_rounds: 1,
    needs: &[Need::Network],
    run,
};

/// Longer than an attempt that began in the dark, and the longest wait behind it.
const RESUMED_WITHIN: Duration = Duration::from_mins(1);

fn run(round: &mut Round) -> Result<()> {
    let scene = Scene::begins(round)?;
    scene.both_talk(round, "before", 5)?;
    round.a_while(200);
    scene.network.link.black_hole();
    let dark = Instant::now();
    scene.both_talk(round, "in the dark", 20)?;
    scene
        .ben
        .until_within(HEADS_INTERVAL * 3, "noticing it", |now| !now.status.online)?;
    round.took("noticed after, ms", dark.elapsed());
    std::thread::sleep(round.pace.lasts(14, 40, 180).saturating_sub(dark.elapsed()));
    scene.network.link.heal();
    let healed = Instant::now();
    scene.ben_is_in_step(RESUMED_WITHIN)?;
    round.took("resumed after, ms", healed.elapsed());
    round.verify()
}
