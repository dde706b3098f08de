//! N7: the server is away.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::line::Scene;
use super::{Case, Need};
use crate::round::Round;

pub(super) const CASE: Case = Case {
    name: "N7",
    about: "the server is away for 20 minutes (short: 10 s, full: 60 s): asked less than once a second; back by itself",
    rounds: 2,
    short_rounds: 1,
    needs: &[Need::Network],
    run,
};

/// The longest that a client waits between two attempts, and some more.
const BACK_WITHIN: Duration = Duration::from_mins(1);
const WINDOW: Duration = Duration::from_secs(10);

fn run(round: &mut Round) -> Result<()> {
    let scene = Scene::begins(round)?;
    scene.both_talk(round, "before", 10)?;
    round.a_while(200);
    let before = scene.network.link.attempts().len();
    scene.server.kill()?;
    let gone = Instant::now();
    scene.both_talk(round, "while it is away", 10)?;
    let away = round.pace.lasts(10, 60, 20 * 60);
    std::thread::sleep(away);
    let attempts = scene.network.link.attempts().split_off(before);
    let a_second = f64::from(u32::try_from(attempts.len())?) / away.as_secs_f64();
    round.counted("attempts", attempts.len());
    round.figures.push(("attempts a second", a_second));
    let most = |window: Duration| {
        let from = |start: &Instant| {
            attempts
                .iter()
                .filter(|at| (*start..*start + window).contains(at))
                .count()
        };
        attempts.iter().map(from).max().unwrap_or_default()
    };
    round.counted("most attempts within a second", most(Duration::from_secs(1)));
    ensure!(!attempts.is_empty(), "the client gave up");
    ensure!(a_second < 1.0, "{} attempts in {away:?}", attempts.len());
    ensure!(most(WINDOW) < 10, "{} attempts within {WINDOW:?}", most(WINDOW));
    scene.server.restart()?;
    let back = Instant::now();
    scene
        .ada
        .until_within(BACK_WITHIN, "being back", |now| now.status.online)?;
    scene.ben_is_in_step(BACK_WITHIN)?;
    round.took("in step again after, ms", back.elapsed());
    ensure!(gone.elapsed() >= away);
    round.verify()
}
