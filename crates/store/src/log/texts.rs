//! The text of a message, as edits leave it.

use ichat_protocol::Entry;
use rusqlite::{Connection, OptionalExtension as _};

use super::encoding::{decode_body, unreadable};
use super::entry_row::{entry_at, read_entry, select_entries};
use super::keys::EntryKey;
use super::kinds::{IS_TARGET, REPLACES_TEXT};

/// Returns the message with this key and its current text; `None` if there is no such message or it was wiped. Fails if the
/// message or its text is not what was written.
pub(crate) fn message_with_text(
    connection: &Connection,
    message: EntryKey,
) -> rusqlite::Result<Option<(Entry, String)>> {
    let Some(entry) = entry_at(connection, message)?.filter(|entry| entry.body.properties().is_target) else {
        return Ok(None);
    };
    let (_, end) = message.room().entries();
    let sql = format!(
        select_entries!("WHERE e.target = ?1 AND e.kind IN {} AND e.key BETWEEN ?2 AND ?3 ORDER BY e.key DESC LIMIT 1"),
        *REPLACES_TEXT
    );
    let edit = connection
        .prepare_cached(&sql)?
        .query_row((entry.id.0, message, end), read_entry)
        .optional()?;
    let text = edit.as_ref().unwrap_or(&entry).body.message_text();
    Ok(text.map(ToOwned::to_owned).map(|text| (entry, text)))
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
