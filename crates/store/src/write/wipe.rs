//! Taking a message's text out of the log.

use ichat_protocol::Body;
use rusqlite::Connection;

use super::batch::Batch;
use crate::code::{RoomKey, entry_at, hash, kind};

impl Batch<'_> {
    /// Makes a message and its edits `wiped`: their texts leave the log and the search index. The pages that held them are
    /// overwritten; what the write-ahead log still has of them goes with the next checkpoints, at the latest on closing.
    pub(super) fn wipe(&mut self, message: i64) -> rusqlite::Result<()> {
        let Some(target) = entry_at(self.tx, message)? else {
            return Ok(());
        };
        if !matches!(target.body, Body::Message { .. }) {
            return Ok(());
        }
        let (first, last) = RoomKey::of(message).range();
        let edits: Vec<i64> = self
            .tx
            .prepare_cached("SELECT key FROM entry WHERE amends = ?1 AND kind = ?2 AND key BETWEEN ?3 AND ?4")?
            .query_map((target.id.0, kind::EDIT, first, last), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let author = self.person(&target.author)?;
        set_thorough(self.tx, true)?;
        for key in edits.into_iter().chain([message]) {
            self.wipe_row(key)?;
        }
        set_thorough(self.tx, false)?;
        self.unindex(message)?;
        self.count(message, author, -1);
        Ok(())
    }

    fn wipe_row(&self, key: i64) -> rusqlite::Result<()> {
        let Some(entry) = entry_at(self.tx, key)? else {
            return Ok(());
        };
        self.tx
            .prepare_cached(
                "UPDATE entry SET kind = ?2, text = NULL, reply = NULL, amends = NULL, hash = ?3 WHERE key = ?1",
            )?
            .execute((key, kind::WIPED, hash(&entry.body)))?;
        Ok(())
    }
}

/// Whether pages that become free are overwritten too. Always doing so would make the search index's upkeep dear.
fn set_thorough(connection: &Connection, on: bool) -> rusqlite::Result<()> {
    connection.pragma_update(None, "secure_delete", if on { "on" } else { "fast" })
}
