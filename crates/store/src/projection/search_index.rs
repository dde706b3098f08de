//! The search index. It is written behind the log: a commit is faster without it, and indexing many messages at once costs a
//! fraction of indexing each alone.
//!
//! `search_progress` says how far the index has each room. A message above that is indexed later, with the text that it has
//! by then, so an edit or a deletion of it leaves the index alone.
//!
//! A message whose text can't be read is left out, as from the other projections. If the index may have such a message's
//! words and has to lose them, it is emptied and written again.

use ichat_protocol::Seq;
use rusqlite::{Connection, OptionalExtension as _};

use crate::StoreError;
use crate::log::{EntryKey, IS_TARGET, RoomKey, UserKey, indexed_text, indexed_text_before, int, natural, read_seq};

/// Precedes an author's key in the word for the author. It is of the private use area, which FTS5 takes for letters.
pub(crate) const AUTHOR_MARK: char = '\u{E000}';

/// A part of a room's log that the index has not.
struct PendingRange {
    room: RoomKey,
    first: EntryKey,
    last: EntryKey,
}

impl PendingRange {
    /// Returns the number of entries; a room's log has no gaps.
    fn len(&self) -> u64 {
        natural(self.last.0 - self.first.0 + 1)
    }
}

/// Returns the word that stands for an author.
pub(crate) fn author_word(author: UserKey) -> String {
    format!("{AUTHOR_MARK}{}", author.0)
}

/// Returns whether the index has been written as far as this entry.
pub(crate) fn is_indexed(connection: &Connection, entry: EntryKey) -> rusqlite::Result<bool> {
    Ok(entry <= indexed_to(connection, entry.room())?)
}

/// Returns the key of the last entry that the index has been written to in a room; key 0 if there is none.
pub(crate) fn indexed_to(connection: &Connection, room: RoomKey) -> rusqlite::Result<EntryKey> {
    let key = connection
        .prepare_cached("SELECT indexed_to FROM search_progress WHERE room = ?1")?
        .query_row([room], |row| row.get(0))
        .optional()?;
    Ok(key.unwrap_or(EntryKey(0)))
}

/// Adds a message to the index.
pub(crate) fn add_to_index(
    connection: &Connection,
    message: EntryKey,
    author: UserKey,
    text: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO search_index (rowid, text) VALUES (?1, ?2)")?
        .execute((message, document(author, text)))?;
    Ok(())
}

/// Removes a message from the index. `text` must be the text that it was added with, which the index itself has not.
pub(crate) fn remove_from_index(
    connection: &Connection,
    message: EntryKey,
    author: UserKey,
    text: rusqlite::Result<Option<String>>,
) -> rusqlite::Result<()> {
    match text {
        Ok(Some(text)) => remove_text(connection, message, author, &text),
        Ok(None) => Ok(()),
        Err(error) if StoreError::of_damaged_row(&error).is_some() => empty_index(connection),
        Err(error) => Err(error),
    }
}

fn remove_text(connection: &Connection, message: EntryKey, author: UserKey, text: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO search_index (search_index, rowid, text) VALUES ('delete', ?1, ?2)")?
        .execute((message, document(author, text)))?;
    Ok(())
}

/// Removes all messages from the index, which is then written again behind the log.
fn empty_index(connection: &Connection) -> rusqlite::Result<()> {
    tracing::warn!("a message can't be read: the search index is written again without it");
    connection.execute_batch(
        "INSERT INTO search_index (search_index) VALUES ('delete-all');
         DELETE FROM search_progress;",
    )
}

fn document(author: UserKey, text: &str) -> String {
    format!("{text} {}", author_word(author))
}

/// Replaces a message's text in the index by the one that the entry `edit` gives it. The edit is in the log already.
pub(crate) fn reindex(
    connection: &Connection,
    message: EntryKey,
    author: UserKey,
    edit: EntryKey,
    text: &str,
) -> rusqlite::Result<()> {
    if !is_indexed(connection, message)? {
        return Ok(());
    }
    let before = indexed_text_before(connection, message, edit);
    remove_from_index(connection, message, author, before)?;
    // If the index was emptied the message is indexed later.
    if is_indexed(connection, message)? {
        add_to_index(connection, message, author, text)?;
    }
    Ok(())
}

