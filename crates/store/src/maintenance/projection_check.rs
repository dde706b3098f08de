//! Comparing the stored projections with a fresh rebuild from the log, in a scratch database of the connection.

use std::cmp::Ordering;

use rusqlite::{Connection, Rows};

use super::room_verifier::room_label;
use crate::log::{EntryKey, RoomKey, read_seq};
use crate::progress::ProgressFn;
use crate::projection::{self, Schema};

/// The reported problems of one table.
const MAX_PROBLEMS: usize = 20;
/// The tables of the projections but for the search index, and what their rows are in plain words.
const TABLES: [(&str, &str); 4] = [
    ("room_state", "the name, the topic or the number of members"),
    ("member", "the list of members"),
    ("message_count", "the number of messages"),
    ("amendment", "the list of edits and reactions"),
];

/// Compares all projections. Returns the differences in plain words.
pub(super) fn check_projections(connection: &Connection, progress: ProgressFn<'_>) -> rusqlite::Result<Vec<String>> {
    projection::create(connection, Schema::Temp)?;
    projection::rebuild(connection, progress)?;
    let mut problems = Vec::new();
    for (table, rows) in TABLES {
        for room in differing_rooms(connection, table)? {
            let room = room_label(connection, room);
            problems.push(format!("in {room}, {rows} does not agree with the log"));
        }
    }
    problems.extend(check_search_index(connection)?);
    Ok(problems)
}

/// Returns the rooms whose rows in a table are not those of the rebuild.
fn differing_rooms(connection: &Connection, table: &str) -> rusqlite::Result<Vec<RoomKey>> {
    let sql = format!(
        "SELECT DISTINCT room FROM (
             SELECT * FROM (SELECT * FROM main.{table} EXCEPT SELECT * FROM temp.{table})
             UNION ALL
             SELECT * FROM (SELECT * FROM temp.{table} EXCEPT SELECT * FROM main.{table})
         ) LIMIT {MAX_PROBLEMS}"
    );
    connection.prepare(&sql)?.query_map([], |row| row.get(0))?.collect()
}

/// Indexes the same entries again, and compares both indexes word by word. They may have different segments.
fn check_search_index(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut problems = index_again(connection)?;
    connection.execute_batch(
        "CREATE VIRTUAL TABLE temp.stored_word USING fts5vocab (main, search_index, instance);
         CREATE VIRTUAL TABLE temp.expected_word USING fts5vocab (temp, search_index, instance);",
    )?;
    let mut stored = connection.prepare("SELECT term, doc FROM stored_word")?;
    let mut expected = connection.prepare("SELECT term, doc FROM expected_word")?;
    let (mut stored, mut expected) = (stored.query([])?, expected.query([])?);
    let (mut left, mut right) = (next_word(&mut stored)?, next_word(&mut expected)?);
    while problems.len() < MAX_PROBLEMS {
        let order = match (&left, &right) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(left), Some(right)) => left.cmp(right),
        };
        let problem = match (order, &left, &right) {
            (Ordering::Less, Some((_, message)), _) => Some((*message, "has a word that is not in message")),
            (Ordering::Greater, _, Some((_, message))) => Some((*message, "lacks a word of message")),
            _ => None,
        };
        if let Some((message, what)) = problem {
            let room = room_label(connection, message.room());
            let problem = format!("in {room}, the search index {what} {}", message.seq());
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        if order.is_le() {
            left = next_word(&mut stored)?;
        }
        if order.is_ge() {
            right = next_word(&mut expected)?;
        }
    }
    Ok(problems)
}

/// Indexes the entries that the stored index should have. Returns a problem for each room that it goes beyond.
fn index_again(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let rooms = connection
        .prepare(
            "SELECT room.key, room.first_seq, room.last_seq, indexed_to
             FROM main.search_progress JOIN room ON room.key = room",
        )?
        .query_map([], |row| {
            let room: RoomKey = row.get(0)?;
            let (first, last) = (read_seq(row, 1)?, read_seq(row, 2)?);
            Ok((room, room.entry(first), room.entry(last), row.get(3)?))
        })?
        .collect::<rusqlite::Result<Vec<(RoomKey, EntryKey, EntryKey, EntryKey)>>>()?;
    let mut problems = Vec::new();
    for (room, first, last, indexed_to) in rooms {
        if indexed_to > last {
            let room = room_label(connection, room);
            problems.push(format!("in {room}, the search index goes beyond the log"));
        }
        projection::index_range(connection, first, indexed_to.min(last))?;
    }
    Ok(problems)
}

/// Reads the next word of an index and a message that has it. Both indexes are in the order of these pairs.
fn next_word(rows: &mut Rows<'_>) -> rusqlite::Result<Option<(String, EntryKey)>> {
    match rows.next()? {
        Some(row) => Ok(Some((row.get(0)?, row.get(1)?))),
        None => Ok(None),
    }
}
