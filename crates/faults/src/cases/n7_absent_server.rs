//! N7: the server is down for long.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::linked_clients::LinkedClients;
use crate::case::{Case, Load, Need};
use crate::round::Round;

pub(super) const CASE: Case = Case {
    id: "N7",
    about: "the server is down for 20 minutes (short: 10 s, full: 60 s): less than one attempt a second, and back by itself",
    rounds: 2,
    short_rounds: 1,
    needs: &[Need::Network],
    load: Load::Waiting,
    run,
};

/// Longer than the longest pause between two attempts.
const RECONNECT_TIMEOUT: Duration = Duration::from_mins(1);
/// In no such window there may be one attempt a second.
const WINDOW: Duration = Duration::from_secs(10);
const MAX_ATTEMPTS_PER_WINDOW: usize = 9;

fn run(round: &mut Round) -> Result<()> {
    let scene = LinkedClients::start(round)?;
    scene.both_post(round, "before", 10)?;
    round.sleep_up_to(200);
    let before = scene.hosts.link.connection_attempts().len();
    scene.server.kill()?;
    scene.both_post(round, "while it is down", 10)?;
    let downtime = round.pace.duration(10, 60, 20 * 60);
    std::thread::sleep(downtime);
    let attempts = scene.hosts.link.connection_attempts().split_off(before);
    check_attempts(round, &attempts, downtime)?;
    scene.server.restart()?;
    let start = Instant::now();
    scene
        .ada
        .wait_until_within(RECONNECT_TIMEOUT, "being online", |now| now.status.online)?;
    scene.wait_until_ben_is_in_sync(RECONNECT_TIMEOUT)?;
    round.record_ms("in sync again after, ms", start.elapsed());
    round.check()
}

fn check_attempts(round: &mut Round, attempts: &[Instant], downtime: Duration) -> Result<()> {
    let rate = f64::from(u32::try_from(attempts.len())?) / downtime.as_secs_f64();
    round.record_count("attempts", attempts.len());
    round.measurements.push(("attempts a second", rate));
    round.record_count(
        "most attempts within a second",
        most_within(attempts, Duration::from_secs(1)),
    );
    let most = most_within(attempts, WINDOW);
    ensure!(!attempts.is_empty(), "the client gave up");
    ensure!(rate < 1.0, "{} attempts in {downtime:?}", attempts.len());
    ensure!(most <= MAX_ATTEMPTS_PER_WINDOW, "{most} attempts within {WINDOW:?}");
    Ok(())
}

/// Returns the largest number of attempts in any window of this length.
fn most_within(attempts: &[Instant], window: Duration) -> usize {
    let count_from = |start: &Instant| {
        let range = *start..*start + window;
        attempts.iter().filter(|at| range.contains(at)).count()
    };
    attempts.iter().map(count_from).max().unwrap_or_default()
}
