//! How many messages stand after a place, without looking at each of them.

use ichat_protocol::Seq;
use rusqlite::Connection;

use crate::code::{RoomKey, int, kind, natural, seq_of};

/// A block has 2^10 places: at most so many entries are looked at one by one.
const BLOCK_BITS: u32 = 10;

/// The block that an entry's place lies in.
pub(crate) fn block_of(entry: i64) -> i64 {
    int(seq_of(entry).0 >> BLOCK_BITS)
}

/// How many messages are held of a room after this place, without those of one person (0: nobody).
pub(crate) fn messages_after(connection: &Connection, room: RoomKey, after: Seq, but: i64) -> rusqlite::Result<u32> {
    let after = room.at(after);
    let block = block_of(after);
    let block_end = room.at(Seq((natural(block + 1) << BLOCK_BITS) - 1));
    let near: i64 = connection
        .prepare_cached("SELECT count(*) FROM entry WHERE key > ?1 AND key <= ?2 AND kind = ?3 AND author <> ?4")?
        .query_row((after, block_end, kind::MESSAGE, but), |row| row.get(0))?;
    let far: i64 = connection
        .prepare_cached("SELECT coalesce(sum(messages), 0) FROM tally WHERE room = ?1 AND block > ?2 AND author <> ?3")?
        .query_row((room.0, block, but), |row| row.get(0))?;
    Ok(u32::try_from(near + far).unwrap_or(u32::MAX))
}
