//! Rooms and their members.

use ichat_protocol::{Epoch, Head, Member, MemberId, Name, RoomId, RoomSummary, Seq};
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::code::{RoomKey, natural, read_member, read_name};
use crate::message_counts::messages_after;

/// A room's row, and what a server told of it (in a client's folder).
pub(super) struct RoomRow {
    pub(super) key: RoomKey,
    pub(super) id: RoomId,
    pub(super) epoch: Epoch,
    name: Option<String>,
    topic: String,
    pub(super) first: Seq,
    pub(super) last: Seq,
    members: u32,
    told: Option<Told>,
}

/// A room as a server told it.
struct Told {
    head: Head,
    joined: bool,
    read: Seq,
    /// As of the place `counted`; none when the marker moved since.
    unread: Option<u32>,
    counted: Seq,
}

macro_rules! select_rooms {
    ($rest:literal) => {
        concat!(
            "SELECT room.key, id, room.epoch, name, topic, first, last, members, \
             told.epoch, head, joined, read, unread, counted FROM room LEFT JOIN told ON told.room = room.key ",
            $rest
        )
    };
}

fn read_room(row: &Row<'_>) -> rusqlite::Result<RoomRow> {
    let told = match row.get::<_, Option<uuid::Uuid>>(8)? {
        None => None,
        Some(epoch) => Some(Told {
            head: Head {
                epoch: Epoch(epoch),
                seq: Seq(natural(row.get(9)?)),
            },
            joined: row.get(10)?,
            read: Seq(natural(row.get(11)?)),
            unread: row.get(12)?,
            counted: Seq(natural(row.get(13)?)),
        }),
    };
    Ok(RoomRow {
        key: RoomKey(row.get(0)?),
        id: RoomId(row.get(1)?),
        epoch: Epoch(row.get(2)?),
        name: row.get(3)?,
        topic: row.get(4)?,
        first: Seq(natural(row.get(5)?)),
        last: Seq(natural(row.get(6)?)),
        members: row.get(7)?,
        told,
    })
}

impl RoomRow {
    /// How far the log that is held goes.
    fn head(&self) -> Head {
        Head {
            epoch: self.epoch,
            seq: self.last,
        }
    }

    /// How far the log goes: on a server as far as it is held, on a client perhaps further.
    pub(super) fn told_head(&self) -> Head {
        match &self.told {
            Some(told) if told.head.epoch != self.epoch || told.head.seq > self.last => told.head,
            _ => self.head(),
        }
    }

    /// The room as somebody sees it; `me` is nobody when the folder has never heard of them.
    pub(super) fn summary(self, connection: &Connection, me: Option<i64>) -> rusqlite::Result<RoomSummary> {
        let me = me.unwrap_or(0);
        let (joined, read, unread) = match &self.told {
            Some(told) => (told.joined, told.read, self.unread_of_told(told, connection, me)?),
            None => match marker(connection, self.key, me)? {
                Some(read) => (true, read, messages_after(connection, self.key, read, me)?),
                None => (false, Seq::ZERO, 0),
            },
        };
        // A client may hold entries of a room before it is told the room's name.
        let name = match self.name.as_deref().map(Name::parse) {
            Some(Ok(name)) => name,
            _ => Name::parse(&self.id.to_string()).map_err(|e| crate::code::unreadable(3, e))?,
        };
        Ok(RoomSummary {
            id: self.id,
            name,
            members: self.members,
            head: self.told_head(),
            joined,
            read,
            unread,
            topic: self.topic,
        })
    }

    /// What a client's person has not read. The log that is held says it exactly when it reaches from the marker to the
    /// head; otherwise the server's count holds, and what came after it is added.
    fn unread_of_told(&self, told: &Told, connection: &Connection, me: i64) -> rusqlite::Result<u32> {
        let reaches = self.first <= told.read.next() && self.last >= told.head.seq && self.last != Seq::ZERO;
        match told.unread {
            Some(unread) if !reaches => {
                let since = messages_after(connection, self.key, told.counted, me)?;
                Ok(unread.saturating_add(since))
            }
            _ => messages_after(connection, self.key, told.read, me),
        }
    }
}

