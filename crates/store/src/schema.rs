//! The tables, and how an older file becomes a current one.

use rusqlite::{Connection, TransactionBehavior};

/// What turns format `n` into format `n + 1`, from 0 (an empty file) on. A step that was released is never changed.
const STEPS: &[&str] = &[include_str!("schema/1.sql")];

/// The format that this version writes.
pub(crate) const VERSION: u32 = {
    assert!(STEPS.len() < 1_000, "the cast below keeps the number");
    #[allow(clippy::cast_possible_truncation, reason = "the assertion above")]
    let version = STEPS.len() as u32;
    version
};

/// Brings the file to the current format, each step in a transaction of its own.
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (version, step) in (1_u32..).zip(STEPS).filter(|(version, _)| *version > found) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}
