//! S2: a client is killed with a full outbox.

use anyhow::Result;

use crate::case::{Case, Load};
use crate::generator::post;
use crate::round::Round;

pub(super) const CASE: Case = Case {
    id: "S2",
    about: "kill -9 a client with a full outbox: what it had taken is sent all the same, once, in its order",
    rounds: 500,
    short_rounds: 25,
    needs: &[],
    load: Load::Busy,
    run,
};

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let ada = round.client("ada")?;
    ada.join(server.address())?;
    // In half of the rounds the server is down, so that everything waits; in the others the outbox is being sent.
    let is_down = round.rng.bool();
    if is_down {
        server.kill()?;
    }
    for incarnation in 1..=round.rng.u32(1..=2) {
        let count = round.rng.u32(64..200);
        post(round, &ada, &format!("incarnation {incarnation}"), count)?;
        round.sleep_up_to(150);
        ada.kill()?;
        ada.restart()?;
    }
    if is_down {
        server.restart()?;
    }
    round.check()
}