/// How far a member of a room has read.
fn marker(connection: &Connection, room: RoomKey, person: i64) -> rusqlite::Result<Option<Seq>> {
    connection
        .prepare_cached("SELECT read FROM member WHERE room = ?1 AND person = ?2 AND joined")?
        .query_row((room.0, person), |row| Ok(Seq(natural(row.get(0)?))))
        .optional()
}

pub(super) fn row_of(connection: &Connection, id: RoomId) -> rusqlite::Result<Option<RoomRow>> {
    connection
        .prepare_cached(select_rooms!("WHERE id = ?1"))?
        .query_row([id.0], read_room)
        .optional()
}

/// Every room, in the order in which they came.
pub(super) fn rows(connection: &Connection) -> rusqlite::Result<Vec<RoomRow>> {
    connection
        .prepare_cached(select_rooms!("ORDER BY room.key"))?
        .query_map([], read_room)?
        .collect()
}

pub(super) fn person(connection: &Connection, id: &MemberId) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT key FROM person WHERE id = ?1")?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()
}

/// See [`crate::Store::head`].
pub(crate) fn head(connection: &Connection, room: RoomId) -> rusqlite::Result<Option<Head>> {
    Ok(row_of(connection, room)?.map(|room| room.head()))
}

/// See [`crate::Store::rooms`].
pub(crate) fn rooms(connection: &Connection, for_member: &MemberId) -> rusqlite::Result<Vec<RoomSummary>> {
    let me = person(connection, for_member)?;
    let mut rooms = rows(connection)?
        .into_iter()
        .map(|room| room.summary(connection, me))
        .collect::<Result<Vec<_>, _>>()?;
    rooms.sort_by_cached_key(|room| (room.name.as_str().to_lowercase(), room.id));
    Ok(rooms)
}

/// See [`crate::Store::room`].
pub(crate) fn room(
    connection: &Connection,
    room: RoomId,
    for_member: &MemberId,
) -> rusqlite::Result<Option<RoomSummary>> {
    let me = person(connection, for_member)?;
    row_of(connection, room)?
        .map(|room| room.summary(connection, me))
        .transpose()
}

/// See [`crate::Store::rooms_of`].
pub(crate) fn rooms_of(connection: &Connection, member: &MemberId) -> rusqlite::Result<Vec<RoomId>> {
    connection
        .prepare_cached(
            "SELECT room.id FROM person JOIN member ON member.person = person.key AND member.joined
             JOIN room ON room.key = member.room WHERE person.id = ?1 ORDER BY room.key",
        )?
        .query_map([member.as_str()], |row| Ok(RoomId(row.get(0)?)))?
        .collect()
}

/// See [`crate::Store::members`].
pub(crate) fn members(connection: &Connection, room: RoomId) -> rusqlite::Result<Vec<Member>> {
    connection
        .prepare_cached(
            "SELECT person.id, member.name, NOT member.joined FROM room JOIN member ON member.room = room.key
             JOIN person ON person.key = member.person WHERE room.id = ?1 ORDER BY member.person",
        )?
        .query_map([room.0], |row| {
            Ok(Member {
                id: read_member(row, 0)?,
                name: read_name(row, 1)?,
                left: row.get(2)?,
            })
        })?
        .collect()
}

/// See [`crate::Store::is_member`].
pub(crate) fn is_member(connection: &Connection, room: RoomId, member: &MemberId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM room JOIN member ON member.room = room.key AND member.joined
             JOIN person ON person.key = member.person WHERE room.id = ?1 AND person.id = ?2)",
        )?
        .query_row((room.0, member.as_str()), |row| row.get(0))
}
