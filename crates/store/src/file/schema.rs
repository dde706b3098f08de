//! The tables of the file.

use rusqlite::{Connection, TransactionBehavior};

use crate::progress::ProgressFn;
use crate::projection;

/// `SQLite`'s application id of our files: "ICHT". The schema sets it.
pub(crate) const APPLICATION_ID: i32 = 0x4943_4854;
/// The version of the tables that are not projections.
pub(crate) const FORMAT: u32 = 1;
const SCHEMA: &str = include_str!("schema.sql");

/// Creates the tables in an empty file, and rebuilds the projections if they are of another version.
pub(crate) fn ensure_current(connection: &mut Connection, progress: ProgressFn<'_>) -> rusqlite::Result<()> {
    let format: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if format == 0 {
        create(connection)?;
    }
    projection::ensure_current(connection, progress)
}

fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(SCHEMA)?;
    #[cfg(feature = "broken")]
    if crate::broken::Broken::NoUniqueIndex.is_wanted() {
        transaction.execute_batch("DROP INDEX entry_id; CREATE INDEX entry_id ON entry (id)")?;
    }
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()
}
