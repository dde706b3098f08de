//! The server's descriptions of its rooms, in the replica of a client.

use ichat_protocol::{Member, RoomId, RoomSummary, Seq};

use super::batch::{Batch, Room};
use super::error::WriteError;
use crate::log::{MAX_SEQ, int};

impl Batch<'_> {
    /// Stores the server's description of a room.
    pub(super) fn set_room(&mut self, summary: &RoomSummary) -> rusqlite::Result<()> {
        let room = self.room_or_new(summary.id, summary.head.epoch)?;
        if room.last == Seq::ZERO {
            room.epoch = summary.head.epoch;
        }
        let room = room.clone();
        self.store_room(&room)?;
        self.tx
            .prepare_cached(
                "INSERT INTO server_room (room, epoch, head, name, topic, members, joined, read, unread, unread_as_of)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?3)
                 ON CONFLICT (room) DO UPDATE SET
                     epoch = excluded.epoch, head = excluded.head, name = excluded.name, topic = excluded.topic,
                     members = excluded.members, joined = excluded.joined, read = excluded.read, read_pending = 0,
                     unread = excluded.unread, unread_as_of = excluded.unread_as_of",
            )?
            .execute((
                room.key,
                summary.head.epoch.0,
                int(summary.head.seq.0),
                summary.name.as_str(),
                &summary.topic,
                summary.members,
                summary.joined,
                int(summary.read.0),
                summary.unread,
            ))?;
        self.projector.rebase_fields(room.key, room.last)
    }

    /// Stores the server's list of past and present members.
    pub(super) fn set_members(&mut self, id: RoomId, members: &[Member], complete: bool) -> Result<(), WriteError> {
        let room = self.room(id)?.cloned();
        let described = match &room {
            Some(room) => {
                self.update_description(room)?;
                self.set_members_as_of(room, complete)?
            }
            None => false,
        };
        let Some(room) = room.filter(|_| described) else {
            return Err(WriteError::OutOfSync(
                "the members are of a room that the server never described".into(),
            ));
        };
        self.tx
            .prepare_cached("DELETE FROM server_member WHERE room = ?1")?
            .execute([room.key])?;
        for member in members {
            let user = self.user(&member.id)?;
            self.tx
                .prepare_cached(
                    "INSERT OR REPLACE INTO server_member (room, user, name, joined, since) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute((
                    room.key,
                    user,
                    member.name.as_str(),
                    !member.left,
                    member.since.map(int),
                ))?;
        }
        Ok(self.projector.rebase_members(room.key)?)
    }

    /// Adds what the stored entries have changed since the server described the room to the description. Where the list of
    /// members is not complete, the number of members is that of the description, as of the same entry as the list.
    fn update_description(&mut self, room: &Room) -> rusqlite::Result<()> {
        self.projector.flush()?;
        self.tx
            .prepare_cached(
                "UPDATE server_room SET
                     name = coalesce(room_state.name, server_room.name), topic = room_state.topic,
                     members = room_state.members, head = ?3
                 FROM room_state
                 WHERE server_room.room = ?1 AND room_state.room = ?1 AND epoch = ?2 AND head < ?3",
            )?
            .execute((room.key, room.epoch.0, int(room.last.0)))?;
        Ok(())
    }

    /// Records that a list of the room's members is newer than all stored entries. Returns `false` if the server never
    /// described the room.
    fn set_members_as_of(&self, room: &Room, complete: bool) -> rusqlite::Result<bool> {
        let rows = self
            .tx
            .prepare_cached(
                "UPDATE server_room SET members_as_of = iif(epoch = ?2, max(head, ?3), ?4), members_complete = ?5
                 WHERE room = ?1",
            )?
            .execute((room.key, room.epoch.0, int(room.last.0), int(MAX_SEQ.0), complete))?;
        Ok(rows > 0)
    }

    /// Moves the person's read marker.
    pub(super) fn set_own_read_marker(&mut self, id: RoomId, seq: Seq, pending: bool) -> rusqlite::Result<()> {
        if let Some(room) = self.room(id)?.map(|room| room.key) {
            // The same marker again does not change the server's count.
            self.tx
                .prepare_cached(
                    "UPDATE server_room SET
                         read = ?2, read_pending = ?3, unread = iif(read = ?2, unread, NULL)
                     WHERE room = ?1",
                )?
                .execute((room, int(seq.0), pending))?;
        }
        Ok(())
    }
}
