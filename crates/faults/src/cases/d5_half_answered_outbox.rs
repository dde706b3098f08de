//! D5: a full outbox, half of which is never answered.

use anyhow::{Result, ensure};
use ichat_testkit::proxy::{Delivery, Direction, Proxy};

use crate::case::{Case, Load};
use crate::generator::post;
use crate::round::Round;

pub(super) const CASE: Case = Case {
    id: "D5",
    about: "500 posts waiting, half never answered: none falsely shown as sent, no panic",
    rounds: 30,
    short_rounds: 1,
    needs: &[],
    load: Load::Busy,
    run,
};

const POSTS: u32 = 500;

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let proxy = Proxy::to(server.address())?;
    let ada = round.client("ada")?;
    ada.join(proxy.address())?;
    // The entry about her joining counts as sent, too.
    ada.wait_until("her joining being shown", |now| now.status.acknowledged == 1)?;
    server.kill()?;
    post(round, &ada, "waiting", POSTS)?;
    ada.wait_until("500 posts waiting", |now| now.status.given == POSTS as usize)?;
    // The second half of the posts does not arrive, or only the answers to it don't.
    let loses_only_answers = round.rng.bool();
    let mut posts = 0;
    proxy.filter(move |direction, packet| {
        posts += u32::from(direction == Direction::ToServer && packet.contains("\"post\""));
        match direction {
            Direction::ToServer | Direction::ToClient if posts <= POSTS / 2 => Delivery::Deliver,
            Direction::ToServer if loses_only_answers => Delivery::Deliver,
            Direction::ToServer | Direction::ToClient => Delivery::Drop,
        }
    });
    server.restart()?;
    ada.nudge()?;
    ada.wait_until("the first posts being sent", |now| {
        now.status.acknowledged > POSTS as usize / 4
    })?;
    round.sleep_up_to(500);
    let sent = ada.state().status.acknowledged - 1;
    ensure!(sent <= POSTS as usize / 2, "{sent} posts are shown as sent");
    if round.rng.bool() {
        // The client never comes back, and what it showed as sent must be in the log without it.
        ada.kill()?;
    } else {
        proxy.deliver_all();
        proxy.cut_connections();
    }
    round.check()
}
