//! S10: two servers on one data folder.

use anyhow::{Result, bail, ensure};

use super::{Case, load};
use crate::round::Round;
use crate::server::ServerSetting;

pub(super) const CASE: Case = Case {
    name: "S10",
    about: "two servers on one data folder: the second refuses, the first goes on",
    rounds: 20,
    short_rounds: 2,
    needs: &[],
    run,
};

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let ada = round.person("ada")?;
    ada.joins(&server)?;
    load(round, &ada, "under load", 50)?;
    round.a_while(20);
    let same = ServerSetting {
        data: Some(server.data().to_owned()),
        ..ServerSetting::default()
    };
    let first = server.process_id();
    match round.server_with(same) {
        Ok(_) => bail!("a second server runs on the same folder"),
        Err(error) => ensure!(error.to_string().contains("is in use"), "it said: {error:#}"),
    }
    ada.has_nothing_waiting()?;
    ensure!(server.process_id() == first, "the first server did not go on");
    load(round, &ada, "afterwards", 20)?;
    round.verify()
}
