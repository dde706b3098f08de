//! D2: the same post again, much later.

use std::time::Duration;

use anyhow::{Result, ensure};
use ichat_protocol::EntryId;

use super::{Case, Need, message};
use crate::round::{Pace, Round};

pub(super) const CASE: Case = Case {
    name: "D2",
    about: "the same post again after 30 s, and after a restart of the server: one entry, the same answer",
    rounds: 3,
    short_rounds: 1,
    needs: &[Need::Node],
    run,
};

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let bo = round.foreigner("bo")?;
    bo.joins(&server)?;
    let (id, body) = (EntryId::fresh(), message(&mut round.dice, "once"));
    let first = bo.asks(id, body.clone(), 1)?;
    ensure!(first[0]["event"] == "entries", "the answer was {}", first[0]);
    // Nothing in the rule knows the time, so that the short run leaves it at a moment.
    let pause = if round.pace == Pace::Short { 1 } else { 30 };
    std::thread::sleep(Duration::from_secs(pause));
    bo.says("and others in between")?;
    let later = bo.asks(id, body.clone(), 1)?;
    ensure!(later == first, "{later:?} was answered, and before {first:?}");
    if round.dice.bool() {
        server.kill()?;
    } else {
        server.stop()?;
    }
    let connections = bo.now().status.connections;
    server.restart()?;
    bo.until("being back", |now| {
        now.status.online && now.status.connections > connections
    })?;
    let after = bo.asks(id, body, 1)?;
    ensure!(after == first, "{after:?} was answered, and before {first:?}");
    round.verify()
}
