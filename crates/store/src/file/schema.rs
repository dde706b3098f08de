//! The tables of the file that are not projections, and the way to them from earlier formats. Entries and member state
//! keep their form forever, so a step only adds.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::progress::ProgressFn;
use crate::projection;

/// `SQLite`'s application id of our files: "ICHT". The schema sets it.
pub(crate) const APPLICATION_ID: i32 = 0x4943_4854;
/// The version of the tables in `schema.sql`: change it with every change of them, and add a step to [`upgrade`].
pub(crate) const FORMAT: u32 = 6;
const SCHEMA: &str = include_str!("schema.sql");

/// Writes the format as it is, in a transaction of its own: a test of whether anything can be written. Of a row that stays the
/// same `SQLite` would write nothing.
pub(crate) fn rewrite_format(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "user_version", FORMAT)
}

/// Creates the tables in an empty file, or adds to one of an earlier format what is new, and rebuilds the projections if they
/// are of another version.
pub(crate) fn ensure_current(connection: &mut Connection, progress: ProgressFn<'_>) -> rusqlite::Result<()> {
    let format: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if format < FORMAT {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        match format {
            0 => create(&transaction)?,
            earlier => upgrade(&transaction, earlier)?,
        }
        transaction.pragma_update(None, "user_version", FORMAT)?;
        transaction.commit()?;
    }
    projection::ensure_current(connection, progress)
}

fn create(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(SCHEMA)?;
    #[cfg(feature = "broken")]
    if crate::broken::Broken::NoUniqueIndex.is_wanted() {
        transaction.execute_batch("DROP INDEX entry_id; CREATE INDEX entry_id ON entry (id)")?;
    }
    Ok(())
}

/// Adds what is new since an earlier format.
fn upgrade(transaction: &Transaction<'_>, format: u32) -> rusqlite::Result<()> {
    // Some files of format 1 have the column already, since it came before the format was raised.
    if format < 2 && !has_column(transaction, "server_room", "read_pending")? {
        transaction.execute_batch("ALTER TABLE server_room ADD COLUMN read_pending INTEGER NOT NULL DEFAULT 0")?;
    }
    // What earlier formats had in the outbox may have been sent.
    if format < 3 {
        transaction.execute_batch("ALTER TABLE outbox ADD COLUMN sent INTEGER NOT NULL DEFAULT 1")?;
    }
    // It is unknown until the server lists the members again.
    if format < 4 {
        transaction.execute_batch("ALTER TABLE server_member ADD COLUMN since INTEGER")?;
    }
    // Servers listed all members at once.
    if format < 5 {
        transaction.execute_batch("ALTER TABLE server_room ADD COLUMN members_complete INTEGER NOT NULL DEFAULT 1")?;
    }
    if format < 6 {
        transaction.execute_batch("CREATE TABLE guest_key (key BLOB NOT NULL)")?;
    }
    Ok(())
}

fn has_column(transaction: &Transaction<'_>, table: &str, column: &str) -> rusqlite::Result<bool> {
    let query = "SELECT EXISTS (SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2)";
    transaction.query_row(query, [table, column], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    //! A change of the tables raises the format.

    use super::*;
    use crate::checksum::checksum;

    #[test]
    fn a_change_of_the_tables_raises_the_format() {
        assert_eq!(
            (FORMAT, checksum(&[SCHEMA.as_bytes()])),
            (6, 164_923_564),
            "schema.sql has changed: if its tables have, raise FORMAT and add a step to `upgrade`"
        );
    }
}
