//! D3: one id, another body.

use anyhow::{Result, ensure};
use ichat_protocol::EntryId;

use super::{Case, Need, message};
use crate::round::Round;

pub(super) const CASE: Case = Case {
    name: "D3",
    about: "the same id with another body, or by somebody else: refused, and the first one stands",
    rounds: 50,
    short_rounds: 2,
    needs: &[Need::Node],
    run,
};

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let (bo, cy) = (round.foreigner("bo")?, round.foreigner("cy")?);
    bo.joins(&server)?;
    cy.joins(&server)?;
    let (id, body) = (EntryId::fresh(), message(&mut round.dice, "the first"));
    let first = bo.asks(id, body.clone(), 1)?;
    ensure!(first[0]["event"] == "entries", "the answer was {}", first[0]);
    let other = bo.asks(id, message(&mut round.dice, "another"), 1)?;
    let others = cy.asks(id, body, 1)?;
    for refusal in [&other[0], &others[0]] {
        let is_conflict = refusal["event"] == "refused" && refusal["data"]["error"]["code"] == "conflict";
        ensure!(is_conflict, "the answer was {refusal}");
    }
    round.verify()?;
    let stands = round.log()?.iter().filter(|entry| entry.id == id).count();
    ensure!(stands == 1, "it stands {stands} times");
    Ok(())
}
