//! N5: the laptop's lid is shut.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::line::Scene;
use super::{Case, Need};
use crate::net::GUEST;
use crate::round::Round;

pub(super) const CASE: Case = Case {
    name: "N5",
    about: "asleep for ten minutes, and woken in another network: in step within 5 s",
    rounds: 10,
    short_rounds: 2,
    needs: &[Need::Network],
    run,
};

const IN_STEP_WITHIN: Duration = Duration::from_secs(5);
/// What the clocks that count it will say of the sleep, which takes seconds here.
const TEN_MINUTES_MS: u64 = 10 * 60_000;

fn run(round: &mut Round) -> Result<()> {
    let scene = Scene::begins(round)?;
    scene.both_talk(round, "before", 10)?;
    round.a_while(100);
    // It falls asleep in mid-talk.
    scene.ben.stands_still()?;
    scene.both_talk(round, "while Ben sleeps", 30)?;
    scene.ada.has_nothing_waiting()?;
    let elsewhere = format!("10.77.{}.{}", round.dice.u8(1..255), round.dice.u8(1..255));
    scene.network.guest.moves(GUEST, &elsewhere)?;
    round.a_while(2_000);
    let after_ms = TEN_MINUTES_MS;
    scene.ben.does(&crate::order::Order::Wake { after_ms })?;
    let woke = Instant::now();
    scene.ben.goes_on()?;
    scene.ben_is_in_step(IN_STEP_WITHIN * 4)?;
    round.took("in step after, ms", woke.elapsed());
    ensure!(
        woke.elapsed() <= IN_STEP_WITHIN,
        "in step only {:?} after waking",
        woke.elapsed()
    );
    round.verify()
}
