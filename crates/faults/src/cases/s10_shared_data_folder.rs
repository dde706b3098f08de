//! S10: two servers, one data folder.

use anyhow::{Result, bail, ensure};

use crate::case::{Case, Load};
use crate::generator::post;
use crate::round::Round;
use crate::server_handle::ServerOptions;

pub(super) const CASE: Case = Case {
    id: "S10",
    about: "two servers, one data folder: the second refuses to start, the first goes on",
    rounds: 20,
    short_rounds: 2,
    needs: &[],
    load: Load::Busy,
    run,
};

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let ada = round.client("ada")?;
    ada.join(server.address())?;
    post(round, &ada, "under load", 50)?;
    round.sleep_up_to(20);
    let same_data = ServerOptions {
        data: Some(server.data().to_owned()),
        ..ServerOptions::default()
    };
    match round.server_with(same_data) {
        Ok(_) => bail!("a second server started on the same folder"),
        Err(error) => ensure!(error.to_string().contains("is in use"), "the error was: {error:#}"),
    }
    ada.wait_for_empty_outbox()?;
    post(round, &ada, "afterwards", 20)?;
    ada.wait_for_empty_outbox()?;
    let connections = ada.state().status.connections;
    ensure!(
        connections == 1,
        "the first server did not go on: its client connected {connections} times"
    );
    round.check()
}
