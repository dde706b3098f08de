//! S1: the server is killed under load.

use anyhow::Result;

use crate::case::{Case, Load, Need};
use crate::generator::post;
use crate::round::Round;

pub(super) const CASE: Case = Case {
    id: "S1",
    about: "kill -9 the server under load: what was shown as sent is in the log, once, in one order",
    rounds: 500,
    short_rounds: 25,
    needs: &[Need::Node],
    load: Load::Busy,
    run,
};

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let mut clients = vec![round.client("ada")?, round.client("ben")?];
    // Node.js starts slowly. A foreign client in every fifth round is enough.
    if round.seed.is_multiple_of(5) {
        clients.push(round.socket_io_client("cy")?);
    }
    for client in &clients {
        client.start_joining(server.address())?;
    }
    for client in &clients {
        client.wait_joined()?;
    }
    for kill in 0..round.rng.u32(1..=2) {
        for client in &clients {
            let count = round.rng.u32(1..60);
            post(round, client, &format!("before kill {kill}"), count)?;
        }
        round.sleep_up_to(120);
        server.kill()?;
        for client in &clients {
            let count = round.rng.u32(..10);
            post(round, client, &format!("after kill {kill}"), count)?;
        }
        server.restart()?;
        for client in &clients {
            client.nudge()?;
        }
    }
    round.check()
}
