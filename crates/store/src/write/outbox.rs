//! A client's outbox: posts that the server has not acknowledged.

use ichat_protocol::EntryId;

use super::batch::Batch;
use crate::OutboxRow;
use crate::log::{int, json};

impl Batch<'_> {
    /// Adds a post, or replaces it in its position. Skips a post that the log has: no acknowledgement of it would
    /// come again.
    pub(super) fn add_post(&self, row: &OutboxRow) -> rusqlite::Result<()> {
        self.tx
            .prepare_cached(
                "INSERT INTO outbox (id, room, body, written_at, error, sent)
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM entry WHERE id = ?1)
                 ON CONFLICT (id) DO UPDATE SET body = excluded.body, error = excluded.error, sent = excluded.sent",
            )?
            .execute((
                row.id.0,
                row.room.0,
                json(&row.body),
                int(row.written_at),
                row.error.as_ref().map(json),
                row.sent,
            ))?;
        Ok(())
    }

    pub(super) fn remove_post(&self, id: EntryId) -> rusqlite::Result<()> {
        self.tx
            .prepare_cached("DELETE FROM outbox WHERE id = ?1")?
            .execute([id.0])?;
        Ok(())
    }

    pub(super) fn remove_damaged_posts(&self, rows: &[i64]) -> rusqlite::Result<()> {
        let mut delete = self.tx.prepare_cached("DELETE FROM outbox WHERE key = ?1")?;
        for row in rows {
            delete.execute([row])?;
        }
        Ok(())
    }
}
