//! S1: the server is killed under load.

use anyhow::Result;

use super::{Case, Need, load};
use crate::round::Round;

pub(super) const CASE: Case = Case {
    name: "S1",
    about: "kill -9 the server under load: what was shown as sent stands, once, in one order",
    rounds: 500,
    short_rounds: 25,
    needs: &[Need::Node],
    run,
};

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let mut people = vec![round.person("ada")?, round.person("ben")?];
    // Node takes long to start; every fifth round is enough to have somebody else's client in it.
    if round.seed.is_multiple_of(5) {
        people.push(round.foreigner("cy")?);
    }
    for person in &people {
        person.begins_to_join(server.address())?;
    }
    for person in &people {
        person.is_in()?;
    }
    for kill in 0..round.dice.u32(1..=2) {
        for person in &people {
            let many = round.dice.u32(1..60);
            load(round, person, &format!("before {kill}"), many)?;
        }
        round.a_while(120);
        server.kill()?;
        for person in &people {
            let many = round.dice.u32(..10);
            load(round, person, &format!("while away {kill}"), many)?;
        }
        server.restart()?;
        for person in &people {
            person.is_nudged()?;
        }
    }
    round.verify()
}
