//! A range of a room's log.

use std::collections::HashMap;

use ichat_protocol::{Body, Entry, EntryId, MemberId, Page, RoomId, Seq, limits};
use rusqlite::Connection;

use super::rooms::{RoomRow, row_of};
use crate::code::{RoomKey, SEQ_TOP, read_entry, select_entries, unreadable};

/// See [`crate::Store::page`].
pub(crate) fn page(
    connection: &Connection,
    id: RoomId,
    before: Option<Seq>,
    after: Option<Seq>,
    limit: u32,
) -> rusqlite::Result<Option<Page>> {
    let Some(room) = row_of(connection, id)? else {
        return Ok(None);
    };
    let low = room.key.at(after.map_or(Seq(1), Seq::next));
    // A place past the top is the top itself, which nothing stands behind.
    let high = match before {
        Some(before) if before <= SEQ_TOP => room.key.at(before) - 1,
        _ => room.key.at(SEQ_TOP),
    };
    let limit = limit.clamp(1, limits::MAX_PAGE_ENTRIES);
    let mut entries: Vec<Entry> = if after.is_some() {
        connection
            .prepare_cached(select_entries!("WHERE e.key BETWEEN ?1 AND ?2 ORDER BY e.key LIMIT ?3"))?
            .query_map((low, high, limit), read_entry)?
            .collect::<Result<_, _>>()?
    } else {
        connection
            .prepare_cached(select_entries!(
                "WHERE e.key BETWEEN ?1 AND ?2 ORDER BY e.key DESC LIMIT ?3"
            ))?
            .query_map((low, high, limit), read_entry)?
            .collect::<Result<_, _>>()?
    };
    if after.is_none() {
        entries.reverse();
    }
    is_whole(&room, before, after, limit, &entries)?;
    let later = later(connection, room.key, &entries)?;
    Ok(Some(Page {
        room: id,
        head: room.told_head(),
        entries,
        later,
    }))
}

/// A page of a log has no gap and ends where it should: an entry that is missing is a fault, and never a short page.
fn is_whole(
    room: &RoomRow,
    before: Option<Seq>,
    after: Option<Seq>,
    limit: u32,
    entries: &[Entry],
) -> rusqlite::Result<()> {
    let low = after.map_or(room.first, |after| after.next().max(room.first)).0.max(1);
    let end = before.map_or(room.last.next(), |before| before.min(room.last.next())).0;
    let count = end.saturating_sub(low).min(u64::from(limit));
    let start = if after.is_some() {
        low
    } else {
        end.saturating_sub(count)
    };
    let places = start..start.saturating_add(count);
    if entries.iter().map(|entry| entry.seq.0).eq(places.clone()) {
        return Ok(());
    }
    let missing = places
        .into_iter()
        .find(|place| !entries.iter().any(|entry| entry.seq.0 == *place));
    Err(unreadable(
        0,
        match missing {
            Some(place) => format!("entry {place} is missing"),
            None => format!("there are entries beyond {}, the last", room.last),
        },
    ))
}

/// What lies beyond the page and changes how its messages are shown: the last edit of each, and for each person and emoji
/// the last reaction, if it stands or takes back one that is in the page. Deletions are not among it: a deleted message
/// is `wiped` in the page itself. So there are at most one edit for each message, and the reactions that are shown.
fn later(connection: &Connection, room: RoomKey, entries: &[Entry]) -> rusqlite::Result<Vec<Entry>> {
    let Some(last) = entries.last() else {
        return Ok(Vec::new());
    };
    let (beyond, top) = (room.at(last.seq) + 1, room.range().1);
    let mut amending = connection.prepare_cached(select_entries!(
        "WHERE e.amends = ?1 AND e.key BETWEEN ?2 AND ?3 ORDER BY e.key"
    ))?;
    let mut later = Vec::new();
    for message in entries.iter().filter(|e| matches!(e.body, Body::Message { .. })) {
        let amendments: Vec<Entry> = amending
            .query_map((message.id.0, beyond, top), read_entry)?
            .collect::<Result<_, _>>()?;
        later.extend(last_of_each(amendments, message.id, entries));
    }
    later.sort_unstable_by_key(|entry| entry.seq);
    Ok(later)
}

fn last_of_each(amendments: Vec<Entry>, message: EntryId, page: &[Entry]) -> Vec<Entry> {
    let mut edit = None;
    let mut reactions: HashMap<(MemberId, String), Entry> = HashMap::new();
    for entry in amendments {
        match &entry.body {
            Body::Edit { .. } => edit = Some(entry),
            Body::React { emoji, .. } => {
                reactions.insert((entry.author.clone(), emoji.clone()), entry);
            }
            _ => {}
        }
    }
    let in_page = |reaction: &Entry| {
        page.iter().any(|e| match (&e.body, &reaction.body) {
            (Body::React { to, emoji, .. }, Body::React { emoji: same, .. }) => {
                *to == message && emoji == same && e.author == reaction.author
            }
            _ => false,
        })
    };
    let shown = reactions
        .into_values()
        .filter(|r| matches!(r.body, Body::React { on: true, .. }) || in_page(r));
    edit.into_iter().chain(shown).collect()
}
