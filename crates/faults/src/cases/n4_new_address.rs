//! N4: the client's address changes while it sends.

use std::time::{Duration, Instant};

use anyhow::Result;
use ichat_testkit::net::GUEST;

use super::linked_clients::{LinkedClients, random_guest_address};
use crate::case::{Case, Load, Need};
use crate::round::Round;

pub(super) const CASE: Case = Case {
    id: "N4",
    about: "the client's address changes while it sends: resumed",
    rounds: 5,
    short_rounds: 1,
    needs: &[Need::Network],
    load: Load::Waiting,
    run,
};

/// No error tells the client: it notices the server's silence.
const RESUME_TIMEOUT: Duration = Duration::from_secs(30);

fn run(round: &mut Round) -> Result<()> {
    let scene = LinkedClients::start(round)?;
    // Some packets are on their way when the address changes.
    scene.hosts.link.delay(Duration::from_millis(20));
    scene.both_post(round, "before", 50)?;
    round.sleep_up_to(150);
    let new_address = random_guest_address(round);
    scene.hosts.move_guest(GUEST, &new_address)?;
    let start = Instant::now();
    scene.both_post(round, "after", 20)?;
    scene.wait_until_ben_is_in_sync(RESUME_TIMEOUT)?;
    round.record_ms("resumed after, ms", start.elapsed());
    round.check()
}
