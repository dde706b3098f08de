//! The log's tables: keys, the encoding of entries, and one row at a time.

mod encoding;
mod entry_row;
mod keys;
mod kinds;
mod texts;

pub(crate) use encoding::{int, json, natural, read_json, read_member, read_name, read_seq, unreadable, wiped_hash};
pub(crate) use entry_row::{EntryRow, entry_at, read_author, read_entry, select_entries, wipe_entry};
pub(crate) use keys::{DeviceKey, EntryKey, MAX_SEQ, RoomKey, UserKey};
pub(crate) use kinds::{ERASES, IS_TARGET, IS_UNREAD, REPLACES_TEXT};
pub(crate) use texts::{indexed_text, indexed_text_before, message_with_text};
