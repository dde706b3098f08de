//! D1: one post, 64 times at once.

use anyhow::{Result, ensure};
use ichat_protocol::EntryId;

use super::{Case, Need, message};
use crate::history;
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
    let answers = bo.asks(id, message(&mut round.dice, "one of 64"), TIMES)?;
    // Looked at before anybody tries to come into step with a log that has it twice.
    server.stop()?;
    let stands = history::read(server.data())?.into_iter().flat_map(|log| log.entries);
    let stands = stands.filter(|entry| entry.id == id).count();
    ensure!(stands == 1, "no id stands twice, and {id} stands {stands} times");
    server.restart()?;
    bo.says("and nothing else")?;
    round.verify()?;
    ensure!(answers.len() == TIMES as usize, "{} answers came", answers.len());
    let first = &answers[0];
    ensure!(first["event"] == "entries", "the answer was {first}");
    ensure!(
        answers.iter().all(|answer| answer == first),
        "the answers differ: {answers:?}"
    );
    Ok(())
}
