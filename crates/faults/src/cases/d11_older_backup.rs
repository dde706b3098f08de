//! D11: an older backup of the server's database is restored.

use anyhow::{Result, ensure};

use crate::case::{Case, Load, Need};
use crate::generator::post;
use crate::round::Round;
use crate::server_handle::run_maintenance;

pub(super) const CASE: Case = Case {
    id: "D11",
    about: "an older backup is restored, and the room goes on: every client drops the old log, and none mixes the two",
    rounds: 50,
    short_rounds: 2,
    needs: &[Need::Node],
    load: Load::Busy,
    run,
};

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let program = round.programs.server.clone();
    let (ada, ben, cy) = (
        round.client("ada")?,
        round.client("ben")?,
        round.socket_io_client("cy")?,
    );
    let all = [&ada, &ben, &cy];
    for client in all {
        client.start_joining(server.address())?;
    }
    for client in all {
        client.wait_joined()?;
    }
    let count = round.rng.u32(1..20);
    post(round, &ada, "in the backup, or not", count)?;
    // Posts are under way: each is in the backup or isn't.
    let backup = round.dir.join("backup.db");
    run_maintenance(&program, "backup", server.data(), &backup)?;
    let count = round.rng.u32(1..40);
    post(round, &ben, "after the backup", count)?;
    for client in all {
        client.wait_for_empty_outbox()?;
    }
    let last = ben.state().status.last;
    for client in all {
        client.wait_until("the whole log", |now| now.status.last >= last)?;
    }
    let resets = all.map(|client| client.state().status.resets);
    ensure!(resets == [0, 0, 0], "a client dropped a log that is valid");
    // One client is away meanwhile, and comes back when the new log is longer than what it has of the old one.
    ada.kill()?;
    server.stop()?;
    run_maintenance(&program, "restore", server.data(), &backup)?;
    round.note_restored_log();
    server.restart()?;
    for client in [&ben, &cy] {
        client.nudge()?;
        client.wait_until("dropping the old log", |now| now.status.resets > 0)?;
    }
    let count = round.rng.u32(1..80);
    post(round, &cy, "after the restore", count)?;
    cy.wait_for_empty_outbox()?;
    ada.restart()?;
    ada.wait_until("dropping the old log", |now| now.status.resets > 0)?;
    round.check()
}
