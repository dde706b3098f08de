//! The text that a message has now.

use rusqlite::{Connection, OptionalExtension as _};

use crate::code::{RoomKey, kind};

/// The text of the message at `message` as the edits ahead of the key `before` leave it, if a message stands there.
pub(crate) fn text_as_of(connection: &Connection, message: i64, before: i64) -> rusqlite::Result<Option<String>> {
    let (_, top) = RoomKey::of(message).range();
    connection
        .prepare_cached(
            "SELECT longhand(coalesce(
                 (SELECT edit.text FROM entry edit
                  WHERE edit.amends = message.id AND edit.kind = ?3 AND edit.key BETWEEN ?1 AND ?2
                  ORDER BY edit.key DESC LIMIT 1),
                 message.text))
             FROM entry message WHERE message.key = ?1 AND message.kind = ?4",
        )?
        .query_row((message, (before - 1).min(top), kind::EDIT, kind::MESSAGE), |row| {
            row.get(0)
        })
        .optional()
}
