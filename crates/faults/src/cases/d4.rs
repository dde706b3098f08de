//! D4: the answer is lost on its way.

use anyhow::{Result, ensure};

use super::{Case, Need};
use crate::people::Kind;
use crate::process::Setting;
use crate::round::Round;
use crate::wire::{Fate, Towards, Wire};

pub(super) const CASE: Case = Case {
    name: "D4",
    about: "the answer to a post is lost, and the connection with it: sent again, one entry",
    rounds: 100,
    short_rounds: 4,
    needs: &[Need::Node],
    run,
};

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let wire = Wire::to(server.address())?;
    let kind = if round.seed.is_multiple_of(2) {
        Kind::Ours
    } else {
        Kind::Foreign
    };
    let ada = round.person_with("ada", kind, Setting::default())?;
    ada.joins_at(wire.address())?;
    let ben = round.person("ben")?;
    ben.joins(&server)?;
    // The post itself is lost, or its answer is, or everything from then on: each without a word to either end.
    let lost = round.dice.u32(..3);
    wire.rule(move |towards, text| {
        let is_post = towards == Towards::Server && text.contains("lost on its way");
        let is_answer = towards == Towards::Client && text.contains("lost on its way");
        match lost {
            0 if is_post => Fate::Silence,
            1 if is_answer => Fate::Lost,
            2 if is_answer => Fate::Silence,
            _ => Fate::Arrives,
        }
    });
    ada.says("ahead of it")?;
    let id = ada.says("lost on its way")?.to_string();
    ada.says("behind it")?;
    wire.until_more_than(0, Towards::Server, &id)?;
    if lost > 0 {
        wire.until_more_than(0, Towards::Client, &id)?;
    }
    ben.says("meanwhile")?;
    round.a_while(30);
    ensure!(wire.lost() > 0, "nothing was lost");
    wire.cut();
    wire.heals();
    ada.is_nudged()?;
    ada.has_nothing_waiting()?;
    if lost == 0 {
        let sent = wire.count(Towards::Server, &id);
        ensure!(sent > 1, "it was sent {sent} times, and never arrived");
    }
    round.verify()
}
