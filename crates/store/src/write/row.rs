//! An entry in the tables: its row, and the way to it by its id.

use ichat_protocol::Entry;
use rusqlite::Connection;

use crate::checksum;
use crate::code::{Columns, lag, tag};

/// An entry's row.
pub(crate) struct NewRow<'a> {
    pub(crate) key: i64,
    pub(crate) author: i64,
    pub(crate) entry: &'a Entry,
    /// Set for a wiped entry whose first body was seen.
    pub(crate) hash: Option<[u8; 32]>,
}

impl NewRow<'_> {
    /// Writes it. The entry's id must not be held yet.
    pub(crate) fn write(&self, connection: &Connection, device: i64) -> rusqlite::Result<()> {
        let columns = Columns::of(&self.entry.body);
        connection
            .prepare_cached(
                "INSERT INTO entry (key, id, author, device, lag, kind, text, reply, amends, hash, sum)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, shorthand(?7), ?8, ?9, ?10, ?11)",
            )?
            .execute((
                self.key,
                self.entry.id.0,
                self.author,
                device,
                lag(self.entry.id, self.entry.at),
                columns.kind,
                columns.text.as_deref(),
                columns.reply,
                columns.amends,
                self.hash,
                checksum::of_entry(self.key, self.entry),
            ))?;
        connection
            .prepare_cached("INSERT INTO ident (tag, key) VALUES (?1, ?2)")?
            .execute((tag(self.entry.id), self.key))?;
        Ok(())
    }
}
