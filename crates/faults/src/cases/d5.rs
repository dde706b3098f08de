//! D5: a full outbox, half of which is never answered.

use anyhow::{Result, ensure};

use super::{Case, load};
use crate::round::Round;
use crate::wire::{Fate, Towards, Wire};

pub(super) const CASE: Case = Case {
    name: "D5",
    about: "500 posts waiting, half never answered: none falsely shown as sent, nobody panics",
    rounds: 30,
    short_rounds: 1,
    needs: &[],
    run,
};

const POSTS: u32 = 500;

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let wire = Wire::to(server.address())?;
    let ada = round.person("ada")?;
    ada.joins_at(wire.address())?;
    server.kill()?;
    load(round, &ada, "waiting", POSTS)?;
    ada.until("500 posts waiting", |now| now.status.handed == POSTS as usize)?;
    // After half of them the line goes silent: the rest doesn't arrive, or it does and nobody hears of it.
    let is_heard = round.dice.bool();
    let mut posts = 0;
    wire.rule(move |towards, text| {
        posts += u32::from(towards == Towards::Server && text.contains("\"post\""));
        match towards {
            _ if posts <= POSTS / 2 => Fate::Arrives,
            Towards::Server if is_heard => Fate::Arrives,
            Towards::Server | Towards::Client => Fate::Lost,
        }
    });
    server.restart()?;
    ada.is_nudged()?;
    ada.until("the first half to be sent", |now| {
        now.status.acknowledged >= POSTS as usize / 4
    })?;
    round.a_while(500);
    let sent = ada.now().status.acknowledged;
    ensure!(sent <= POSTS as usize / 2, "{sent} are shown as sent");
    if round.dice.bool() {
        // They never come back, and what was shown as sent must stand without them.
        ada.kill()?;
    } else {
        wire.heals();
        wire.cut();
    }
    round.verify()
}
