//! The subcommands: `rooms`, `join`, `say` and `tail`.

use std::collections::BTreeSet;
use std::io;
use std::slice;
use std::time::{Duration, SystemTime};

use clap::CommandFactory as _;
use ichat_client::session::{Command, LogRange, OutboxState, Update};
use ichat_protocol::{
    Body, ClientEventKind, Entry, EntryId, ErrorCode, RoomId, RoomSummary, Seq, WireError, limits::MAX_PAGE_ENTRIES,
    mentions_in,
};
use serde_json::json;

use crate::args::{Args, ServerCommand, Subcommand};
use crate::print;
use crate::session::CliSession;

/// The pause before a busy server is asked again.
const BUSY_DELAY: Duration = Duration::from_secs(2);

/// The reason why a command ended early.
pub(crate) enum Failure {
    Error(WireError),
    /// The program that reads the output has seen enough, such as `head`.
    NoReader,
}

/// The entry after which `tail` begins.
#[derive(Clone, Copy)]
enum TailStart {
    /// This many entries before the end.
    Latest(u32),
    After(Seq),
}

pub(crate) async fn run(args: &Args) -> Result<(), Failure> {
    match &args.subcommand {
        Subcommand::Server(command) => use_server(args, command).await,
        Subcommand::Manual(command) => command.run(Args::command()).map_err(output_error),
    }
}

async fn use_server(args: &Args, command: &ServerCommand) -> Result<(), Failure> {
    let mut session = CliSession::start(args, command.address()).await?;
    let result = match command {
        ServerCommand::Rooms { .. } => rooms(&mut session, args.json).await,
        ServerCommand::Join { room, .. } => join(&mut session, room, args.json).await,
        ServerCommand::Say { room, text, .. } => say(&mut session, room.as_deref(), text, args.json).await,
        ServerCommand::Tail {
            room, history, since, ..
        } => {
            let start = since.map_or(TailStart::Latest(*history), |seq| TailStart::After(Seq(seq)));
            tokio::select! {
                result = tail(&mut session, room.as_deref(), start, args.json) => result,
                // If the signal can't be caught, it ends the process.
                _ = tokio::signal::ctrl_c() => Ok(()),
            }
        }
    };
    session.end().await;
    result
}

async fn rooms(session: &mut CliSession, json: bool) -> Result<(), Failure> {
    let mut listed = BTreeSet::new();
    let mut after = None;
    loop {
        let list = session.list_rooms(None, after).await?;
        for room in new_rooms(&mut listed, &list.rooms, list.more)? {
            print::room(json, room).map_err(output_error)?;
        }
        if !list.more {
            return Ok(());
        }
        after = list.rooms.last().map(|room| room.id);
    }
}

/// Adds a part of a list to the rooms that are listed, and returns those that weren't. Fails if there are none although the list
/// goes on.
fn new_rooms<'a>(
    listed: &mut BTreeSet<RoomId>,
    part: &'a [RoomSummary],
    more: bool,
) -> Result<Vec<&'a RoomSummary>, WireError> {
    let new: Vec<_> = part.iter().filter(|room| listed.insert(room.id)).collect();
    if more && new.is_empty() {
        let message = "The server repeats a part of its list of rooms without an end, so the list is incomplete. \
                       Its operator should update it.";
        return Err(WireError::new(ErrorCode::Other, message));
    }
    Ok(new)
}

async fn join(session: &mut CliSession, room: &str, json: bool) -> Result<(), Failure> {
    let room = session.find_room(Some(room)).await?;
    session.join(&room).await?;
    let printed = if json {
        print::object(&json!({ "joined": room.id, "name": room.name }))
    } else {
        print::line(&format!("Joined {}.", room.name))
    };
    printed.map_err(output_error)
}

async fn say(session: &mut CliSession, room: Option<&str>, text: &str, json: bool) -> Result<(), Failure> {
    let room = session.find_room(room).await?;
    session.join(&room).await?;
    let (id, room) = (EntryId::fresh(), room.id);
    let mentions = if text.contains('@') {
        mentions_in(text, session.mentionable(room, text).await?)
    } else {
        Vec::new()
    };
    session.mark_unsent()?;
    let written = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
    session
        .command(Command::Send {
            room,
            id,
            body: Body::Message {
                text: text.to_owned(),
                reply_to: None,
                mentions,
            },
            written: u64::try_from(written).unwrap_or_default(),
        })
        .await?;
    let outcome = session.wait_for(|update| outcome_of(id, update)).await?;
    if outcome.is_err() {
        // Otherwise the refused post would stay in an outbox that no interface shows.
        session.command(Command::Discard { id }).await?;
    }
    let seq = outcome?;
    if json {
        print::object(&json!({ "room": room, "id": id, "seq": seq })).map_err(output_error)?;
    }
    Ok(())
}

