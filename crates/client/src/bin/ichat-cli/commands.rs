//! What `ichat-cli` can do.

use std::time::SystemTime;

use ichat_client::session::{Command, LogRange, OutboxState, Update};
use ichat_protocol::{Body, Entry, EntryId, ErrorCode, RoomId, Seq, WireError, limits::MAX_PAGE_ENTRIES};
use serde_json::json;

use crate::args::{Args, What};
use crate::print;
use crate::talk::Talk;

pub(crate) async fn run(args: &Args) -> Result<(), WireError> {
    let mut talk = Talk::start(args).await?;
    let done = match &args.what {
        What::Rooms { .. } => rooms(&mut talk, args.json).await,
        What::Join { room, .. } => join(&mut talk, room, args.json).await,
        What::Say { room_and_text, .. } => match room_and_text.as_slice() {
            [room, text] => say(&mut talk, Some(room), text, args.json).await,
            [text] => say(&mut talk, None, text, args.json).await,
            _ => Ok(()),
        },
        What::Tail {
            room, history, since, ..
        } => {
            let from = since.map_or(From::Latest(*history), |seq| From::Behind(Seq(seq)));
            tokio::select! {
                done = tail(&mut talk, room.as_deref(), from, args.json) => done,
                // However the signal can't be had: the program ends by it in any case.
                _ = tokio::signal::ctrl_c() => Ok(()),
            }
        }
    };
    talk.end().await;
    done
}

/// Where `tail` begins.
#[derive(Clone, Copy)]
enum From {
    Latest(u32),
    Behind(Seq),
}

async fn rooms(talk: &mut Talk, json: bool) -> Result<(), WireError> {
    for room in talk.directory().await? {
        print::room(json, &room).map_err(unwritten)?;
    }
    Ok(())
}

async fn join(talk: &mut Talk, room: &str, json: bool) -> Result<(), WireError> {
    let room = talk.find(Some(room)).await?;
    talk.join(&room).await?;
    let printed = if json {
        print::object(&json!({ "joined": room.id, "name": room.name }))
    } else {
        print::line(&format!("Joined {}.", room.name))
    };
    printed.map_err(unwritten)
}

async fn say(talk: &mut Talk, room: Option<&str>, text: &str, json: bool) -> Result<(), WireError> {
    let room = talk.find(room).await?;
    talk.join(&room).await?;
    let (id, room) = (EntryId::fresh(), room.id);
    let body = Body::Message {
        text: text.to_owned(),
        reply_to: None,
    };
    let written = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
    let written = u64::try_from(written).unwrap_or_default();
    talk.command(Command::Send {
        room,
        id,
        body,
        written,
    })
    .await?;
    let answer = talk
        .until(|update| match update {
            Update::Entries { entries, .. } => entries.iter().find(|entry| entry.id == id).map(|entry| Ok(entry.seq)),
            Update::Outbox { items, .. } => {
                items
                    .iter()
                    .filter(|item| item.id == id)
                    .find_map(|item| match &item.state {
                        OutboxState::Failed { error } => Some(Err(error.clone())),
                        OutboxState::Sending => None,
                    })
            }
            _ => None,
        })
        .await?;
    if answer.is_err() {
        // What was refused must not wait in the outbox of a program that has no eyes.
        talk.command(Command::Discard { id }).await?;
    }
    let seq = answer?;
    if json {
        print::object(&json!({ "room": room, "id": id, "seq": seq })).map_err(unwritten)?;
    }
    Ok(())
}

async fn tail(talk: &mut Talk, room: Option<&str>, from: From, json: bool) -> Result<(), WireError> {
    let room = talk.find(room).await?;
    talk.join(&room).await?;
    let (id, head) = (room.id, room.head.seq);
    talk.heads.insert(id, head);
    talk.command(Command::Open { room: id }).await?;
    let is_members = |update: &Update| matches!(update, Update::Members { room, .. } if *room == id).then_some(());
    talk.until(is_members).await?;
    let mut last = match from {
        From::Latest(many) => Seq(head.0.saturating_sub(u64::from(many))),
        From::Behind(seq) => seq,
    };
    talk.be_patient();
    loop {
        while talk.heads.get(&id).is_some_and(|head| *head > last) {
            let entries = range(talk, id, last).await?;
            if entries.iter().all(|entry| entry.seq <= last) {
                break;
            }
            print_behind(talk, json, &entries, &mut last)?;
        }
        if let Update::Entries { room, entries, .. } = talk.next().await?
            && room == id
            && entries.first().is_some_and(|first| first.seq <= last.next())
        {
            print_behind(talk, json, &entries, &mut last)?;
        }
    }
}

/// The entries behind this one: from the replica, else from the server.
async fn range(talk: &mut Talk, room: RoomId, after: Seq) -> Result<Vec<Entry>, WireError> {
    let range = LogRange {
        before: None,
        after: Some(after),
        limit: MAX_PAGE_ENTRIES,
    };
    talk.command(Command::History { room, range }).await?;
    talk.until(|update| match update {
        Update::Entries { room: of, entries, .. } if *of == room => {
            let fits = entries.first().is_none_or(|first| first.seq <= after.next());
            fits.then(|| Ok(entries.clone()))
        }
        Update::Refused { event, room: of, error } if event == "history" && *of == Some(room) => {
            Some(Err(error.clone()))
        }
        _ => None,
    })
    .await?
}

fn print_behind(talk: &Talk, json: bool, entries: &[Entry], last: &mut Seq) -> Result<(), WireError> {
    for entry in entries {
        if entry.seq > *last {
            print::entry(json, entry, &talk.names).map_err(unwritten)?;
            *last = entry.seq;
        }
    }
    Ok(())
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn unwritten(error: std::io::Error) -> WireError {
    WireError::new(ErrorCode::Other, format!("The output could not be written: {error}."))
}
