//! N4: the client's address changes in mid-send.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::line::Scene;
use super::{Case, Need};
use crate::net::GUEST;
use crate::round::Round;

pub(super) const CASE: Case = Case {
    name: "N4",
    about: "the client's address changes in mid-send: resumed",
    rounds: 5,
    short_rounds: 1,
    needs: &[Need::Network],
    run,
};

/// Nobody tells the client: it notices by the server's silence.
const RESUMED_WITHIN: Duration = Duration::from_secs(30);

fn run(round: &mut Round) -> Result<()> {
    let scene = Scene::begins(round)?;
    // So that some are on their way when it happens.
    scene.network.link.delays(Duration::from_millis(20));
    scene.both_talk(round, "before", 50)?;
    round.a_while(150);
    let elsewhere = format!("10.77.{}.{}", round.dice.u8(1..255), round.dice.u8(1..255));
    scene.network.guest.moves(GUEST, &elsewhere)?;
    let moved = Instant::now();
    scene.both_talk(round, "after", 20)?;
    scene.ben_is_in_step(RESUMED_WITHIN)?;
    round.took("resumed after, ms", moved.elapsed());
    round.verify()
}
