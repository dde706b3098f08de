//! Everything that changes the tables. Each batch is one transaction.

mod batch;
mod commit;
mod index;
mod row;
mod save;
mod wipe;

use ichat_protocol::{MemberId, RoomId, Seq};
use rusqlite::{Connection, TransactionBehavior};

use crate::code::int;
use crate::{NewEntry, Outcome, ReplicaChange, StoreError};
use batch::Batch;
pub(crate) use index::{behind, is_reached, take_in};
pub(crate) use row::NewRow;

/// Why a batch was not written.
#[derive(Debug)]
pub(crate) enum Fault {
    Sql(rusqlite::Error),
    OutOfSync(String),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Sql(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Sql(error) => StoreError::of_sql(&error),
            Fault::OutOfSync(cause) => StoreError::OutOfSync(cause),
        }
    }
}

/// See [`crate::Store::commit`].
pub(crate) fn commit(connection: &mut Connection, drafts: Vec<NewEntry>) -> Result<Vec<Outcome>, Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut batch = Batch::new(&transaction);
    let mut outcomes = Vec::with_capacity(drafts.len());
    for draft in drafts {
        outcomes.push(batch.place(draft)?);
    }
    batch.finish()?;
    transaction.commit()?;
    Ok(outcomes)
}

/// Takes up to so many entries into the search index. Gives how many are still behind it.
pub(crate) fn catch_up(connection: &mut Connection, at_most: u64) -> rusqlite::Result<u64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let left = take_in(&transaction, at_most)?;
    transaction.commit()?;
    Ok(left)
}

/// As [`commit`], but for the order of things: see [`crate::broken`].
#[cfg(feature = "broken")]
pub(crate) fn acknowledge_and_commit(
    connection: &mut Connection,
    drafts: Vec<NewEntry>,
    acknowledge: impl FnOnce(Vec<Outcome>),
) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut batch = Batch::new(&transaction);
    let placed: Result<Vec<_>, Fault> = drafts.into_iter().map(|draft| batch.place(draft)).collect();
    batch.finish()?;
    acknowledge(placed?);
    std::thread::sleep(crate::broken::WINDOW);
    Ok(transaction.commit()?)
}

/// See [`crate::Store::save`].
pub(crate) fn save(connection: &mut Connection, changes: Vec<ReplicaChange>) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut batch = Batch::new(&transaction);
    for change in changes {
        batch.save(change)?;
    }
    batch.finish()?;
    transaction.commit()?;
    Ok(())
}

/// How far somebody has read: see [`crate::Store::set_read`].
pub(crate) struct Mark {
    pub(crate) room: RoomId,
    pub(crate) member: MemberId,
    pub(crate) seq: Seq,
}

/// Writes several people's markers in one transaction.
pub(crate) fn set_read(connection: &mut Connection, marks: &[Mark]) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for mark in marks {
        transaction
            .prepare_cached(
                "UPDATE member SET read = min(?3, (SELECT last FROM room WHERE id = ?1))
                 WHERE room = (SELECT key FROM room WHERE id = ?1)
                   AND person = (SELECT key FROM person WHERE id = ?2) AND joined",
            )?
            .execute((mark.room.0, mark.member.as_str(), int(mark.seq.0)))?;
    }
    transaction.commit()?;
    Ok(())
}
