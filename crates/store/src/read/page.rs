//! A page: a range of a room's log, with what amends it from beyond; and the position of an entry.

use std::collections::{BTreeMap, HashSet};

use ichat_protocol::{Entry, EntryId, Page, RoomId, Seq, limits};
use rusqlite::{Connection, OptionalExtension as _};

use super::rooms::{RoomRow, room_row, user_key};
use crate::log::{EntryKey, MAX_SEQ, RoomKey, entry_at, read_entry, select_entries, unreadable};
use crate::projection::{AmendmentKey, amendment};

/// The size of what amends the messages of a page: it has fewer entries where that is long.
const MAX_AMENDMENT_BYTES: usize = 128 * 1024;
/// The size of an entry without a text.
const SHORT_ENTRY_BYTES: usize = 300;

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
    let later = later(connection, room.key, &mut entries, after.is_some())?;
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
///
/// Shortens the page if they are too long, at its end if `upwards`, otherwise at its beginning. What amends one message is never
/// too long.
fn later(
    connection: &Connection,
    room: RoomKey,
    entries: &mut Vec<Entry>,
    upwards: bool,
) -> rusqlite::Result<Vec<Entry>> {
    let Some(end) = entries.last().map(|entry| entry.seq) else {
        return Ok(Vec::new());
    };
    let mut amendments = connection.prepare_cached(select_entries!(
        "WHERE e.key IN (SELECT entry FROM amendment WHERE room = ?1 AND target = ?2 AND shown)"
    ))?;
    let mut later = Vec::new();
    let (mut fitting, mut bytes) = (0, 0);
    let (mut forwards, mut backwards) = (entries.iter(), entries.iter().rev());
    let messages: &mut dyn Iterator<Item = &Entry> = if upwards { &mut forwards } else { &mut backwards };
    for message in messages {
        if message.body.properties().is_target {
            let rows = amendments.query_map((room, message.id.0), read_entry)?;
            let shown: Vec<Entry> = rows.collect::<Result<_, _>>()?;
            let beyond = shown.iter().filter(|entry| entry.seq > end).map(size).sum::<usize>();
            if beyond > 0 && bytes > 0 && bytes + beyond > MAX_AMENDMENT_BYTES {
                break;
            }
            bytes += beyond;
            later.extend(shown.into_iter().map(|entry| (message.seq, entry)));
        }
        fitting += 1;
    }
    if !upwards {
        entries.drain(..entries.len() - fitting);
    } else if fitting < entries.len() {
        entries.truncate(fitting_before(entries, fitting, &later));
    }
    let Some(last) = entries.last().map(|entry| entry.seq) else {
        return Ok(Vec::new());
    };
    let beyond = later
        .into_iter()
        .filter(|(message, entry)| *message <= last && entry.seq > last);
    let mut later: Vec<Entry> = beyond.map(|(_, entry)| entry).collect();
    later.extend(removals(connection, room, entries, last)?);
    later.sort_unstable_by_key(|entry| entry.seq);
    Ok(later)
}

/// Returns the most of the first `count` entries beyond which their amendments are not too long: the page must end before some,
/// so more of them are beyond it. Each amendment comes with the position of its message.
fn fitting_before(entries: &[Entry], count: usize, amendments: &[(Seq, Entry)]) -> usize {
    let bytes_beyond = |end: Seq| {
        let beyond = amendments
            .iter()
            .filter(|(message, entry)| *message <= end && entry.seq > end);
        beyond.map(|(_, entry)| size(entry)).sum::<usize>()
    };
    let of_first = amendments.first().map_or(0, |(message, _)| bytes_beyond(*message));
    let max = of_first.max(MAX_AMENDMENT_BYTES);
    let mut ends = entries.iter().take(count);
    ends.rposition(|end| bytes_beyond(end.seq) <= max)
        .map_or(1, |index| index + 1)
}

/// Returns about the size of an entry as JSON, in bytes.
fn size(entry: &Entry) -> usize {
    entry.body.message_bytes() + SHORT_ENTRY_BYTES
}

/// Reads the entries beyond the page that remove what entries of the page have set.
fn removals(connection: &Connection, room: RoomKey, entries: &[Entry], last: Seq) -> rusqlite::Result<Vec<Entry>> {
    let messages = entries.iter().filter(|entry| entry.body.properties().is_target);
    let messages: HashSet<EntryId> = messages.map(|entry| entry.id).collect();
    let mut removals = BTreeMap::new();
    for entry in entries {
        if !entry.body.target().is_some_and(|target| messages.contains(&target)) {
            continue;
        }
        let Some(author) = user_key(connection, &entry.author)? else {
            continue;
        };
        if let Some(key) = AmendmentKey::of(room, author, &entry.body)
            && let Some(amendment) = amendment(connection, key)?
            && !amendment.shown
            && amendment.entry.seq() > last
            && let Some(removal) = entry_at(connection, amendment.entry)?
        {
            removals.insert(removal.seq, removal);
        }
    }
    Ok(removals.into_values().collect())
}
