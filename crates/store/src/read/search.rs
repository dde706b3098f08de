//! Searching messages by their current text.

use std::cmp::Reverse;
use std::ops::{Range, RangeInclusive};

use rusqlite::{Connection, OptionalExtension as _};

use super::parsed_query::ParsedQuery;
use super::rooms::{RoomRow, room_row, room_rows, user_key};
use crate::log::{EntryKey, IS_TARGET, indexed_text, int, message_with_text};
use crate::projection::indexed_to;
use crate::{SearchHit, SearchQuery, StoreError};

/// A person does not read more hits; a narrower search is better.
const MAX_HITS: u32 = 200;
/// The messages that a search for a short beginning of a word reads before it decides how to go on.
const PROBE_BATCH: usize = 250;
/// If one message in so many has such a word, there are so many that reading them is faster than the index, which would
/// need a tenth of a second to merge all words with that beginning.
const PROBE_RATIO: usize = 50;

/// Searches messages, the newest first: see [`crate::Store::search`].
pub(crate) fn search(connection: &Connection, query: &SearchQuery) -> rusqlite::Result<Vec<SearchHit>> {
    let author = match &query.author {
        None => None,
        Some(id) => match user_key(connection, id)? {
            None => return Ok(Vec::new()),
            known => known,
        },
    };
    let Some(parsed) = ParsedQuery::parse(&query.text, author)? else {
        return Ok(Vec::new());
    };
    let rooms = match query.room {
        Some(room) => room_row(connection, room)?.into_iter().collect(),
        None => room_rows(connection)?,
    };
    let limit = usize::try_from(query.limit.clamp(1, MAX_HITS)).unwrap_or(1);
    let mut hits = Vec::new();
    // Within a room the index yields the newest first, however many there are. Only these few are sorted.
    for room in &rooms {
        let keys = keys_between(connection, room, query.from, query.until)?;
        let mut room = RoomSearch {
            connection,
            room,
            query: &parsed,
            times: query.from.unwrap_or(0)..=query.until.map_or(u64::MAX, |until| until.saturating_sub(1)),
            wanted: limit,
            hits: &mut hits,
        };
        room.run(keys)?;
    }
    hits.sort_by_key(|hit| Reverse((hit.entry.at, hit.entry.seq)));
    hits.truncate(limit);
    Ok(hits)
}

/// The part of a search that is in one room.
struct RoomSearch<'a> {
    connection: &'a Connection,
    room: &'a RoomRow,
    query: &'a ParsedQuery,
    /// The dates that a hit may have.
    times: RangeInclusive<u64>,
    /// The number of hits that are still wanted.
    wanted: usize,
    hits: &'a mut Vec<SearchHit>,
}

