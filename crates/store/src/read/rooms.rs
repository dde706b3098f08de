//! Rooms and their members.

use ichat_protocol::{Epoch, Head, Member, MemberId, Name, RoomId, RoomSummary, Seq, fold_for_search};
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::StoreError;
use crate::log::{RoomKey, UserKey, natural, read_member, read_name, read_seq, unreadable};
use crate::member_state::read_marker;
use crate::projection::messages_after;

/// A room's row, its fields, and in a replica what the server said of it.
pub(super) struct RoomRow {
    pub(super) key: RoomKey,
    pub(super) id: RoomId,
    pub(super) epoch: Epoch,
    pub(super) first: Seq,
    pub(super) last: Seq,
    name: Option<String>,
    topic: String,
    members: u32,
    server: Option<ServerRoom>,
}

/// A room as the server described it to the person whose replica this is.
struct ServerRoom {
    head: Head,
    joined: bool,
    read: Seq,
    read_pending: bool,
    members_complete: bool,
    /// As of `unread_as_of`; `None` if the marker has moved since.
    unread: Option<u32>,
    unread_as_of: Seq,
}

macro_rules! select_rooms {
    ($rest:literal) => {
        concat!(
            "SELECT room.key, room.id, room.epoch, first_seq, last_seq, \
             room_state.name, coalesce(room_state.topic, ''), coalesce(room_state.members, 0), \
             server_room.epoch, head, joined, read, unread, unread_as_of, coalesce(read_pending, 0), coalesce(members_complete, 1) \
             FROM room LEFT JOIN room_state ON room_state.room = room.key \
             LEFT JOIN server_room ON server_room.room = room.key ",
            $rest
        )
    };
}
pub(super) use select_rooms;

/// Selects the columns that [`read_member_row`] reads, from `member`. A name that no entry has given is one of the server's
/// list, with its time.
macro_rules! select_members {
    ($rest:literal) => {
        concat!(
            "SELECT user.id, member.name, NOT member.joined, \
                 iif(member.named_by IS NULL, server_member.since, entry.at) \
             FROM member CROSS JOIN user ON user.key = member.user LEFT JOIN entry ON entry.key = member.named_by \
             LEFT JOIN server_member ON server_member.room = member.room AND server_member.user = member.user ",
            $rest
        )
    };
}
pub(super) use select_members;

impl RoomRow {
    /// Returns the end of the log that is here.
    fn head(&self) -> Head {
        Head {
            epoch: self.epoch,
            seq: self.last,
        }
    }

    /// Returns the end of the server's log. A replica may not have all of it yet.
    pub(super) fn server_head(&self) -> Head {
        match &self.server {
            Some(server) if server.head.epoch != self.epoch || server.head.seq > self.last => server.head,
            _ => self.head(),
        }
    }

    /// Returns whether the server does not have the read marker of this replica yet.
    pub(super) fn read_pending(&self) -> bool {
        self.server.as_ref().is_some_and(|server| server.read_pending)
    }

    /// Returns whether the server has listed all members of this replica's room.
    pub(super) fn members_complete(&self) -> bool {
        self.server.as_ref().is_none_or(|server| server.members_complete)
    }

    /// Returns the room as a user sees it; `None` is a user of whom this file has nothing.
    pub(super) fn summary(self, connection: &Connection, user: Option<UserKey>) -> rusqlite::Result<RoomSummary> {
        let user = user.unwrap_or(UserKey::NONE);
        let (joined, read, unread) = match &self.server {
            Some(server) => (
                server.joined,
                server.read,
                self.replica_unread(server, connection, user)?,
            ),
            None if is_joined(connection, self.key, user)? => {
                let read = read_marker(connection, user, self.id)?;
                (true, read, messages_after(connection, self.key, read, user)?)
            }
            None => (false, Seq::ZERO, 0),
        };
        // A replica may have entries of a room whose name it does not know yet. A room whose name is damaged is listed, too.
        let name = match self.name.clone().map(Name::try_from) {
            Some(Ok(name)) => name,
            None | Some(Err(_)) => Name::parse(&self.id.to_string()).map_err(|e| unreadable(5, e))?,
        };
        Ok(RoomSummary {
            id: self.id,
            name,
            members: self.members,
            head: self.server_head(),
            joined,
            read,
            unread,
            topic: self.topic,
        })
    }

    /// Returns the unread count of the person whose replica this is. The log gives it exactly if it reaches from the marker
    /// to the head. Otherwise it is the server's count plus what came after that.
    fn replica_unread(&self, server: &ServerRoom, connection: &Connection, user: UserKey) -> rusqlite::Result<u32> {
        let reaches = self.first <= server.read.next() && self.last >= server.head.seq && self.last != Seq::ZERO;
        match server.unread {
            Some(unread) if !reaches => {
                let since = messages_after(connection, self.key, server.unread_as_of, user)?;
                Ok(unread.saturating_add(since))
            }
            _ => messages_after(connection, self.key, server.read, user),
        }
    }
}

pub(super) fn read_room(row: &Row<'_>) -> rusqlite::Result<RoomRow> {
    let server = match row.get::<_, Option<uuid::Uuid>>(8)? {
        None => None,
        Some(epoch) => Some(ServerRoom {
            head: Head {
                epoch: Epoch(epoch),
                seq: read_seq(row, 9)?,
            },
            joined: row.get(10)?,
            read: read_seq(row, 11)?,
            unread: row.get(12)?,
            unread_as_of: read_seq(row, 13)?,
            read_pending: row.get(14)?,
            members_complete: row.get(15)?,
        }),
    };
    Ok(RoomRow {
        key: row.get(0)?,
        id: RoomId(row.get(1)?),
        epoch: Epoch(row.get(2)?),
        first: read_seq(row, 3)?,
        last: read_seq(row, 4)?,
        name: text_unless_damaged(row, 5),
        topic: text_unless_damaged(row, 6).unwrap_or_default(),
        members: row.get(7)?,
        server,
    })
}

