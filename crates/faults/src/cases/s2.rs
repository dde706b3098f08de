//! S2: a client is killed with a full outbox.

use anyhow::Result;

use super::{Case, load};
use crate::round::Round;

pub(super) const CASE: Case = Case {
    name: "S2",
    about: "kill -9 a client with a full outbox: what it had taken is sent all the same, once, in its order",
    rounds: 500,
    short_rounds: 25,
    needs: &[],
    run,
};

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let ada = round.person("ada")?;
    ada.joins(&server)?;
    // Half of the time the server is away, so that everything waits; half of the time the outbox is being sent.
    let is_away = round.dice.bool();
    if is_away {
        server.kill()?;
    }
    for life in 0..round.dice.u32(1..=2) {
        let many = round.dice.u32(64..200);
        load(round, &ada, &format!("life {life}"), many)?;
        round.a_while(150);
        ada.kill()?;
        ada.restarts()?;
    }
    if is_away {
        server.restart()?;
    }
    round.verify()
}
