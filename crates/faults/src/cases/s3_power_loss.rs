//! S3: the server's machine, or a client's, loses its power.

use anyhow::Result;

use crate::case::{Case, Load, Need};
use crate::client_handle::{ClientHandle, data_folder};
use crate::disk::Disk;
use crate::generator::post_messages;
use crate::round::Round;
use crate::server_handle::ServerOptions;

pub(super) const CASE: Case = Case {
    id: "S3",
    about: "loss of power: unsynced writes are dropped or torn, and what was shown as sent is in the log",
    rounds: 200,
    short_rounds: 10,
    needs: &[Need::Fuse],
    load: Load::Busy,
    run,
};

fn run(round: &mut Round) -> Result<()> {
    if round.rng.u32(..3) == 0 {
        client_loses_power(round)
    } else {
        server_loses_power(round)
    }
}

fn server_loses_power(round: &mut Round) -> Result<()> {
    let mut disk = Disk::mount(&round.dir.join("disk"))?;
    let server = round.server_with(ServerOptions {
        data: Some(disk.path().join("data")),
        ..ServerOptions::default()
    })?;
    let clients = [round.client("ada")?, round.client("ben")?];
    for client in &clients {
        client.join(server.address())?;
    }
    for loss in 0..round.rng.u32(1..=3) {
        let writes = round.rng.u32(..300);
        disk.lose_power_after(writes);
        for client in &clients {
            post(round, client, loss)?;
        }
        disk.wait_for_power_loss()?;
        server.kill()?;
        disk.return_power(&mut round.rng)?;
        server.restart()?;
        for client in &clients {
            client.nudge()?;
        }
    }
    let result = round.check();
    // The disk can't be unmounted while the server of a failed round uses it.
    server.kill()?;
    result
}

/// A client that has taken posts while the server is down has them on disk, and its identity and the server's address.
fn client_loses_power(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let mut disk = Disk::mount(&data_folder(&round.dir, "ada"))?;
    let ada = round.client("ada")?;
    ada.join(server.address())?;
    server.kill()?;
    for loss in 0..round.rng.u32(1..=2) {
        let writes = round.rng.u32(..150);
        disk.lose_power_after(writes);
        post(round, &ada, loss)?;
        disk.wait_for_power_loss()?;
        ada.kill()?;
        disk.return_power(&mut round.rng)?;
        ada.restart()?;
    }
    server.restart()?;
    let result = round.check();
    // The disk can't be unmounted while the client of a failed round uses it.
    ada.kill()?;
    result
}

fn post(round: &mut Round, client: &ClientHandle, loss: u32) -> Result<()> {
    let count = round.rng.u32(10..60);
    post_messages(round, client, &format!("before loss {loss}"), count)
}
