//! Counting the messages after a position without reading each of them.

use ichat_protocol::Seq;
use rusqlite::Connection;

use crate::log::{EntryKey, IS_UNREAD, RoomKey, UserKey, int, natural};

/// A block has 2¹⁰ positions: a count reads at most so many entries one by one.
const BLOCK_BITS: u32 = 10;

/// Returns the number of the block that has the entry.
pub(super) fn block_of(entry: EntryKey) -> i64 {
    int(entry.seq().0 >> BLOCK_BITS)
}

/// Adds to the number of an author's messages in a block. A block without messages has no row.
pub(super) fn add(
    connection: &Connection,
    room: RoomKey,
    block: i64,
    author: UserKey,
    change: i64,
) -> rusqlite::Result<()> {
    if change == 0 {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT INTO message_count (room, block, author, messages) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET messages = messages + excluded.messages",
        )?
        .execute((room, block, author, change))?;
    if change < 0 {
        connection
            .prepare_cached(
                "DELETE FROM message_count WHERE room = ?1 AND block = ?2 AND author = ?3 AND messages = 0",
            )?
            .execute((room, block, author))?;
    }
    Ok(())
}

/// Returns how many messages the room has after this position, without those of one author ([`UserKey::NONE`]: with all).
pub(crate) fn messages_after(
    connection: &Connection,
    room: RoomKey,
    after: Seq,
    except: UserKey,
) -> rusqlite::Result<u32> {
    let after = room.entry(after);
    let block = block_of(after);
    let block_end = room.entry(Seq((natural(block + 1) << BLOCK_BITS) - 1));
    let sql = format!(
        "SELECT count(*) FROM entry WHERE key > ?1 AND key <= ?2 AND kind IN {} AND author <> ?3",
        *IS_UNREAD
    );
    let within: i64 = connection
        .prepare_cached(&sql)?
        .query_row((after, block_end, except), |row| row.get(0))?;
    let beyond: i64 = connection
        .prepare_cached(
            "SELECT coalesce(sum(messages), 0) FROM message_count WHERE room = ?1 AND block > ?2 AND author <> ?3",
        )?
        .query_row((room, block, except), |row| row.get(0))?;
    Ok(u32::try_from(within + beyond).unwrap_or(u32::MAX))
}
