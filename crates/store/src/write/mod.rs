//! Everything that changes the tables. Each function is one transaction.

mod append;
mod batch;
mod erase;
mod error;
mod outbox;
mod read_markers;
mod replica;
mod server_room;

use rusqlite::{Connection, TransactionBehavior};

use crate::{NewEntry, Outcome, ReplicaChange};
use batch::Batch;
pub(crate) use error::WriteError;
pub(crate) use read_markers::{ReadMarker, set_read_markers};

/// The result of a batch.
#[derive(Debug)]
pub(crate) struct Written<T> {
    pub(crate) result: T,
    /// `true` if text was erased, which the write-ahead log still has.
    pub(crate) erased: bool,
}

/// Commits new entries: see [`crate::Store::commit`].
pub(crate) fn commit(connection: &mut Connection, entries: Vec<NewEntry>) -> Result<Written<Vec<Outcome>>, WriteError> {
    in_batch(connection, |batch| {
        entries.into_iter().map(|entry| batch.append(entry)).collect()
    })
}

/// Saves changes to a replica: see [`crate::Store::save`].
pub(crate) fn save(connection: &mut Connection, changes: Vec<ReplicaChange>) -> Result<Written<()>, WriteError> {
    in_batch(connection, |batch| {
        changes.into_iter().try_for_each(|change| batch.save(change))
    })
}

fn in_batch<T>(
    connection: &mut Connection,
    write: impl FnOnce(&mut Batch<'_>) -> Result<T, WriteError>,
) -> Result<Written<T>, WriteError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut batch = Batch::new(&transaction);
    let result = write(&mut batch)?;
    let erased = batch.finish()?;
    transaction.commit()?;
    Ok(Written { result, erased })
}

/// Indexes up to `max` entries for the search. Returns how many are still not indexed.
pub(crate) fn index_pending(connection: &mut Connection, max: u64) -> rusqlite::Result<u64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let pending = crate::projection::index_pending(&transaction, max)?;
    transaction.commit()?;
    Ok(pending)
}

/// Acknowledges before it commits: see [`crate::broken`].
#[cfg(feature = "broken")]
pub(crate) fn acknowledge_and_commit(
    connection: &mut Connection,
    entries: Vec<NewEntry>,
    acknowledge: impl FnOnce(Vec<Outcome>),
) -> Result<(), WriteError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut batch = Batch::new(&transaction);
    let outcomes: Result<Vec<_>, WriteError> = entries.into_iter().map(|entry| batch.append(entry)).collect();
    batch.finish()?;
    acknowledge(outcomes?);
    std::thread::sleep(crate::broken::WINDOW);
    Ok(transaction.commit()?)
}