/// Returns how many entries are not indexed yet.
pub(crate) fn pending_entries(connection: &Connection) -> rusqlite::Result<u64> {
    Ok(pending_ranges(connection)?.iter().map(PendingRange::len).sum())
}

fn pending_ranges(connection: &Connection) -> rusqlite::Result<Vec<PendingRange>> {
    let ranges = connection
        .prepare_cached(
            "SELECT room.key, first_seq, last_seq, coalesce(indexed_to, 0)
             FROM room LEFT JOIN search_progress ON room = room.key WHERE last_seq > 0",
        )?
        .query_map([], |row| {
            let room: RoomKey = row.get(0)?;
            let indexed_to: EntryKey = row.get(3)?;
            Ok(PendingRange {
                room,
                first: room.entry(read_seq(row, 1)?).max(EntryKey(indexed_to.0 + 1)),
                last: room.entry(read_seq(row, 2)?),
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(ranges.into_iter().filter(|range| range.first <= range.last).collect())
}

/// Indexes up to `max` entries. Returns how many are still not indexed.
pub(crate) fn index_pending(connection: &Connection, max: u64) -> rusqlite::Result<u64> {
    let ranges = pending_ranges(connection)?;
    let mut pending: u64 = ranges.iter().map(PendingRange::len).sum();
    let mut budget = max;
    for range in ranges {
        if budget == 0 {
            break;
        }
        let count = range.len().min(budget);
        let last = EntryKey(range.first.0 + int(count) - 1);
        index_range(connection, range.first, last)?;
        connection
            .prepare_cached("INSERT OR REPLACE INTO search_progress (room, indexed_to) VALUES (?1, ?2)")?
            .execute((range.room, last))?;
        budget -= count;
        pending -= count;
    }
    Ok(pending)
}

/// Indexes the messages with keys from `first` to `last`, each with its current text. One that can't be read is left out: it
/// is an error where it is read, and no reason to index nothing.
pub(crate) fn index_range(connection: &Connection, first: EntryKey, last: EntryKey) -> rusqlite::Result<()> {
    for_each_message(connection, first, last, |message, author, text| match text {
        Ok(Some(text)) => add_to_index(connection, message, author, &text),
        Ok(None) => Ok(()),
        Err(error) => match StoreError::of_damaged_row(&error) {
            Some(cause) => {
                tracing::warn!(cause, seq = %message.seq(), "a message is missing from the search index");
                Ok(())
            }
            None => Err(error),
        },
    })
}

/// Removes all messages of a room from the index.
pub(crate) fn remove_room_from_index(connection: &Connection, room: RoomKey) -> rusqlite::Result<()> {
    let last = indexed_to(connection, room)?;
    for_each_message(connection, room.entry(Seq(1)), last, |message, author, text| {
        // None is left once the index was emptied.
        if is_indexed(connection, message)? {
            remove_from_index(connection, message, author, text)?;
        }
        Ok(())
    })?;
    connection
        .prepare_cached("DELETE FROM search_progress WHERE room = ?1")?
        .execute([room])?;
    Ok(())
}

/// Calls `change` with each message with a key from `first` to `last`, its author and its current text.
fn for_each_message(
    connection: &Connection,
    first: EntryKey,
    last: EntryKey,
    change: impl Fn(EntryKey, UserKey, rusqlite::Result<Option<String>>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let sql = format!(
        "SELECT key, author FROM entry WHERE key BETWEEN ?1 AND ?2 AND kind IN {}",
        *IS_TARGET
    );
    let mut messages = connection.prepare_cached(&sql)?;
    let mut messages = messages.query((first, last))?;
    while let Some(message) = messages.next()? {
        let (key, author) = (message.get(0)?, message.get(1)?);
        change(key, author, indexed_text(connection, key))?;
    }
    Ok(())
}
