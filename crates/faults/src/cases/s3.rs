//! S3: the server's machine, or a client's, loses its power.

use anyhow::Result;

use super::{Case, Need, message};
use crate::disk::Disk;
use crate::people::Person;
use crate::round::Round;
use crate::server::ServerSetting;

pub(super) const CASE: Case = Case {
    name: "S3",
    about: "loss of power: unsynced writes are dropped or torn, and what was shown as sent stands",
    rounds: 200,
    short_rounds: 10,
    needs: &[Need::Fuse],
    run,
};

fn run(round: &mut Round) -> Result<()> {
    if round.dice.u32(..3) == 0 {
        client(round)
    } else {
        server(round)
    }
}

fn server(round: &mut Round) -> Result<()> {
    let mut disk = Disk::mount(&round.dir.join("disk"))?;
    let server = round.server_with(ServerSetting {
        data: Some(disk.path().join("data")),
        ..ServerSetting::default()
    })?;
    let people = [round.person("ada")?, round.person("ben")?];
    for person in &people {
        person.joins(&server)?;
    }
    for loss in 0..round.dice.u32(1..=3) {
        let writes = round.dice.u32(..300);
        disk.lose_power_after(writes);
        for person in &people {
            load(round, person, loss)?;
        }
        disk.power_is_lost()?;
        server.kill()?;
        disk.power_returns(&mut round.dice)?;
        server.restart()?;
        for person in &people {
            person.is_nudged()?;
        }
    }
    let verified = round.verify();
    // Before the round's folder is cleared away. A case that failed has a server that still runs on it.
    server.kill()?;
    verified
}

/// What a client has taken while the server is away is on its disk, and so is who it is and where the server was.
fn client(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let mut disk = Disk::mount(&round.dir.join("people/ada"))?;
    let ada = round.person("ada")?;
    ada.joins(&server)?;
    server.kill()?;
    for loss in 0..round.dice.u32(1..=2) {
        let writes = round.dice.u32(..150);
        disk.lose_power_after(writes);
        load(round, &ada, loss)?;
        disk.power_is_lost()?;
        ada.kill()?;
        disk.power_returns(&mut round.dice)?;
        ada.restarts()?;
    }
    server.restart()?;
    let verified = round.verify();
    // Before the disk goes. A case that failed has a client that still runs on it.
    ada.kill()?;
    verified
}

/// Many small posts, and now and then a large one.
fn load(round: &mut Round, person: &Person, loss: u32) -> Result<()> {
    for n in 0..round.dice.u32(10..60) {
        let body = message(&mut round.dice, &format!("{} {loss} {n}", person.name()));
        person.posts(body)?;
    }
    Ok(())
}
