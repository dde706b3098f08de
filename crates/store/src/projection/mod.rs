//! Projections: tables that are computed from the log, and can be computed again.
//!
//! ```text
//!   a commit, a page for the replica ─▶ Projector ─▶ room_state, member, message_count
//!   the log, from its first entry ────▶ Projector      (a rebuild at opening, or into `temp` for a check)
//!   the writer when it is idle ───────▶ search_index, search_progress
//! ```

mod amendment;
mod base;
mod message_count;
mod projector;
mod search_index;

use rusqlite::Connection;

use crate::log::RoomKey;
use crate::progress::{Progress, ProgressFn};
pub(crate) use amendment::{AmendmentKey, amendment, forget_edits, shown_count};
pub(crate) use message_count::messages_after;
pub(crate) use projector::Projector;
pub(crate) use search_index::{
    AUTHOR_MARK, add_to_index, author_word, index_pending, index_range, indexed_to, is_indexed, pending_entries,
    reindex, remove_from_index, remove_room_from_index,
};

/// The version of the projections, and of the form in which they have names (`fold_for_search`). A file with another one gets its
/// projections rebuilt when it is opened.
const VERSION: u32 = 5;
/// The tables of the projections, those of earlier versions included.
const TABLES: [&str; 6] = [
    "room_state",
    "member",
    "amendment",
    "message_count",
    "search_index",
    "search_progress",
];
const PROJECTIONS: &str = include_str!("projections.sql");

/// The schema that holds the tables of a projection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Schema {
    /// The file itself.
    Main,
    /// A scratch database of the connection. Its tables hide those of the file from queries without a schema.
    Temp,
}

/// Returns whether the projections in the file are of this version.
pub(crate) fn is_current(connection: &Connection) -> rusqlite::Result<bool> {
    let version: u32 = connection.query_row("SELECT version FROM projection_version", [], |row| row.get(0))?;
    Ok(version == VERSION)
}

/// Rebuilds the projections from the log if the file's are of another version, or there are none.
pub(crate) fn ensure_current(connection: &mut Connection, progress: ProgressFn<'_>) -> rusqlite::Result<()> {
    if is_current(connection)? {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    for table in TABLES {
        transaction.execute_batch(&format!("DROP TABLE IF EXISTS main.{table}"))?;
    }
    create(&transaction, Schema::Main)?;
    rebuild(&transaction, progress)?;
    transaction.execute("UPDATE projection_version SET version = ?1", [VERSION])?;
    transaction.commit()
}

/// Creates the empty tables of the projections.
pub(crate) fn create(connection: &Connection, schema: Schema) -> rusqlite::Result<()> {
    let schema = match schema {
        Schema::Main => "main",
        Schema::Temp => "temp",
    };
    connection.execute_batch(&PROJECTIONS.replace("{schema}", schema))
}

/// Fills the empty tables from the log, but for the search index, which is always written behind the log. An entry that
/// can't be read is left out: it is an error where it is read, and no reason to read nothing.
pub(crate) fn rebuild(connection: &Connection, progress: ProgressFn<'_>) -> rusqlite::Result<()> {
    let rooms: Vec<(RoomKey, u64)> = connection
        .prepare("SELECT key, iif(last_seq > 0, last_seq - first_seq + 1, 0) FROM room ORDER BY key")?
        .query_map([], |row| Ok((row.get(0)?, crate::log::natural(row.get(1)?))))?
        .collect::<Result<_, _>>()?;
    let total = rooms.iter().map(|(_, entries)| entries).sum();
    let mut projector = Projector::new(connection);
    let mut done = 0;
    for (room, entries) in rooms {
        projector.rebuild_room(room, &mut |applied| {
            progress(Progress {
                task: "rebuilding from the log",
                done: done + applied,
                total,
            });
        })?;
        projector.flush()?;
        done += entries;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    //! A change of the tables raises the version.

    use super::*;
    use crate::checksum::checksum;

    #[test]
    fn a_change_of_the_tables_raises_the_version() {
        assert_eq!(
            (VERSION, checksum(&[PROJECTIONS.as_bytes()])),
            (5, 923_135_694),
            "projections.sql has changed: if its tables have, raise VERSION"
        );
    }
}