pub(super) fn room_row(connection: &Connection, id: RoomId) -> rusqlite::Result<Option<RoomRow>> {
    connection
        .prepare_cached(select_rooms!("WHERE room.id = ?1"))?
        .query_row([id.0], read_room)
        .optional()
}

/// Reads all rooms, in the order in which they were added.
pub(super) fn room_rows(connection: &Connection) -> rusqlite::Result<Vec<RoomRow>> {
    connection
        .prepare_cached(select_rooms!("ORDER BY room.key"))?
        .query_map([], read_room)?
        .collect()
}

/// Reads the rooms whose rows are not damaged, in the order in which they were added.
pub(super) fn sound_room_rows(connection: &Connection) -> rusqlite::Result<Vec<RoomRow>> {
    let mut query = connection.prepare_cached(select_rooms!("ORDER BY room.key"))?;
    let rows = query.query_map([], read_room)?;
    rows.filter_map(|row| unless_damaged(row).transpose()).collect()
}

/// Returns what was read of a row, or `None` if the row is damaged.
pub(super) fn unless_damaged<T>(read: rusqlite::Result<T>) -> rusqlite::Result<Option<T>> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) => match StoreError::of_damaged_row(&error) {
            Some(cause) => {
                tracing::error!(cause, "a damaged row is left out");
                Ok(None)
            }
            None => Err(error),
        },
    }
}

/// Reads a text that the rest of its row can do without.
fn text_unless_damaged(row: &Row<'_>, column: usize) -> Option<String> {
    let text = row.get_ref(column).ok()?;
    text.as_str().ok().map(str::to_owned)
}

pub(super) fn user_key(connection: &Connection, id: &MemberId) -> rusqlite::Result<Option<UserKey>> {
    connection
        .prepare_cached("SELECT key FROM user WHERE id = ?1")?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()
}

fn is_joined(connection: &Connection, room: RoomKey, user: UserKey) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM member WHERE room = ?1 AND user = ?2 AND joined)")?
        .query_row((room, user), |row| row.get(0))
}

/// Reads the end of a room's log: see [`crate::Store::head`].
pub(crate) fn head(connection: &Connection, room: RoomId) -> rusqlite::Result<Option<Head>> {
    Ok(room_row(connection, room)?.map(|room| room.head()))
}

/// Reads all rooms: see [`crate::Store::rooms`].
pub(crate) fn rooms(connection: &Connection, for_member: &MemberId) -> rusqlite::Result<Vec<RoomSummary>> {
    let user = user_key(connection, for_member)?;
    let rows = room_rows(connection)?.into_iter();
    let mut rooms = rows
        .map(|room| room.summary(connection, user))
        .collect::<Result<Vec<_>, _>>()?;
    rooms.sort_by_cached_key(|room| (fold_for_search(room.name.as_str()), room.id));
    Ok(rooms)
}

/// Reads one room: see [`crate::Store::room`].
pub(crate) fn room(
    connection: &Connection,
    room: RoomId,
    for_member: &MemberId,
) -> rusqlite::Result<Option<RoomSummary>> {
    let user = user_key(connection, for_member)?;
    room_row(connection, room)?
        .map(|room| room.summary(connection, user))
        .transpose()
}

/// Reads who created each room, and when: see [`crate::Store::room_creators`].
pub(crate) fn room_creators(connection: &Connection) -> rusqlite::Result<Vec<(MemberId, u64)>> {
    connection
        .prepare_cached(
            "SELECT user.id, entry.at FROM room JOIN entry ON entry.key = (room.key << 40) | 1
             JOIN user ON user.key = entry.author WHERE entry.kind = 'created' ORDER BY entry.at",
        )?
        .query_map([], |row| Ok((read_member(row, 0)?, natural(row.get(1)?))))?
        .collect()
}

/// Reads the ids of a member's rooms: see [`crate::Store::rooms_of`].
pub(crate) fn rooms_of(connection: &Connection, member: &MemberId) -> rusqlite::Result<Vec<RoomId>> {
    connection
        .prepare_cached(
            "SELECT room.id FROM user JOIN member ON member.user = user.key AND member.joined
             JOIN room ON room.key = member.room WHERE user.id = ?1 ORDER BY room.key",
        )?
        .query_map([member.as_str()], |row| Ok(RoomId(row.get(0)?)))?
        .collect()
}

/// Reads the members of a room: see [`crate::Store::members`].
pub(crate) fn members(connection: &Connection, room: RoomId) -> rusqlite::Result<Vec<Member>> {
    connection
        .prepare_cached(select_members!(
            "WHERE member.room = (SELECT key FROM room WHERE id = ?1) ORDER BY member.user"
        ))?
        .query_map([room.0], read_member_row)?
        .collect()
}

/// Reads a member from a row of [`select_members`].
pub(super) fn read_member_row(row: &Row<'_>) -> rusqlite::Result<Member> {
    Ok(Member {
        id: read_member(row, 0)?,
        name: read_name(row, 1)?,
        left: row.get(2)?,
        since: row.get::<_, Option<i64>>(3)?.map(natural),
    })
}

/// Reads whether a user is a member of a room: see [`crate::Store::is_member`].
pub(crate) fn is_member(connection: &Connection, room: RoomId, member: &MemberId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM room JOIN member ON member.room = room.key AND member.joined
             JOIN user ON user.key = member.user WHERE room.id = ?1 AND user.id = ?2)",
        )?
        .query_row((room.0, member.as_str()), |row| row.get(0))
}