impl RoomSearch<'_> {
    /// Finds the newest hits among these keys.
    fn run(&mut self, mut keys: Range<EntryKey>) -> rusqlite::Result<()> {
        self.find_unindexed(&keys)?;
        if let Some(words) = self.query.without_beginning() {
            match self.find(&keys, &words, true, Some(PROBE_RATIO))? {
                Some(lowest) => keys.end = lowest,
                None => return Ok(()),
            }
        }
        self.find(&keys, &self.query.all_words(), self.query.has_phrase(), None)?;
        Ok(())
    }

    /// Adds the messages that are not in the index, by reading each text. There are some only if the index can't be written,
    /// for example on a full disk. They are the newest of the room.
    fn find_unindexed(&mut self, keys: &Range<EntryKey>) -> rusqlite::Result<()> {
        let first = EntryKey(indexed_to(self.connection, self.room.key)?.0 + 1).max(keys.start);
        let sql = format!(
            "SELECT key, author FROM entry WHERE key >= ?1 AND key < ?2 AND kind IN {} ORDER BY key DESC",
            *IS_TARGET
        );
        let mut messages = self.connection.prepare_cached(&sql)?;
        let mut messages = messages.query((first, keys.end))?;
        while self.wanted > 0
            && let Some(row) = messages.next()?
        {
            let key = row.get(0)?;
            if self.query.includes(row.get(1)?) {
                self.add_if_hit(key, true)?;
            }
        }
        Ok(())
    }

    /// Adds the messages that the index finds for these words, after comparing their texts if `reads_texts`. Returns the key
    /// of the last one if it gave up because less than one in `min_ratio` was a hit.
    fn find(
        &mut self,
        keys: &Range<EntryKey>,
        words: &str,
        reads_texts: bool,
        min_ratio: Option<usize>,
    ) -> rusqlite::Result<Option<EntryKey>> {
        if keys.is_empty() {
            return Ok(None);
        }
        let mut found = self.connection.prepare_cached(
            "SELECT rowid FROM search_index WHERE search_index MATCH ?1 AND rowid BETWEEN ?2 AND ?3 ORDER BY rowid DESC",
        )?;
        let mut found = found.query((words, keys.start, keys.end.0 - 1))?;
        let (mut read, wanted) = (0, self.wanted);
        while self.wanted > 0
            && let Some(row) = found.next()?
        {
            let key = row.get(0)?;
            self.add_if_hit(key, reads_texts)?;
            read += 1;
            if let Some(min_ratio) = min_ratio
                && read % PROBE_BATCH == 0
                && (wanted - self.wanted) * min_ratio < read
            {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    /// Adds a message, after comparing its text if `reads_text`. A damaged one is left out: its text may be another one than
    /// was written, and the others are found without it.
    fn add_if_hit(&mut self, message: EntryKey, reads_text: bool) -> rusqlite::Result<()> {
        let is_hit = if reads_text { self.matches(message) } else { Ok(true) };
        let added = is_hit.and_then(|is_hit| if is_hit { self.add_hit(message) } else { Ok(()) });
        match added {
            Err(error) if StoreError::of_damaged_row(&error).is_some() => {
                tracing::warn!(%error, "a message can't be searched");
                Ok(())
            }
            result => result,
        }
    }

    fn add_hit(&mut self, message: EntryKey) -> rusqlite::Result<()> {
        if let Some((entry, text)) = message_with_text(self.connection, message)?
            && self.times.contains(&entry.at)
        {
            let room = self.room.id;
            self.wanted -= 1;
            self.hits.push(SearchHit { room, entry, text });
        }
        Ok(())
    }

    /// Compares a message's text without its checksum: most messages are no hits, and only hits are shown.
    fn matches(&self, message: EntryKey) -> rusqlite::Result<bool> {
        match indexed_text(self.connection, message)? {
            Some(text) => self.query.matches(&text),
            None => Ok(false),
        }
    }
}

/// Returns the keys of a room's entries from a time on and before another one, by a binary search for both ends. Only where the
/// server's clock was set back does the range have other entries, too, or lack some of those around that moment.
fn keys_between(
    connection: &Connection,
    room: &RoomRow,
    from: Option<u64>,
    until: Option<u64>,
) -> rusqlite::Result<Range<EntryKey>> {
    let all = room.key.entry(room.first)..EntryKey(room.key.entry(room.last).0 + 1);
    let bound = |time: Option<u64>, otherwise: EntryKey| match time {
        Some(time) => first_at(connection, all.clone(), time),
        None => Ok(otherwise),
    };
    Ok(bound(from, all.start)?..bound(until, all.end)?)
}

/// Returns the key of the first entry that is not older than a time; the end of the range if all are.
fn first_at(connection: &Connection, keys: Range<EntryKey>, time: u64) -> rusqlite::Result<EntryKey> {
    let mut read_time = connection.prepare_cached("SELECT at FROM entry WHERE key = ?1")?;
    let (mut start, mut end) = (keys.start.0, keys.end.0);
    while start < end {
        let middle = start + (end - start) / 2;
        let at: Option<i64> = read_time.query_row([middle], |row| row.get(0)).optional()?;
        if at.is_some_and(|at| at < int(time)) {
            start = middle + 1;
        } else {
            end = middle;
        }
    }
    Ok(EntryKey(start))
}
