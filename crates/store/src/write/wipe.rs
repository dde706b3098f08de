//! Taking a message's text out of the log.

use ichat_protocol::{Body, Entry, EntryId};
use rusqlite::Connection;

use super::batch::Batch;
use super::index::{is_reached, unindex};
use crate::checksum;
use crate::code::{RoomKey, entry_at, hash, kind};
use crate::read::text_as_of;

impl Batch<'_> {
    /// Makes a message and its edits `wiped`, as far as they are held: their texts leave the log and the search index. The
    /// pages that held them are overwritten; what the write-ahead log still has of them goes with the next checkpoints,
    /// at the latest on closing.
    pub(super) fn wipe(&mut self, room: RoomKey, message: EntryId) -> rusqlite::Result<()> {
        let standing = match self.message(room, message)? {
            Some(standing) => text_as_of(self.tx, standing.key, i64::MAX)?.map(|text| (standing, text)),
            None => None,
        };
        let (first, last) = room.range();
        let edits: Vec<i64> = self
            .tx
            .prepare_cached("SELECT key FROM entry WHERE amends = ?1 AND kind = ?2 AND key BETWEEN ?3 AND ?4")?
            .query_map((message.0, kind::EDIT, first, last), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for edit in edits {
            self.wipe_row(edit)?;
        }
        if let Some((standing, text)) = standing {
            self.wipe_row(standing.key)?;
            if is_reached(self.tx, standing.key)? {
                unindex(self.tx, standing.key, standing.author, &text)?;
            }
            self.count(standing.key, standing.author, -1);
        }
        Ok(())
    }

    /// Makes one entry `wiped`.
    fn wipe_row(&self, key: i64) -> rusqlite::Result<()> {
        let Some(entry) = entry_at(self.tx, key)? else {
            return Ok(());
        };
        let hash = hash(&entry.body);
        let wiped = Entry {
            body: Body::Wiped,
            ..entry
        };
        overwrite_freed_pages(self.tx, true)?;
        self.tx
            .prepare_cached(
                "UPDATE entry SET kind = ?2, text = NULL, reply = NULL, amends = NULL, hash = ?3, sum = ?4
                 WHERE key = ?1",
            )?
            .execute((key, kind::WIPED, hash, checksum::of_entry(key, &wiped)))?;
        overwrite_freed_pages(self.tx, false)
    }
}

/// A long text has pages of its own, which become free. Always overwriting such pages would make the search index's
/// upkeep dear; within a page what is deleted is always overwritten.
fn overwrite_freed_pages(connection: &Connection, on: bool) -> rusqlite::Result<()> {
    connection.pragma_update(None, "secure_delete", if on { "on" } else { "fast" })
}
