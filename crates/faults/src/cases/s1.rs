//! S1: the server is killed under load.

use anyhow::Result;

use super::{Case, Need};
use crate::people::Person;
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
    let kills = round.dice.u32(1..=2);
    for kill in 0..kills {
        for person in &people {
            load(round, person, &format!("before {kill}"))?;
        }
        round.a_while(120);
        server.kill()?;
        for person in &people {
            load(round, person, &format!("while away {kill}"))?;
        }
        server.restart()?;
        for person in &people {
            person.is_nudged()?;
        }
    }
    round.verify()
}

/// Some posts of one person, of any size, edits and deletions among them.
fn load(round: &mut Round, person: &Person, about: &str) -> Result<()> {
    let many = round.dice.u32(1..40);
    let mut said = Vec::new();
    for n in 0..many {
        let body = match round.dice.u32(..10) {
            0 if !said.is_empty() => super::edit(&said, &mut round.dice, n),
            1 if !said.is_empty() => super::delete(&mut said, &mut round.dice),
            _ => super::message(&mut round.dice, &format!("{} {about} {n}", person.name())),
        };
        let is_message = matches!(body, ichat_protocol::Body::Message { .. });
        let id = person.posts(body)?;
        if is_message {
            said.push(id);
        }
    }
    Ok(())
}
