//! D2: the same post again, much later.

use std::time::Duration;

use anyhow::{Result, ensure};
use ichat_protocol::EntryId;

use crate::case::{Case, Load, Need};
use crate::generator::message;
use crate::round::{Pace, Round};

pub(super) const CASE: Case = Case {
    id: "D2",
    about: "the same post again after 30 s, and after a restart of the server: one entry, the same answer",
    rounds: 3,
    short_rounds: 1,
    needs: &[Need::Node],
    load: Load::Busy,
    run,
};

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let bo = round.socket_io_client("bo")?;
    bo.join(server.address())?;
    let (id, body) = (EntryId::fresh(), message(&mut round.rng, "once"));
    let first = bo.post_and_await(id, body.clone())?;
    ensure!(first["event"] == "entries", "the answer was {first}");
    // The rule does not depend on the time, so the short run waits only a moment.
    let pause = if round.pace == Pace::Short { 1 } else { 30 };
    std::thread::sleep(Duration::from_secs(pause));
    bo.say("and another one in between")?;
    let later = bo.post_and_await(id, body.clone())?;
    ensure!(later == first, "the answer was {later}, and before {first}");
    if round.rng.bool() {
        server.kill()?;
    } else {
        server.stop()?;
    }
    let connections = bo.state().status.connections;
    server.restart()?;
    bo.wait_until("the new connection", |now| {
        now.status.online && now.status.connections > connections
    })?;
    let after_restart = bo.post_and_await(id, body)?;
    ensure!(
        after_restart == first,
        "the answer was {after_restart}, and before {first}"
    );
    round.check()
}
