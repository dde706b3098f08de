//! D8: a commit in the middle of a resume.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::Case;
use crate::round::Round;
use crate::wire::{Fate, Towards, Wire};

pub(super) const CASE: Case = Case {
    name: "D8",
    about: "a commit in the middle of a resume: the resume brings it, without the heads' help and without another one",
    rounds: 50,
    short_rounds: 2,
    needs: &[],
    run,
};

const RESUMES: u32 = 10;

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let wire = Wire::to(server.address())?;
    let (ada, ben) = (round.person("ada")?, round.person("ben")?);
    ada.joins_at(wire.address())?;
    ben.joins(&server)?;
    // Heads would heal in seconds what the resume left out.
    wire.rule(|towards, text| match towards {
        Towards::Client if text.starts_with("42[\"heads\"") => Fate::Lost,
        _ => Fate::Arrives,
    });
    for resume in 0..RESUMES {
        let missed = round.dice.u32(..3);
        let (syncs, connections) = (wire.count(Towards::Server, "\"sync\""), ada.now().status.connections);
        wire.cut();
        for n in 0..missed {
            ben.says(&format!("missed {resume}.{n}"))?;
        }
        ben.has_nothing_waiting()?;
        ada.until("noticing the cut", |now| {
            !now.status.online || now.status.connections > connections
        })?;
        ada.is_nudged()?;
        wire.until_more_than(syncs, Towards::Server, "\"sync\"")?;
        round.a_while(12);
        ben.says(&format!("in the middle {resume}"))?;
        ben.has_nothing_waiting()?;
        let last = ben.now().status.last;
        // Less than a client is patient with a silent line.
        let resumed = ada.until_within(
            Duration::from_secs(9),
            "holding what was said during the resume",
            |now| now.status.last >= last,
        );
        resumed?;
        let more = ada.now().status.connections - connections;
        ensure!(more == 1, "it took {more} connections");
    }
    wire.heals();
    round.verify()
}
