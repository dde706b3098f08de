//! N3: a bad line.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::line::Scene;
use super::{Case, Need};
use crate::round::{Pace, Round};

pub(super) const CASE: Case = Case {
    name: "N3",
    about: "300 ms each way, 5 % lost, others late or doubled: nothing is lost in the end",
    rounds: 3,
    short_rounds: 1,
    needs: &[Need::Network],
    run,
};

/// TCP takes long to repeat what is lost several times in a row.
const PATIENCE: Duration = Duration::from_mins(2);

fn run(round: &mut Round) -> Result<()> {
    let scene = Scene::begins(round)?;
    let link = &scene.network.link;
    link.delays(Duration::from_millis(300))
        .loses(5.0)
        .reorders(10.0)
        .doubles(1.0);
    let messages = if round.pace == Pace::Short { 6 } else { 40 };
    for n in 0..messages {
        let said = Instant::now();
        let acknowledged = scene.ben.now().status.acknowledged;
        scene.ben.says(&format!("one at a time {n}"))?;
        let is_shown = |now: &crate::people::Now| now.status.acknowledged > acknowledged;
        scene.ben.until_within(PATIENCE, "seeing it as sent", is_shown)?;
        round.took("from saying to shown as sent, ms", said.elapsed());
    }
    scene.both_talk(round, "all at once", 30)?;
    scene.ben_is_in_step(PATIENCE)?;
    round.counted("packets lost", link.lost());
    link.heal();
    round.verify()
}
