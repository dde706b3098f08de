//! The state that the projections of a room start from.

use ichat_protocol::{Name, RoomProjection, Seq};
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::log::{MAX_SEQ, RoomKey, natural, read_seq, unreadable};

/// The state that the projections of a room start from: an empty room on a server, and in a replica the server's description
/// of the room. Each `as_of` is the last entry that the description includes; the entries above it are applied.
#[derive(Debug, Default)]
pub(super) struct Base {
    pub(super) state: RoomProjection,
    /// For the name and the topic.
    pub(super) fields_as_of: Seq,
    /// For the number of members.
    pub(super) count_as_of: Seq,
    /// For the list of members.
    pub(super) members_as_of: Seq,
    /// `false` if the server never listed the members.
    pub(super) has_member_list: bool,
}

/// The fields of a room, their last entry, that of the list of members, whether they are of the history of the entries that are
/// here, and whether the list is complete.
type Description = (RoomProjection, Seq, Option<Seq>, bool, bool);

impl Base {
    pub(super) fn load(connection: &Connection, room: RoomKey) -> rusqlite::Result<Self> {
        let description = connection
            .prepare_cached(
                "SELECT name, topic, members, head, members_as_of, server_room.epoch = room.epoch, members_complete
                 FROM server_room JOIN room ON room.key = room WHERE room = ?1",
            )?
            .query_row([room], |row| {
                let list = row.get::<_, Option<i64>>(4)?.map(|seq| Seq(natural(seq)));
                Ok((read_fields(row)?, read_seq(row, 3)?, list, row.get(5)?, row.get(6)?))
            })
            .optional()?;
        let Some((mut state, head, list, is_same_history, is_complete)): Option<Description> = description else {
            return Ok(Self::default());
        };
        // A description of a newer history includes all entries that are stored.
        let head = if is_same_history { head } else { MAX_SEQ };
        if is_complete && list.is_some_and(|list| list >= head) {
            state.members = connection
                .prepare_cached("SELECT count(*) FROM server_member WHERE room = ?1 AND joined")?
                .query_row([room], |row| row.get(0))?;
        }
        let members_as_of = list.unwrap_or(head);
        Ok(Self {
            state,
            fields_as_of: head,
            members_as_of,
            count_as_of: members_as_of.max(head),
            has_member_list: list.is_some(),
        })
    }
}

/// Reads the fields of a room from the first three columns.
pub(super) fn read_fields(row: &Row<'_>) -> rusqlite::Result<RoomProjection> {
    let name = row.get::<_, Option<String>>(0)?;
    Ok(RoomProjection {
        name: name.map(Name::try_from).transpose().map_err(|e| unreadable(0, e))?,
        topic: row.get(1)?,
        members: row.get(2)?,
    })
}
