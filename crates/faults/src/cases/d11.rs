//! D11: the server's database is an older backup.

use anyhow::{Result, ensure};

use super::{Case, Need, load};
use crate::round::Round;

pub(super) const CASE: Case = Case {
    name: "D11",
    about: "an older backup is restored, and the room goes on: every client drops the old history, and none mixes the two",
    rounds: 50,
    short_rounds: 2,
    needs: &[Need::Node],
    run,
};

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let (ada, ben, cy) = (round.person("ada")?, round.person("ben")?, round.foreigner("cy")?);
    for person in [&ada, &ben, &cy] {
        person.begins_to_join(server.address())?;
    }
    for person in [&ada, &ben, &cy] {
        person.is_in()?;
    }
    let few = round.dice.u32(1..20);
    load(round, &ada, "in the backup, or not", few)?;
    // Under load: what is under way is in it or isn't.
    let backup = round.dir.join("backup.db");
    server.runs("backup", &[&backup])?;
    let many = round.dice.u32(1..40);
    load(round, &ben, "after the backup", many)?;
    for person in [&ada, &ben, &cy] {
        person.has_nothing_waiting()?;
    }
    let last = ben.now().status.last;
    for person in [&ada, &ben, &cy] {
        person.until("holding everything", |now| now.status.last >= last)?;
    }
    let resets = [&ada, &ben, &cy].map(|person| person.now().status.resets);
    ensure!(resets == [0, 0, 0], "somebody dropped a history that stood");
    // One client is not there when it happens, and comes when the new history has grown past what it holds.
    ada.kill()?;
    server.stop()?;
    server.runs("restore", &[&backup])?;
    round.log_was_restored();
    server.restart()?;
    for person in [&ben, &cy] {
        person.is_nudged()?;
        let name = person.name();
        person.until(&format!("{name} dropping the old history"), |now| now.status.resets > 0)?;
    }
    let more = round.dice.u32(1..80);
    load(round, &cy, "after the restore", more)?;
    cy.has_nothing_waiting()?;
    ada.restarts()?;
    ada.until("dropping the old history", |now| now.status.resets > 0)?;
    round.verify()
}
