//! A page: a range of a room's log, with what amends it from beyond; and the position of an entry.

use std::collections::{HashMap, HashSet};

use ichat_protocol::{CollapseKey, Entry, EntryId, Page, RoomId, Seq, limits};
use rusqlite::{Connection, OptionalExtension as _};

use super::rooms::{RoomRow, room_row};
use crate::log::{EntryKey, MAX_SEQ, RoomKey, read_entry, select_entries, unreadable};

/// Reads a page: see [`crate::Store::page`].
pub(crate) fn page(
    connection: &Connection,
    id: RoomId,
    before: Option<Seq>,
    after: Option<Seq>,
    limit: u32,
) -> rusqlite::Result<Option<Page>> {
    let Some(room) = room_row(connection, id)? else {
        return Ok(None);
    };
    let low = room.key.entry(after.map_or(Seq(1), Seq::next));
    let high = match before {
        Some(before) if before <= MAX_SEQ => EntryKey(room.key.entry(before).0 - 1),
        _ => room.key.entry(MAX_SEQ),
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
    check_complete(&room, before, after, limit, &entries)?;
    let later = later(connection, room.key, &entries)?;
    Ok(Some(Page {
        room: id,
        head: room.server_head(),
        entries,
        later,
    }))
}

/// Reads the position of an entry: see [`crate::Store::seq_of`].
pub(crate) fn seq_of(connection: &Connection, room: RoomId, entry: EntryId) -> rusqlite::Result<Option<Seq>> {
    let Some(room) = room_row(connection, room)? else {
        return Ok(None);
    };
    let (first, last) = room.key.entries();
    let key: Option<EntryKey> = connection
        .prepare_cached("SELECT key FROM entry WHERE id = ?1 AND key BETWEEN ?2 AND ?3")?
        .query_row((entry.0, first, last), |row| row.get(0))
        .optional()?;
    Ok(key.map(EntryKey::seq))
}

/// Fails if the page has a gap or ends too early: a missing entry is an error, and never a shorter page.
fn check_complete(
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
    let expected = start..start.saturating_add(count);
    if entries.iter().map(|entry| entry.seq.0).eq(expected.clone()) {
        return Ok(());
    }
    let missing = expected
        .into_iter()
        .find(|seq| !entries.iter().any(|entry| entry.seq.0 == *seq));
    Err(unreadable(
        0,
        match missing {
            Some(seq) => format!("entry {seq} is missing"),
            None => format!("there are entries beyond {}, the last", room.last),
        },
    ))
}

/// Reads the entries beyond the page that change how its messages are shown: for each collapse key the last one, unless it
/// only removes what is not in the page either. So there are at most one edit for each message, and the reactions that are
/// shown. A deleted message is `wiped` in the page itself, and nothing amends it.
fn later(connection: &Connection, room: RoomKey, entries: &[Entry]) -> rusqlite::Result<Vec<Entry>> {
    let Some(last) = entries.last() else {
        return Ok(Vec::new());
    };
    let in_page: HashSet<CollapseKey> = entries.iter().filter_map(collapse_key).collect();
    let (beyond, end) = (EntryKey(room.entry(last.seq).0 + 1), room.entry(MAX_SEQ));
    let mut amendments = connection.prepare_cached(select_entries!(
        "WHERE e.target = ?1 AND e.key BETWEEN ?2 AND ?3 ORDER BY e.key"
    ))?;
    let mut later = Vec::new();
    for message in entries.iter().filter(|entry| entry.body.properties().is_target) {
        let mut last_of_key = HashMap::new();
        for amendment in amendments.query_map((message.id.0, beyond, end), read_entry)? {
            let amendment = amendment?;
            match collapse_key(&amendment) {
                Some(key) => {
                    last_of_key.insert(key, amendment);
                }
                None => later.push(amendment),
            }
        }
        let shown = last_of_key
            .into_iter()
            .filter(|(key, entry)| !entry.body.is_removal() || in_page.contains(key));
        later.extend(shown.map(|(_, entry)| entry));
    }
    later.sort_unstable_by_key(|entry| entry.seq);
    Ok(later)
}

fn collapse_key(entry: &Entry) -> Option<CollapseKey> {
    entry.body.collapse_key(&entry.author)
}