/// Returns the outcome of a post, if the update contains it.
fn outcome_of(id: EntryId, update: &Update) -> Option<Result<Seq, WireError>> {
    if let Update::Entries { entries, .. } = update {
        let entry = entries.iter().find(|entry| entry.id == id)?;
        return Some(Ok(entry.seq));
    }
    if let Update::Outbox { items, .. } = update
        && let Some(item) = items.iter().find(|item| item.id == id)
        && let OutboxState::Failed { error } = &item.state
    {
        return Some(Err(error.clone()));
    }
    None
}

async fn tail(session: &mut CliSession, room: Option<&str>, start: TailStart, json: bool) -> Result<(), Failure> {
    let room = session.find_room(room).await?;
    session.join(&room).await?;
    let (id, head) = (room.id, room.head.seq);
    session.heads.insert(id, head);
    // The entries are printed with the members' names.
    let open = [Command::Open { room: id }];
    let opened = session.request(&open, (ClientEventKind::Members, Some(id)), |update| {
        matches!(update, Update::Members { room, .. } if *room == id).then_some(())
    });
    opened.await??;
    let mut last = match start {
        TailStart::Latest(count) => Seq(head.0.saturating_sub(u64::from(count))),
        TailStart::After(seq) => seq,
    };
    session.wait_without_deadline();
    loop {
        while session.heads.get(&id).is_some_and(|head| *head > last) {
            let entries = entries_after(session, id, last).await?;
            session.wait_for_names(id, &entries).await?;
            if !print_next(session, json, id, &entries, &mut last)? {
                break;
            }
        }
        if let Update::Entries { room, entries, .. } = session.next().await?
            && room == id
        {
            session.wait_for_names(id, &entries).await?;
            print_next(session, json, id, &entries, &mut last)?;
        }
    }
}

/// Loads the entries after this one, from the replica or from the server. Asks a busy server again.
async fn entries_after(session: &mut CliSession, room: RoomId, after: Seq) -> Result<Vec<Entry>, WireError> {
    let range = LogRange::after(after, MAX_PAGE_ENTRIES);
    let history = Command::History { room, range };
    loop {
        let loaded = session.request(
            slice::from_ref(&history),
            (ClientEventKind::History, Some(room)),
            |update| entries_in(room, after, update),
        );
        match loaded.await? {
            Err(error) if error.code.is_transient() => tokio::time::sleep(BUSY_DELAY).await,
            loaded => return loaded,
        }
    }
}

/// Returns the entries after this one, if the update has them.
fn entries_in(room: RoomId, after: Seq, update: &Update) -> Option<Vec<Entry>> {
    let Update::Entries { room: of, entries, .. } = update else {
        return None;
    };
    let is_adjacent = entries.first().is_none_or(|first| first.seq <= after.next());
    (*of == room && is_adjacent).then(|| entries.clone())
}

/// Prints the entries that follow the last one without a gap. Returns whether there are any. If the server was restored
/// from a backup, they are the newest page of its log.
fn print_next(
    session: &mut CliSession,
    json: bool,
    room: RoomId,
    entries: &[Entry],
    last: &mut Seq,
) -> Result<bool, Failure> {
    let Some(first) = entries.first() else {
        return Ok(false);
    };
    if session.take_reset(room) {
        *last = Seq(first.seq.0.saturating_sub(1));
    }
    if first.seq > last.next() {
        return Ok(false);
    }
    let before = *last;
    for entry in entries.iter().filter(|entry| entry.seq > before) {
        print::entry(json, entry, &session.names).map_err(output_error)?;
        *last = entry.seq;
    }
    Ok(*last != before)
}

#[allow(clippy::needless_pass_by_value, reason = "`map_err` passes it by value")]
fn output_error(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Failure::NoReader;
    }
    let message = format!("The output could not be written: {error}.");
    Failure::Error(WireError::new(ErrorCode::Other, message))
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        Self::Error(error)
    }
}

#[cfg(test)]
mod tests {
    //! - a list of rooms ends with an error when a part brings nothing new

    use ichat_protocol::{Epoch, Head, Name};

    use super::*;

    #[test]
    fn a_list_that_makes_no_progress_is_an_error() {
        let mut listed = BTreeSet::new();
        let mut count = |part: &[u128], more| {
            let part: Vec<_> = part.iter().copied().map(room).collect();
            new_rooms(&mut listed, &part, more).map(|rooms| rooms.len())
        };
        assert_eq!(count(&[1, 2], true), Ok(2));
        assert_eq!(count(&[2, 3], true), Ok(1));
        for repeated in [&[1, 2][..], &[3], &[]] {
            assert!(count(repeated, true).is_err(), "{repeated:?}");
        }
        assert_eq!(count(&[], false), Ok(0));
    }

    fn room(number: u128) -> RoomSummary {
        RoomSummary {
            id: RoomId(uuid::Uuid::from_u128(number)),
            name: Name::parse("Lunch").unwrap(),
            topic: String::new(),
            members: 1,
            head: Head {
                epoch: Epoch(uuid::Uuid::nil()),
                seq: Seq(1),
            },
            joined: false,
            read: Seq(0),
            unread: 0,
        }
    }
}
