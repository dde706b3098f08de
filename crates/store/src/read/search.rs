//! Finding messages by their current text.

use std::cmp::Reverse;

use ichat_protocol::Body;
use rusqlite::Connection;

use super::page::edited_text;
use super::rooms::{RoomRow, person, row_of, rows};
use crate::code::{read_entry, select_entries};
use crate::{Hit, Search};

/// More hits than this nobody reads; a narrower search is better.
const MOST: u32 = 200;

/// See [`crate::Store::search`].
pub(crate) fn search(connection: &Connection, search: &Search) -> rusqlite::Result<Vec<Hit>> {
    let Some(query) = query(&search.text) else {
        return Ok(Vec::new());
    };
    let author = match &search.author {
        None => None,
        Some(id) => match person(connection, id)? {
            None => return Ok(Vec::new()),
            known => known,
        },
    };
    let rooms = match search.room {
        Some(room) => row_of(connection, room)?.into_iter().collect(),
        None => rows(connection)?,
    };
    let limit = search.limit.clamp(1, MOST);
    let mut hits = Vec::new();
    // Within a room the index gives the newest first by itself, however many there are; only these few are sorted.
    for room in &rooms {
        hits.extend(search_room(connection, room, &query, author, limit)?);
    }
    hits.sort_by_key(|hit| Reverse((hit.entry.at, hit.entry.seq)));
    hits.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(hits)
}

fn search_room(
    connection: &Connection,
    room: &RoomRow,
    query: &str,
    author: Option<i64>,
    limit: u32,
) -> rusqlite::Result<Vec<Hit>> {
    let (first, last) = room.key.range();
    let found = connection
        .prepare_cached(select_entries!(
            "WHERE e.key IN (SELECT w.rowid FROM words w CROSS JOIN entry m ON m.key = w.rowid \
               WHERE words MATCH ?1 AND w.rowid BETWEEN ?2 AND ?3 AND (?4 IS NULL OR m.author = ?4) \
               ORDER BY w.rowid DESC LIMIT ?5)"
        ))?
        .query_map((query, first, last, author, limit), read_entry)?
        .collect::<Result<Vec<_>, _>>()?;
    let mut hits = Vec::with_capacity(found.len());
    for mut entry in found {
        if let Body::Message { text, .. } = &mut entry.body
            && let Some(edited) = edited_text(connection, room.key, entry.id)?
        {
            *text = edited;
        }
        hits.push(Hit { room: room.id, entry });
    }
    Ok(hits)
}

/// Whether searching for a word of a message finds it. The word is one that every tokenizer takes for one; a message without
/// such a word is taken for found.
pub(crate) fn is_indexed(connection: &Connection, key: i64, text: &str) -> rusqlite::Result<bool> {
    let plain = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric());
    let Some(word) = text.split_whitespace().filter(plain).max_by_key(|word| word.len()) else {
        return Ok(true);
    };
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM words WHERE words MATCH ?1 AND rowid = ?2)")?
        .query_row((term(word), key), |row| row.get(0))
}

/// What a person typed, as a query of FTS5: every word and every "quoted phrase" must be there; the last word, if it is
/// still being typed (no quote, no space behind it), also matches its continuations. Operators are words like others.
/// `None` when there is no letter or digit in it: the index holds nothing else.
fn query(text: &str) -> Option<String> {
    let mut terms = Vec::new();
    for (part, quoted) in text.split('"').zip([false, true].into_iter().cycle()) {
        if quoted {
            terms.extend(term(part));
        } else {
            terms.extend(part.split_whitespace().filter_map(term));
        }
    }
    let typing =
        text.chars().next_back().is_some_and(char::is_alphanumeric) && text.matches('"').count().is_multiple_of(2);
    let mut query = terms.join(" ");
    if typing && !query.is_empty() {
        query.push('*');
    }
    (!query.is_empty()).then_some(query)
}

/// One string of FTS5's. Quotes can't be in it, and a zero would end it for `SQLite`.
fn term(text: &str) -> Option<String> {
    let text = text.replace('\0', " ");
    text.chars().any(char::is_alphanumeric).then(|| format!("\"{text}\""))
}

#[cfg(test)]
mod tests {
    use super::query;

    #[test]
    fn what_people_type_becomes_a_query() {
        let cases = [
            ("", None),
            ("  \" \" 😀 -- ", None),
            ("hello", Some("\"hello\"*")),
            ("hello ", Some("\"hello\"")),
            ("red  car", Some("\"red\" \"car\"*")),
            ("\"red car\"", Some("\"red car\"")),
            ("\"red car", Some("\"red car\"")),
            ("a OR b) NEAR(c", Some("\"a\" \"OR\" \"b)\" \"NEAR(c\"*")),
            ("text:x* ^y", Some("\"text:x*\" \"^y\"*")),
            ("nul\0byte", Some("\"nul byte\"*")),
        ];
        for (typed, expected) in cases {
            assert_eq!(query(typed).as_deref(), expected, "{typed:?}");
        }
    }
}
