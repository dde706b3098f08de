//! N1: the link becomes a black hole.

use std::time::{Duration, Instant};

use anyhow::Result;
use ichat_protocol::limits::HEADS_INTERVAL;

use super::linked_clients::LinkedClients;
use crate::case::{Case, Load, Need};
use crate::round::Round;

pub(super) const CASE: Case = Case {
    id: "N1",
    about: "the link swallows everything for minutes (short: 14 s, full: 40 s): noticed, then resumed",
    rounds: 3,
    short_rounds: 1,
    needs: &[Need::Network],
    load: Load::Waiting,
    run,
};

/// Longer than an attempt that began in the black hole and the longest wait after it.
const RESUME_TIMEOUT: Duration = Duration::from_mins(1);

fn run(round: &mut Round) -> Result<()> {
    let scene = LinkedClients::start(round)?;
    scene.both_post(round, "before", 5)?;
    round.sleep_up_to(200);
    scene.hosts.link.become_black_hole();
    let start = Instant::now();
    scene.both_post(round, "during", 20)?;
    let timeout = HEADS_INTERVAL * 3 + round.pace.grace();
    scene
        .ben
        .wait_until_within(timeout, "noticing the silence", |now| !now.status.online)?;
    round.record_ms("noticed after, ms", start.elapsed());
    let duration = round.pace.duration(14, 40, 180);
    std::thread::sleep(duration.saturating_sub(start.elapsed()));
    scene.hosts.link.recover();
    let recovery = Instant::now();
    scene.wait_until_ben_is_in_sync(RESUME_TIMEOUT)?;
    round.record_ms("resumed after, ms", recovery.elapsed());
    round.check()
}
