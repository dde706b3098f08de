//! The text of a message, as edits leave it.

use rusqlite::{Connection, OptionalExtension as _};

use super::encoding::{decode_body, unreadable};
use super::entry_row::{read_entry, select_entries};
use super::keys::EntryKey;
use super::kinds::{IS_TARGET, REPLACES_TEXT};

/// Returns the current text of the message with this key; `None` if there is no such message or it was wiped. Fails if the
/// text is not what was written.
pub(crate) fn message_text(connection: &Connection, message: EntryKey) -> rusqlite::Result<Option<String>> {
    let (_, end) = message.room().entries();
    let sql = format!(
        select_entries!(
            "WHERE e.key = coalesce(
                 (SELECT edit.key FROM entry edit
                  WHERE edit.target = (SELECT id FROM entry WHERE key = ?1) AND edit.kind IN {}
                  AND edit.key BETWEEN ?1 AND ?2 ORDER BY edit.key DESC LIMIT 1),
                 ?1)
             AND EXISTS (SELECT 1 FROM entry WHERE key = ?1 AND kind IN {})"
        ),
        *REPLACES_TEXT, *IS_TARGET
    );
    connection
        .prepare_cached(&sql)?
        .query_row((message, end), |row| {
            Ok(read_entry(row)?.body.message_text().map(ToOwned::to_owned))
        })
        .optional()
        .map(Option::flatten)
}

/// Returns the current text of the message for the search index. Its checksum is not compared: the index removes a text as
/// it was added.
pub(crate) fn indexed_text(connection: &Connection, message: EntryKey) -> rusqlite::Result<Option<String>> {
    let (_, end) = message.room().entries();
    indexed_text_before(connection, message, EntryKey(end.0 + 1))
}

/// Returns the text that the index has after the edits with keys below `before`.
pub(crate) fn indexed_text_before(
    connection: &Connection,
    message: EntryKey,
    before: EntryKey,
) -> rusqlite::Result<Option<String>> {
    let sql = format!(
        "SELECT shown.kind, shown.body FROM entry message
         JOIN entry shown ON shown.key = coalesce(
             (SELECT edit.key FROM entry edit
              WHERE edit.target = message.id AND edit.kind IN {} AND edit.key BETWEEN ?1 AND ?2
              ORDER BY edit.key DESC LIMIT 1),
             message.key)
         WHERE message.key = ?1 AND message.kind IN {}",
        *REPLACES_TEXT, *IS_TARGET
    );
    connection
        .prepare_cached(&sql)?
        .query_row((message, before.0 - 1), |row| {
            let body = decode_body(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
            Ok(body
                .map_err(|e| unreadable(1, e))?
                .message_text()
                .map(ToOwned::to_owned))
        })
        .optional()
        .map(Option::flatten)
}
