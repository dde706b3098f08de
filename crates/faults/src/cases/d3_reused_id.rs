//! D3: one id, another body.

use anyhow::{Result, ensure};
use ichat_protocol::EntryId;

use crate::case::{Case, Load, Need};
use crate::generator::message;
use crate::round::Round;

pub(super) const CASE: Case = Case {
    id: "D3",
    about: "the same id with another body, or from another user: refused, and the first one stays",
    rounds: 50,
    short_rounds: 2,
    needs: &[Need::Node],
    load: Load::Busy,
    run,
};

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let (bo, cy) = (round.socket_io_client("bo")?, round.socket_io_client("cy")?);
    bo.join(server.address())?;
    cy.join(server.address())?;
    let (id, body) = (EntryId::fresh(), message(&mut round.rng, "the first"));
    let first = bo.post_and_await(id, body.clone())?;
    ensure!(first["event"] == "entries", "the answer was {first}");
    let another_body = bo.post_and_await(id, message(&mut round.rng, "another"))?;
    let another_user = cy.post_and_await(id, body)?;
    for answer in [another_body, another_user] {
        let is_conflict = answer["event"] == "refused" && answer["data"]["error"]["code"] == "conflict";
        ensure!(is_conflict, "the answer was {answer}");
    }
    round.check()?;
    let count = round.log()?.iter().filter(|entry| entry.id == id).count();
    ensure!(count == 1, "the id occurs {count} times");
    Ok(())
}
