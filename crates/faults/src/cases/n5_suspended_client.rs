//! N5: the client's laptop sleeps, and wakes up in another network.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use ichat_testkit::net::GUEST;

use super::linked_clients::{LinkedClients, random_guest_address};
use crate::case::{Case, Load, Need};
use crate::client_protocol::Command;
use crate::round::Round;

pub(super) const CASE: Case = Case {
    id: "N5",
    about: "asleep for ten minutes, and woken up in another network: in sync within 5 s",
    rounds: 10,
    short_rounds: 2,
    needs: &[Need::Network],
    load: Load::Waiting,
    run,
};

/// The promised time.
const SYNC_TIMEOUT: Duration = Duration::from_secs(5);
/// The sleep by the client's clock; it takes seconds here.
const TEN_MINUTES_MS: u64 = 10 * 60_000;

fn run(round: &mut Round) -> Result<()> {
    let scene = LinkedClients::start(round)?;
    scene.both_post(round, "before", 10)?;
    round.sleep_up_to(100);
    // Some posts are on their way when it falls asleep.
    scene.ben.suspend()?;
    scene.both_post(round, "while Ben sleeps", 30)?;
    scene.ada.wait_for_empty_outbox()?;
    let new_address = random_guest_address(round);
    scene.hosts.move_guest(GUEST, &new_address)?;
    round.sleep_up_to(2_000);
    let after_ms = TEN_MINUTES_MS;
    scene.ben.send(&Command::Wake { after_ms })?;
    let start = Instant::now();
    scene.ben.resume()?;
    // Waits longer than promised, to measure how much too late it was.
    scene.wait_until_ben_is_in_sync(SYNC_TIMEOUT * 4)?;
    let took = start.elapsed();
    round.record_ms("in sync after, ms", took);
    let promised = SYNC_TIMEOUT + round.pace.grace();
    ensure!(took <= promised, "in sync only {took:?} after waking up");
    round.check()
}
