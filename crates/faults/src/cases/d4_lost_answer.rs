//! D4: a post or its answer is lost on the way.

use anyhow::{Result, ensure};
use ichat_testkit::proxy::{Delivery, Direction, Proxy};

use crate::case::{Case, Load, Need};
use crate::client_handle::ClientKind;
use crate::process::Launch;
use crate::round::Round;

pub(super) const CASE: Case = Case {
    id: "D4",
    about: "the answer to a post is lost, and the connection with it: sent again, one entry",
    rounds: 100,
    short_rounds: 4,
    needs: &[Need::Node],
    load: Load::Busy,
    run,
};

/// The packets that are lost. Neither end gets an error.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    PostAndEverythingAfterIt,
    Answer,
    AnswerAndEverythingAfterIt,
}

fn run(round: &mut Round) -> Result<()> {
    const TEXT: &str = "lost on its way";
    let server = round.server()?;
    let proxy = Proxy::to(server.address())?;
    let kind = if round.seed.is_multiple_of(2) {
        ClientKind::IChat
    } else {
        ClientKind::SocketIo
    };
    let ada = round.client_with("ada", kind, Launch::default())?;
    ada.join(proxy.address())?;
    let ben = round.client("ben")?;
    ben.join(server.address())?;
    let lost = match round.rng.u32(..3) {
        0 => Lost::PostAndEverythingAfterIt,
        1 => Lost::Answer,
        _ => Lost::AnswerAndEverythingAfterIt,
    };
    proxy.filter(move |direction, packet| {
        if !packet.contains(TEXT) {
            return Delivery::Deliver;
        }
        match (lost, direction) {
            (Lost::PostAndEverythingAfterIt, Direction::ToServer)
            | (Lost::AnswerAndEverythingAfterIt, Direction::ToClient) => Delivery::BlackHole,
            (Lost::Answer, Direction::ToClient) => Delivery::Drop,
            (Lost::PostAndEverythingAfterIt, Direction::ToClient)
            | (Lost::Answer | Lost::AnswerAndEverythingAfterIt, Direction::ToServer) => Delivery::Deliver,
        }
    });
    ada.say("before it")?;
    let id = ada.say(TEXT)?.to_string();
    ada.say("after it")?;
    proxy.wait_for_more_than(0, Direction::ToServer, &id)?;
    if lost != Lost::PostAndEverythingAfterIt {
        proxy.wait_for_more_than(0, Direction::ToClient, &id)?;
    }
    ben.say("meanwhile")?;
    round.sleep_up_to(30);
    ensure!(proxy.dropped() > 0, "nothing was lost");
    proxy.cut_connections();
    proxy.deliver_all();
    ada.nudge()?;
    ada.wait_for_empty_outbox()?;
    if lost == Lost::PostAndEverythingAfterIt {
        let sent = proxy.count(Direction::ToServer, &id);
        ensure!(sent > 1, "the lost post was sent {sent} times");
    }
    round.check()
}
