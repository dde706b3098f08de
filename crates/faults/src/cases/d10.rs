//! D10: what was said, changed and taken back is posted again, in any order.

use anyhow::{Result, ensure};
use ichat_protocol::{Body, EntryId};
use serde_json::Value;

use super::{Case, Need, message};
use crate::round::Round;

pub(super) const CASE: Case = Case {
    name: "D10",
    about: "create, edit and delete replayed in any order, over a restart too: the final state is right",
    rounds: 50,
    short_rounds: 2,
    needs: &[Need::Node],
    run,
};

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let bo = round.foreigner("bo")?;
    bo.joins(&server)?;
    let (gone, stays) = (EntryId::fresh(), EntryId::fresh());
    let edit = |of, text: &str| Body::Edit {
        of,
        text: text.to_owned(),
    };
    let mut posts = vec![
        (gone, message(&mut round.dice, "will be gone")),
        (stays, message(&mut round.dice, "stays")),
        (EntryId::fresh(), edit(gone, "changed, and gone with it")),
        (EntryId::fresh(), edit(stays, "changed")),
        (EntryId::fresh(), Body::Delete { of: gone }),
        (EntryId::fresh(), edit(stays, "changed again")),
    ];
    let mut places: Vec<(EntryId, Value)> = Vec::new();
    for (id, body) in &posts {
        let answer = bo.asks(*id, body.clone(), 1)?.remove(0);
        ensure!(answer["event"] == "entries", "the answer was {answer}");
        places.push((*id, place(&answer)));
    }
    for time in 0..3 {
        if time == 2 {
            let connections = bo.now().status.connections;
            server.kill()?;
            server.restart()?;
            bo.until("being back", |now| {
                now.status.online && now.status.connections > connections
            })?;
        }
        round.dice.shuffle(&mut posts);
        for (id, body) in &posts {
            let answer = bo.asks(*id, body.clone(), 1)?.remove(0);
            let stood = places.iter().find(|(known, _)| known == id).map(|(_, place)| place);
            ensure!(
                Some(&place(&answer)) == stood,
                "{id} was answered with {answer}, and stood at {stood:?}"
            );
        }
    }
    round.verify()?;
    let log = round.log()?;
    let body = |id: EntryId| log.iter().find(|entry| entry.id == id).map(|entry| &entry.body);
    for (id, sent) in &posts {
        let is_gone = *id == gone || matches!(sent, Body::Edit { of, .. } if *of == gone);
        let expected = if is_gone { &Body::Wiped } else { sent };
        ensure!(body(*id) == Some(expected), "{id} stands as {:?}", body(*id));
    }
    Ok(())
}

fn place(answer: &Value) -> Value {
    answer["data"]["entries"][0]["seq"].clone()
}
