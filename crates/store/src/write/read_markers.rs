//! Read markers that members set.

use ichat_protocol::{MemberId, RoomId, Seq};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::error::WriteError;
use crate::log::{UserKey, read_seq};
use crate::member_state::set_read_marker;

/// The position up to which a member has read: see [`crate::Store::set_read`].
pub(crate) struct ReadMarker {
    pub(crate) room: RoomId,
    pub(crate) member: MemberId,
    pub(crate) seq: Seq,
}

/// Writes the markers of several members in one transaction. A marker beyond the room's end is at its end.
pub(crate) fn set_read_markers(connection: &mut Connection, markers: &[ReadMarker]) -> Result<(), WriteError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for marker in markers {
        let member: Option<(UserKey, Seq)> = transaction
            .prepare_cached(
                "SELECT member.user, room.last_seq FROM room, user
                 JOIN member ON member.room = room.key AND member.user = user.key AND member.joined
                 WHERE room.id = ?1 AND user.id = ?2",
            )?
            .query_row((marker.room.0, marker.member.as_str()), |row| {
                Ok((row.get(0)?, read_seq(row, 1)?))
            })
            .optional()?;
        if let Some((user, last)) = member {
            set_read_marker(&transaction, user, marker.room, marker.seq.min(last))?;
        }
    }
    transaction.commit()?;
    Ok(())
}
