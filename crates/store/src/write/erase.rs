//! Erasing a message's text from the file.

use ichat_protocol::EntryId;
use rusqlite::Connection;

use super::append::Target;
use super::batch::Batch;
use crate::log::{EntryKey, REPLACES_TEXT, RoomKey, entry_at, indexed_text, wipe_entry};
use crate::projection::{forget_edits, is_indexed, remove_from_index};

impl Batch<'_> {
    /// Replaces a message and its edits by `wiped`, and removes its words from the search index. The file's pages are
    /// overwritten; the writer empties the write-ahead log when it is next idle.
    pub(super) fn erase(&mut self, message: &Target) -> rusqlite::Result<()> {
        let id = self
            .tx
            .prepare_cached("SELECT id FROM entry WHERE key = ?1")?
            .query_row([message.key], |row| Ok(EntryId(row.get(0)?)))?;
        let text = is_indexed(self.tx, message.key)?.then(|| indexed_text(self.tx, message.key));
        self.erase_edits(message.key.room(), id)?;
        wipe_entry(self.tx, message.key)?;
        if let Some(text) = text {
            remove_from_index(self.tx, message.key, message.author, text)?;
        }
        self.projector.count_message(message.key, message.author, -1);
        self.erased = true;
        Ok(())
    }

    /// Reads what [`Self::erase`] wipes. Fails if any of it is damaged.
    pub(super) fn check_erasable(&self, message: EntryKey, id: EntryId) -> rusqlite::Result<()> {
        entry_at(self.tx, message)?;
        for edit in edits_of(self.tx, message.room(), id)? {
            entry_at(self.tx, edit)?;
        }
        Ok(())
    }

    /// Erases what is here of a message that another entry deletes: the message, its edits, or both.
    pub(super) fn erase_by_id(&mut self, room: RoomKey, message: EntryId) -> rusqlite::Result<()> {
        match self.message(room, message)? {
            Some(target) => self.erase(&target),
            None => self.erase_edits(room, message),
        }
    }

    fn erase_edits(&mut self, room: RoomKey, message: EntryId) -> rusqlite::Result<()> {
        for edit in edits_of(self.tx, room, message)? {
            wipe_entry(self.tx, edit)?;
            self.erased = true;
        }
        forget_edits(self.tx, room, message)
    }
}

fn edits_of(connection: &Connection, room: RoomKey, message: EntryId) -> rusqlite::Result<Vec<EntryKey>> {
    let (first, last) = room.entries();
    let sql = format!(
        "SELECT key FROM entry WHERE target = ?1 AND kind IN {} AND key BETWEEN ?2 AND ?3",
        *REPLACES_TEXT
    );
    connection
        .prepare_cached(&sql)?
        .query_map((message.0, first, last), |row| row.get(0))?
        .collect()
}
