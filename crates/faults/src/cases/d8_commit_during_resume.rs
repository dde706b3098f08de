//! D8: a commit in the middle of a resume.

use std::time::Duration;

use anyhow::{Result, ensure};
use ichat_testkit::proxy::{Delivery, Direction, Proxy};

use crate::case::{Case, Load};
use crate::round::Round;

pub(super) const CASE: Case = Case {
    id: "D8",
    about: "a commit in the middle of a resume: the resume brings it, without heads and without another resume",
    rounds: 50,
    short_rounds: 2,
    needs: &[],
    load: Load::Busy,
    run,
};

const RESUMES: u32 = 10;
/// Less than a client waits before it gives a silent connection up.
const RESUME_TIMEOUT: Duration = Duration::from_secs(9);

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let proxy = Proxy::to(server.address())?;
    let (ada, ben) = (round.client("ada")?, round.client("ben")?);
    ada.join(proxy.address())?;
    ben.join(server.address())?;
    // Heads would repair within seconds what the resume left out.
    proxy.filter(|direction, packet| match direction {
        Direction::ToClient if packet.starts_with("42[\"heads\"") => Delivery::Drop,
        Direction::ToClient | Direction::ToServer => Delivery::Deliver,
    });
    for resume in 0..RESUMES {
        let missed = round.rng.u32(..3);
        let syncs = proxy.count(Direction::ToServer, "\"sync\"");
        let connections = ada.state().status.connections;
        proxy.cut_connections();
        for number in 0..missed {
            ben.say(&format!("missed {resume}.{number}"))?;
        }
        ben.wait_for_empty_outbox()?;
        ada.wait_until("noticing the cut", |now| {
            !now.status.online || now.status.connections > connections
        })?;
        ada.nudge()?;
        proxy.wait_for_more_than(syncs, Direction::ToServer, "\"sync\"")?;
        round.sleep_up_to(12);
        ben.say(&format!("in the middle of resume {resume}"))?;
        ben.wait_for_empty_outbox()?;
        let last = ben.state().status.last;
        ada.wait_until_within(RESUME_TIMEOUT, "the message in the middle of the resume", |now| {
            now.status.last >= last
        })?;
        let more = ada.state().status.connections - connections;
        ensure!(more == 1, "it took {more} connections");
    }
    proxy.deliver_all();
    round.check()
}
