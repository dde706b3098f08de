//! D7: the last broadcast is lost, so that no gap shows it.

use std::time::{Duration, Instant};

use anyhow::Result;
use ichat_protocol::limits::HEADS_INTERVAL;
use ichat_testkit::proxy::{Delivery, Direction, Proxy};

use crate::case::{Case, Load};
use crate::round::Round;

pub(super) const CASE: Case = Case {
    id: "D7",
    about: "the last broadcast is lost: healed within one heads interval",
    rounds: 20,
    short_rounds: 1,
    needs: &[],
    load: Load::Busy,
    run,
};

/// The time that the request and its page take on a busy machine.
const REQUEST_TIME: Duration = Duration::from_secs(2);

fn run(round: &mut Round) -> Result<()> {
    const LOST: &str = "never delivered";
    let server = round.server()?;
    let proxy = Proxy::to(server.address())?;
    let (ada, ben) = (round.client("ada")?, round.client("ben")?);
    ada.join(proxy.address())?;
    ben.join(server.address())?;
    ben.say("delivered")?;
    ben.wait_for_empty_outbox()?;
    let last = ben.state().status.last;
    ada.wait_until("the first message", |now| now.status.last >= last)?;
    round.sleep_up_to(5_000);
    proxy.filter(|direction, packet| match direction {
        Direction::ToClient if packet.contains("\"entries\"") && packet.contains(LOST) => Delivery::Drop,
        Direction::ToClient | Direction::ToServer => Delivery::Deliver,
    });
    ben.say(LOST)?;
    proxy.wait_for_more_than(0, Direction::ToClient, LOST)?;
    proxy.deliver_all();
    let start = Instant::now();
    ben.wait_for_empty_outbox()?;
    let last = ben.state().status.last;
    let timeout = HEADS_INTERVAL + REQUEST_TIME + round.pace.grace();
    ada.wait_until_within(timeout, "the lost message", |now| now.status.last >= last)?;
    round.record_ms("noticed after, ms", start.elapsed());
    round.check()
}
