//! What the first format held, in the second one. All of it is one transaction: a program that ends in between has changed
//! nothing. A million entries take some tens of seconds, in which the log says how far it is.

use std::time::{Duration, Instant};

use ichat_protocol::Entry;
use rusqlite::Connection;

use crate::code::{entry_of, int, natural};
use crate::shorthand::Books;
use crate::write::{NewRow, behind, take_in};

/// So many entries are in memory at once.
const AT_ONCE: u32 = 1_000;
const TELL_EVERY: Duration = Duration::from_secs(5);

/// A row of the first format.
struct Row {
    key: i64,
    author: i64,
    device: i64,
    hash: Option<[u8; 32]>,
    entry: Entry,
}

/// Copies the entries, and fills the search index with the messages' current texts.
pub(super) fn copy(connection: &Connection, books: &Books) -> rusqlite::Result<()> {
    let entries: i64 = connection.query_row("SELECT count(*) FROM entry_1", [], |row| row.get(0))?;
    if entries > 0 {
        // All texts are here already, so that even the first ones can be in shorthand.
        books.learn_from(connection, "entry_1")?;
    }
    let mut progress = Progress::of(entries);
    let mut after = i64::MIN;
    loop {
        let rows = rows(connection, after)?;
        let Some(last) = rows.last() else { break };
        after = last.key;
        for row in &rows {
            let new = NewRow {
                key: row.key,
                author: row.author,
                entry: &row.entry,
                hash: row.hash,
            };
            new.write(connection, row.device)?;
        }
        progress.tell("copied", rows.len() as u64);
    }
    connection.execute_batch("DROP TABLE entry_1")?;
    fill_index(connection)
}

fn rows(connection: &Connection, after: i64) -> rusqlite::Result<Vec<Row>> {
    connection
        .prepare_cached(
            "SELECT e.key, e.id, p.id, d.id, e.at, e.kind, e.text, e.reply, e.amends, e.hash, e.author, e.device
             FROM entry_1 e CROSS JOIN person p ON p.key = e.author CROSS JOIN device d ON d.key = e.device
             WHERE e.key > ?1 ORDER BY e.key LIMIT ?2",
        )?
        .query_map((after, AT_ONCE), |row| {
            Ok(Row {
                key: row.get(0)?,
                author: row.get(10)?,
                device: row.get(11)?,
                hash: row.get(9)?,
                entry: entry_of(row, natural(row.get(4)?))?,
            })
        })?
        .collect()
}

fn fill_index(connection: &Connection) -> rusqlite::Result<()> {
    let mut left = behind(connection)?;
    let mut progress = Progress::of(int(left));
    while left > 0 {
        let before = left;
        left = take_in(connection, AT_ONCE.into())?;
        progress.tell("indexed", before - left);
    }
    Ok(())
}

struct Progress {
    all: i64,
    done: i64,
    told: Instant,
}

impl Progress {
    fn of(all: i64) -> Self {
        Self {
            all,
            done: 0,
            told: Instant::now(),
        }
    }

    fn tell(&mut self, what: &str, more: u64) {
        self.done += int(more);
        if self.told.elapsed() >= TELL_EVERY {
            self.told = Instant::now();
            tracing::info!(
                "bringing the history to the current format: {} of {} entries {what}",
                self.done,
                self.all
            );
        }
    }
}
