//! D1: one post, 64 times in parallel.

use anyhow::{Result, ensure};
use ichat_protocol::EntryId;

use crate::case::{Case, Load, Need};
use crate::generator::message;
use crate::room_log;
use crate::round::Round;

pub(super) const CASE: Case = Case {
    id: "D1",
    about: "64 parallel posts of one id: one entry, and the same answer to all of them",
    rounds: 100,
    short_rounds: 3,
    needs: &[Need::Node],
    load: Load::Busy,
    run,
};

const POSTS: u32 = 64;

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let bo = round.socket_io_client("bo")?;
    bo.join(server.address())?;
    let id = EntryId::fresh();
    let acks = bo.post_in_parallel(id, message(&mut round.rng, "one of 64"), POSTS)?;
    // Before any client tries to come into sync with a log that has the id twice.
    server.stop()?;
    let logs = room_log::read(server.data())?;
    let entries = logs.iter().flat_map(|log| &log.entries);
    let count = entries.filter(|entry| entry.id == id).count();
    ensure!(count == 1, "no id occurs twice, and {id} occurs {count} times");
    server.restart()?;
    bo.say("and nothing else")?;
    round.check()?;
    ensure!(acks.len() == POSTS as usize, "{} of {POSTS} answers came", acks.len());
    let first = &acks[0];
    ensure!(first["event"] == "entries", "the answer was {first}");
    ensure!(acks.iter().all(|ack| ack == first), "the answers differ: {acks:?}");
    Ok(())
}
