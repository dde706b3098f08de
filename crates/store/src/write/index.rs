//! The search index. It is written behind the log: a commit that nobody has to wait for costs a fraction when it takes many
//! messages at once, and a message alone is committed without it.
//!
//! `indexed` says of each room how far the index goes. What lies behind that place is taken in with the text that it has by
//! then, so an edit or a deletion of it leaves the index alone.

use ichat_protocol::Seq;
use rusqlite::Connection;

use crate::code::{RoomKey, int, kind, natural};
use crate::read::{indexed, text_as_of};

/// Puts a message's current text into the index.
pub(super) fn index(connection: &Connection, message: i64, author: i64, text: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO words (rowid, text) VALUES (?1, ?2)")?
        .execute((message, indexed(author, text)))?;
    Ok(())
}

/// Takes a message out of the index. The index holds no texts, and has to be told the one that is there.
pub(super) fn unindex(connection: &Connection, message: i64, author: i64, text: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO words (words, rowid, text) VALUES ('delete', ?1, ?2)")?
        .execute((message, indexed(author, text)))?;
    Ok(())
}

/// Whether the index goes as far as this entry.
pub(crate) fn is_reached(connection: &Connection, entry: i64) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM indexed WHERE room = ?1 AND until >= ?2)")?
        .query_row((RoomKey::of(entry).0, entry), |row| row.get(0))
}

/// The part of a room that the index does not have yet.
struct Behind {
    room: RoomKey,
    /// The keys of the first and the last entry.
    first: i64,
    last: i64,
}

impl Behind {
    /// How many entries there are. A room has no gaps.
    fn len(&self) -> u64 {
        natural(self.last - self.first + 1)
    }
}

/// How many entries the index does not have yet.
pub(crate) fn behind(connection: &Connection) -> rusqlite::Result<u64> {
    Ok(parts_behind(connection)?.iter().map(Behind::len).sum())
}

fn parts_behind(connection: &Connection) -> rusqlite::Result<Vec<Behind>> {
    let all = connection
        .prepare_cached(
            "SELECT r.key, r.first, r.last, coalesce(i.until, 0)
             FROM room r LEFT JOIN indexed i ON i.room = r.key WHERE r.last > 0",
        )?
        .query_map([], |row| {
            let room = RoomKey(row.get(0)?);
            let first = room.at(Seq(natural(row.get(1)?)));
            let until: i64 = row.get(3)?;
            Ok(Behind {
                room,
                first: first.max(until + 1),
                last: room.at(Seq(natural(row.get(2)?))),
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(all.into_iter().filter(|part| part.first <= part.last).collect())
}

/// Takes up to so many entries into the index. Gives how many are still behind it.
pub(crate) fn take_in(connection: &Connection, at_most: u64) -> rusqlite::Result<u64> {
    let parts = parts_behind(connection)?;
    let mut left: u64 = parts.iter().map(Behind::len).sum();
    let mut budget = at_most;
    for part in parts {
        if budget == 0 {
            break;
        }
        let count = part.len().min(budget);
        let until = part.first + int(count) - 1;
        take_range_in(connection, part.first, until)?;
        connection
            .prepare_cached("INSERT OR REPLACE INTO indexed (room, until) VALUES (?1, ?2)")?
            .execute((part.room.0, until))?;
        budget -= count;
        left -= count;
    }
    Ok(left)
}

fn take_range_in(connection: &Connection, first: i64, last: i64) -> rusqlite::Result<()> {
    let mut messages =
        connection.prepare_cached("SELECT key, author FROM entry WHERE key BETWEEN ?1 AND ?2 AND kind = ?3")?;
    let mut messages = messages.query((first, last, kind::MESSAGE))?;
    while let Some(message) = messages.next()? {
        let (key, author) = (message.get(0)?, message.get(1)?);
        if let Some(text) = text_as_of(connection, key, i64::MAX)? {
            index(connection, key, author, &text)?;
        }
    }
    Ok(())
}
