//! N3: the link is slow, loses packets, reorders and duplicates them.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::linked_clients::LinkedClients;
use crate::case::{Case, Load, Need};
use crate::round::{Pace, Round};

pub(super) const CASE: Case = Case {
    id: "N3",
    about: "300 ms each way, 5 % lost, others late or duplicated: nothing is lost in the end",
    rounds: 3,
    short_rounds: 1,
    needs: &[Need::Network],
    load: Load::Waiting,
    run,
};

/// TCP takes long to repeat what is lost several times in a row.
const DELIVERY_TIMEOUT: Duration = Duration::from_mins(2);

fn run(round: &mut Round) -> Result<()> {
    let scene = LinkedClients::start(round)?;
    let link = &scene.hosts.link;
    link.delay(Duration::from_millis(300))
        .lose(5.0)
        .reorder(10.0)
        .duplicate(1.0);
    let messages = if round.pace == Pace::Short { 6 } else { 40 };
    for number in 0..messages {
        let start = Instant::now();
        let before = scene.ben.state().status.acknowledged;
        scene.ben.say(&format!("one at a time {number}"))?;
        scene
            .ben
            .wait_until_within(DELIVERY_TIMEOUT, "the message being shown as sent", |now| {
                now.status.acknowledged > before
            })?;
        round.record_ms("from posting to shown as sent, ms", start.elapsed());
    }
    scene.both_post(round, "all at once", 30)?;
    scene.wait_until_ben_is_in_sync(DELIVERY_TIMEOUT)?;
    round.record_count("packets lost", link.lost());
    link.recover();
    round.check()
}
