//! The tables, and how an older file becomes a current one.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::shorthand::Books;

mod first;

/// What turns format `n` into format `n + 1`: statements, and what statements can't say.
struct Step {
    sql: &'static str,
    then: fn(&Transaction<'_>, &Books) -> rusqlite::Result<()>,
}

/// From 0 (an empty file) on. A step that was released is never changed.
const STEPS: &[Step] = &[
    Step {
        sql: include_str!("schema/1.sql"),
        then: |_, _| Ok(()),
    },
    Step {
        sql: include_str!("schema/2.sql"),
        then: |transaction, books| first::copy(transaction, books),
    },
];

/// The format that this version writes.
pub(crate) const VERSION: u32 = {
    assert!(STEPS.len() < 1_000, "the cast below keeps the number");
    #[allow(clippy::cast_possible_truncation, reason = "the assertion above")]
    let version = STEPS.len() as u32;
    version
};

/// Brings the file to the current format, each step in a transaction of its own.
pub(crate) fn migrate(connection: &mut Connection, books: &Books) -> rusqlite::Result<()> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (version, step) in (1_u32..).zip(STEPS).filter(|(version, _)| *version > found) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step.sql)?;
        (step.then)(&transaction, books)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    if (1..VERSION).contains(&found) {
        shrink(connection);
    }
    Ok(())
}

/// Gives back what an older format took. The file is as good without it, should the disk have no room for that.
fn shrink(connection: &Connection) {
    let shrunk = connection
        .pragma_update(None, "temp_store", "file")
        .and_then(|()| connection.execute_batch("VACUUM"))
        .and_then(|()| connection.pragma_update(None, "temp_store", "memory"));
    if let Err(error) = shrunk {
        tracing::warn!(%error, "the history is in the current format, but its file could not be made smaller");
    }
}
