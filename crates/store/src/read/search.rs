//! Finding messages by their current text.

use std::cmp::Reverse;
use std::ops::Range;

use ichat_protocol::{Body, EntryId};
use rusqlite::{Connection, OptionalExtension as _};

use super::rooms::{RoomRow, person, row_of, rows};
use super::text_as_of::text_as_of;
use super::words::Query;
use crate::code::{at, entry_at};
use crate::{Hit, Search};

/// More hits than this nobody reads; a narrower search is better.
const MOST: u32 = 200;
/// Where a few letters begin a word, so many messages that have the other words are looked at, as long as one in
/// [`ONE_IN`] has such a word: then there are so many in all that the index takes a tenth of a second to bring them together.
/// Otherwise they are few, and the index is faster.
const TRIED: usize = 250;
const ONE_IN: usize = 50;

/// See [`crate::Store::search`].
pub(crate) fn search(connection: &Connection, search: &Search) -> rusqlite::Result<Vec<Hit>> {
    let author = match &search.author {
        None => None,
        Some(id) => match person(connection, id)? {
            None => return Ok(Vec::new()),
            known => known,
        },
    };
    let Some(query) = Query::of(&search.text, author)? else {
        return Ok(Vec::new());
    };
    let rooms = match search.room {
        Some(room) => row_of(connection, room)?.into_iter().collect(),
        None => rows(connection)?,
    };
    let limit = usize::try_from(search.limit.clamp(1, MOST)).unwrap_or(1);
    let mut hits = Vec::new();
    // Within a room the index gives the newest first by itself, however many there are; only these few are sorted.
    for room in &rooms {
        let keys = keys_between(connection, room, search.from, search.until)?;
        let mut room = Room {
            connection,
            row: room,
            query: &query,
            left: limit,
            hits: &mut hits,
        };
        room.search(keys)?;
    }
    hits.sort_by_key(|hit| Reverse((hit.entry.at, hit.entry.seq)));
    hits.truncate(limit);
    Ok(hits)
}

/// One room's part of a search.
struct Room<'a> {
    connection: &'a Connection,
    row: &'a RoomRow,
    query: &'a Query,
    /// So many hits are wanted yet.
    left: usize,
    hits: &'a mut Vec<Hit>,
}

impl Room<'_> {
    /// Finds the newest first, among these keys.
    fn search(&mut self, mut keys: Range<i64>) -> rusqlite::Result<()> {
        if let Some(others) = self.query.without_beginning() {
            match self.look(&keys, &others, true, Some(ONE_IN))? {
                Some(lowest) => keys.end = lowest,
                None => return Ok(()),
            }
        }
        self.look(&keys, &self.query.all(), self.query.has_phrase(), None)?;
        Ok(())
    }

    /// Takes the messages that the index finds for these words, and looks at their texts if that can tell more. Gives the
    /// key of the last one when it gave up, because not even one in so many was a hit.
    fn look(
        &mut self,
        keys: &Range<i64>,
        words: &str,
        in_texts: bool,
        one_in: Option<usize>,
    ) -> rusqlite::Result<Option<i64>> {
        if keys.is_empty() {
            return Ok(None);
        }
        let mut found = self.connection.prepare_cached(
            "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid BETWEEN ?2 AND ?3 ORDER BY rowid DESC",
        )?;
        let mut found = found.query((words, keys.start, keys.end - 1))?;
        let (mut tried, wanted) = (0, self.left);
        while self.left > 0
            && let Some(row) = found.next()?
        {
            let key = row.get(0)?;
            if let Some(current) = text_as_of(self.connection, key, i64::MAX)?
                && (!in_texts || self.query.holds(&current)?)
                && let Some(mut entry) = entry_at(self.connection, key)?
                && let Body::Message { text, .. } = &mut entry.body
            {
                *text = current;
                self.left -= 1;
                let room = self.row.id;
                self.hits.push(Hit { room, entry });
            }
            tried += 1;
            if let Some(one_in) = one_in
                && tried % TRIED == 0
                && (wanted - self.left) * one_in < tried
            {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }
}

/// Whether the index finds a message by a word of it. The word is one that every tokenizer takes for one; a message without
/// such a word is taken for found.
pub(crate) fn is_indexed(connection: &Connection, key: i64, text: &str) -> rusqlite::Result<bool> {
    let plain = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric());
    let Some(word) = text.split_whitespace().filter(plain).max_by_key(|word| word.len()) else {
        return Ok(true);
    };
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM words WHERE words MATCH ?1 AND rowid = ?2)")?
        .query_row((format!("\"{word}\""), key), |row| row.get(0))
}

/// The keys of a room's entries from a time on and before another one. A room's time never goes back, so that both ends
/// are found by halving.
fn keys_between(
    connection: &Connection,
    room: &RoomRow,
    from: Option<u64>,
    until: Option<u64>,
) -> rusqlite::Result<Range<i64>> {
    let all = room.key.at(room.first)..room.key.at(room.last) + 1;
    let end = |time: Option<u64>, otherwise: i64| match time {
        Some(time) => first_at(connection, all.clone(), time),
        None => Ok(otherwise),
    };
    Ok(end(from, all.start)?..end(until, all.end)?)
}

/// The key of the first entry that is not older than a time; the end of the range if all are.
fn first_at(connection: &Connection, Range { mut start, mut end }: Range<i64>, time: u64) -> rusqlite::Result<i64> {
    let mut look = connection.prepare_cached("SELECT id, lag FROM entry WHERE key = ?1")?;
    while start < end {
        let middle = start + (end - start) / 2;
        let found = look
            .query_row([middle], |row| Ok(at(EntryId(row.get(0)?), row.get(1)?)))
            .optional()?;
        if found.is_some_and(|at| at < time) {
            start = middle + 1;
        } else {
            end = middle;
        }
    }
    Ok(start)
}
