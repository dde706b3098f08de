//! D1: one post, 64 times at once.

use anyhow::{Result, ensure};
use ichat_protocol::{Body, EntryId};

use super::{Case, Need};
use crate::order::Order;
use crate::round::Round;

pub(super) const CASE: Case = Case {
    name: "D1",
    about: "64 parallel posts of one id: one entry, one answer to all of them",
    rounds: 100,
    short_rounds: 3,
    needs: &[Need::Node],
    run,
};

const TIMES: u32 = 64;

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let bo = round.foreigner("bo")?;
    bo.joins(&server)?;
    let id = EntryId::fresh();
    let text = format!("one of {TIMES}, {}", round.dice.u64(..));
    bo.does(&Order::PostAtOnce {
        room: bo.lobby()?,
        id,
        body: Body::Message { text, reply_to: None },
        times: TIMES,
    })?;
    bo.until("an answer to each of the posts", |now| !now.answers.is_empty())?;
    let (_, answers) = bo.now().answers.remove(0);
    ensure!(answers.len() == TIMES as usize, "{} answers came", answers.len());
    let first = &answers[0];
    ensure!(first["event"] == "entries", "the answer was {first}");
    ensure!(
        answers.iter().all(|answer| answer == first),
        "the answers differ: {answers:?}"
    );
    bo.says("and nothing else")?;
    round.verify()
}
