//! D10: messages, edits and a deletion are posted again, in any order.

use anyhow::{Context as _, Result, ensure};
use ichat_protocol::{Body, EntryId};
use serde_json::Value;

use crate::case::{Case, Load, Need};
use crate::client_handle::ClientHandle;
use crate::generator::message;
use crate::round::Round;

pub(super) const CASE: Case = Case {
    id: "D10",
    about: "create, edit and delete replayed in any order, over a restart too: the final state is right",
    rounds: 50,
    short_rounds: 2,
    needs: &[Need::Node],
    load: Load::Busy,
    run,
};

const REPLAYS: usize = 3;

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let bo = round.socket_io_client("bo")?;
    bo.join(server.address())?;
    let (deleted, kept) = (EntryId::fresh(), EntryId::fresh());
    let edit = |of, text: &str| Body::Edit {
        of,
        text: text.to_owned(),
        mentions: Vec::new(),
    };
    let mut posts = vec![
        (deleted, message(&mut round.rng, "to be deleted")),
        (kept, message(&mut round.rng, "kept")),
        (EntryId::fresh(), edit(deleted, "edited, and deleted with it")),
        (EntryId::fresh(), edit(kept, "edited")),
        (EntryId::fresh(), Body::Delete { of: deleted }),
        (EntryId::fresh(), edit(kept, "edited again")),
    ];
    let mut seqs: Vec<(EntryId, u64)> = Vec::new();
    for (id, body) in &posts {
        let answer = bo.post_and_await(*id, body.clone())?;
        seqs.push((*id, seq(&answer)?));
    }
    for replay in 1..=REPLAYS {
        if replay == REPLAYS {
            let connections = bo.state().status.connections;
            server.kill()?;
            server.restart()?;
            bo.wait_until("the new connection", |now| {
                now.status.online && now.status.connections > connections
            })?;
        }
        round.rng.shuffle(&mut posts);
        replay_all(&bo, &posts, &seqs)?;
    }
    round.check()?;
    let log = round.log()?;
    for (id, sent) in &posts {
        let is_deleted = *id == deleted || matches!(sent, Body::Edit { of, .. } if *of == deleted);
        let expected = if is_deleted { &Body::Wiped } else { sent };
        let entry = log.iter().find(|entry| entry.id == *id);
        let entry = entry.with_context(|| format!("{id} is not in the log"))?;
        ensure!(entry.body == *expected, "{id} is {:?}", entry.body);
    }
    Ok(())
}

/// Posts everything again. Each answer must name the entry's sequence number.
fn replay_all(client: &ClientHandle, posts: &[(EntryId, Body)], seqs: &[(EntryId, u64)]) -> Result<()> {
    for (id, body) in posts {
        let answer = client.post_and_await(*id, body.clone())?;
        let first = seqs.iter().find(|(known, _)| known == id).map(|(_, seq)| *seq);
        ensure!(
            first == Some(seq(&answer)?),
            "{id} is entry {first:?}, and the answer was {answer}"
        );
    }
    Ok(())
}

/// Returns the sequence number of the entry in an answer, which must have one.
fn seq(answer: &Value) -> Result<u64> {
    let seq = answer["data"]["entries"][0]["seq"].as_u64();
    let seq = seq.filter(|_| answer["event"] == "entries");
    seq.with_context(|| format!("the answer was {answer}"))
}
