//! The events about the server itself and its rooms: `hello` and `room`.

use std::collections::BTreeSet;

use ichat_protocol::{Away, ClientEvent, Hello, Read, RoomId, RoomSummary, SetName, Sync, limits::MAX_SEQ};

use super::{Change, Session, Update, effects::Effects, room::Room};

/// A bound on the rooms that a hostile server can make the client keep.
pub(super) const MAX_ROOMS: usize = 4_096;
/// The number of rooms in one `sync`. It is below the server's limit, so that the packet is far below the limit of its
/// size.
const SYNC_BATCH: usize = 500;

impl Session {
    pub(super) fn on_hello(&mut self, now: u64, mut hello: Hello, effects: &mut Effects) {
        self.connection.go_online(now, hello.limits.heads_interval_ms);
        self.lobby = Some(hello.lobby);
        self.rooms_changed = true;
        // A new connection answers no earlier request.
        self.pending.joined.clear();
        let mut left: BTreeSet<RoomId> = self.rooms.keys().copied().collect();
        for summary in std::mem::take(&mut hello.rooms).into_iter().take(MAX_ROOMS) {
            left.remove(&summary.id);
            self.upsert_room(summary, effects);
        }
        for id in left {
            self.leave(id, effects);
        }
        self.me = Some(hello.me.clone());
        effects.notify(Update::Hello(Hello {
            rooms: self.joined_rooms(),
            ..hello.clone()
        }));
        self.sync_all(now, effects);
        self.send_pending(&hello, effects);
        hello.now = hello.now.saturating_sub(now);
        self.hello = Some(hello);
        self.outbox.resume(now);
    }

    pub(super) fn on_room(&mut self, now: u64, summary: RoomSummary, effects: &mut Effects) {
        let id = summary.id;
        if !summary.joined && !self.rooms.contains_key(&id) {
            return;
        }
        self.rooms_changed = true;
        let just_joined = self.upsert_room(summary, effects);
        let joined_here = self.pending.joined.remove(&id);
        if let Some(room) = self.rooms.get_mut(&id).filter(|_| just_joined) {
            room.members_requested = false;
            // The server answers `join` with the newest page. It sends no page of a room that was created, or joined on
            // another device, and for a room that was left and joined again the entries in between are missing.
            if joined_here && room.log.epoch().is_none() {
                room.log.expect_sync(now);
            } else {
                room.log.request_sync(now, id, effects);
            }
        }
    }

    /// Requests the missing entries of all rooms.
    pub(super) fn sync_all(&mut self, now: u64, effects: &mut Effects) {
        let mut cursors = Vec::new();
        for (id, room) in self.rooms.iter_mut().filter(|(_, room)| room.is_joined()) {
            room.members_requested = false;
            room.log.forget_request();
            cursors.push((*id, room.log.cursor()));
            if !room.matches_server_head() || room.log.is_behind() {
                room.log.expect_sync(now);
            }
        }
        for batch in cursors.chunks(SYNC_BATCH) {
            effects.emit(ClientEvent::Sync(Sync {
                rooms: batch.iter().copied().collect(),
            }));
        }
    }

    /// Sends what the user did while there was no connection.
    fn send_pending(&mut self, hello: &Hello, effects: &mut Effects) {
        for (room, seq) in std::mem::take(&mut self.pending.read) {
            let read = Read { room, seq };
            self.move_read_marker(read);
            // A new history may be too short for the marker.
            if self.joined_room(room).is_some_and(|room| room.unread.read() == seq) {
                effects.save(Change::Read {
                    room,
                    seq,
                    pending: false,
                });
                effects.emit(ClientEvent::Read(read));
            }
        }
        if let Some(name) = self.pending.name.clone().filter(|name| *name != hello.name) {
            effects.emit(ClientEvent::SetName(SetName { name }));
        }
        if self.pending.away {
            effects.emit(ClientEvent::Away(Away { away: true }));
        }
    }

    /// Takes over the server's summary of a room. Returns whether the user has just become a member of it.
    fn upsert_room(&mut self, summary: RoomSummary, effects: &mut Effects) -> bool {
        let is_valid = summary.head.seq.0 <= MAX_SEQ && summary.read.0 <= MAX_SEQ;
        if !is_valid || (self.rooms.len() >= MAX_ROOMS && !self.rooms.contains_key(&summary.id)) {
            return false;
        }
        let joined = summary.joined;
        let Some(room) = self.rooms.get_mut(&summary.id) else {
            effects.save(Change::Room(summary.clone()));
            self.rooms.insert(summary.id, Room::new(summary));
            return joined;
        };
        let was_joined = room.is_joined();
        if room.apply_server_summary(summary.clone()) {
            effects.save(Change::Room(summary));
        }
        joined && !was_joined
    }
}
