//! The tables, and how an older file becomes a current one.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::code::{read_unsummed_entry, select_entries};
use crate::sum;

/// What turns format `n` into format `n + 1`: statements, and what statements can't say.
struct Step {
    sql: &'static str,
    then: fn(&Transaction<'_>) -> rusqlite::Result<()>,
}

/// From 0 (an empty file) on. A step that was released is never changed.
const STEPS: &[Step] = &[
    Step {
        sql: include_str!("schema/1.sql"),
        then: |_| Ok(()),
    },
    Step {
        sql: include_str!("schema/2.sql"),
        then: sum_up,
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
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (version, step) in (1_u32..).zip(STEPS).filter(|(version, _)| *version > found) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step.sql)?;
        (step.then)(&transaction)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Gives every entry its sum.
fn sum_up(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    /// So many entries are in memory at once.
    const AT_ONCE: u32 = 1_000;
    let mut after = i64::MIN;
    loop {
        let entries = transaction
            .prepare_cached(select_entries!("WHERE e.key > ?1 ORDER BY e.key LIMIT ?2"))?
            .query_map((after, AT_ONCE), |row| {
                Ok((row.get::<_, i64>(0)?, read_unsummed_entry(row)?))
            })?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let Some((last, _)) = entries.last() else { return Ok(()) };
        after = *last;
        let mut update = transaction.prepare_cached("UPDATE entry SET sum = ?2 WHERE key = ?1")?;
        for (key, entry) in &entries {
            update.execute((key, sum::of_entry(*key, entry)))?;
        }
    }
}
