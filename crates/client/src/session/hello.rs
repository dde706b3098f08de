//! The events about the server itself and its rooms: `hello` and `room`.

use std::collections::BTreeSet;

use ichat_protocol::{
    Away, ClientEvent, ClientEventKind, FindRooms, Hello, Read, Refused, RoomId, RoomList, RoomSummary, SetName, Sync,
    limits::MAX_SEQ,
};

use super::{
    Change, Session, Update, effects::Effects, retry_after::retry_after, room::Room, room_listing::RoomListing,
};

/// A bound on the rooms that a hostile server can make the client keep.
pub(super) const MAX_ROOMS: usize = 4_096;
/// The number of rooms in one `sync`. It is below the server's limit, so that the packet is far below the limit of its
/// size.
const SYNC_BATCH: usize = 500;
/// A request for the next rooms of the user without an answer is sent again after this time.
const LISTING_TIMEOUT_MS: u64 = 5_000;

impl Session {
    pub(super) fn on_hello(&mut self, now: u64, mut hello: Hello, effects: &mut Effects) {
        self.connection.go_online(now, hello.limits.heads_interval_ms);
        self.lobby = Some(hello.lobby);
        self.rooms_changed = true;
        // A new connection answers no earlier request.
        self.pending.joined.clear();
        let mut unlisted: BTreeSet<RoomId> = self.rooms.keys().copied().collect();
        let mut listed = BTreeSet::new();
        let last = hello.rooms.last().map(|room| room.id);
        for summary in std::mem::take(&mut hello.rooms).into_iter().take(MAX_ROOMS) {
            unlisted.remove(&summary.id);
            listed.insert(summary.id);
            self.upsert_room(summary, effects);
        }
        self.listing = None;
        if !hello.more {
            self.leave_all(std::mem::take(&mut unlisted), effects);
        }
        self.me = Some(hello.me.clone());
        effects.notify(Update::Hello(Box::new(Hello {
            rooms: self.joined_rooms(),
            ..hello.clone()
        })));
        for room in self.rooms.values_mut() {
            room.members.forget_requests();
        }
        self.sync_all(now, effects);
        // Before the next rooms are requested, so that the server lists them with the markers that are sent here.
        self.send_pending(&hello, effects);
        if let Some(after) = last.filter(|_| hello.more) {
            let listing = RoomListing {
                unlisted,
                listed,
                read: BTreeSet::new(),
                after,
                retry_at: now,
            };
            self.list_next(now, listing, effects);
        }
        hello.now = hello.now.saturating_sub(now);
        self.hello = Some(hello);
        self.outbox.resume(now);
    }

    /// Handles the next rooms of the user. A part without a room that was not listed yet ends the listing, so that no server
    /// makes it endless; then the rooms that were not listed stay.
    pub(super) fn on_joined_rooms(&mut self, now: u64, list: RoomList, effects: &mut Effects) {
        let is_expected = |listing: &mut RoomListing| Some(listing.after) == list.after;
        let Some(mut listing) = self.listing.take_if(is_expected) else {
            return;
        };
        self.rooms_changed = true;
        let end = list.rooms.last().map(|room| room.id);
        let before = listing.listed.len();
        let mut new = Vec::new();
        for mut summary in list.rooms.into_iter().take(MAX_ROOMS) {
            let id = summary.id;
            if let Some(room) = self.joined_room(id).filter(|_| listing.read.contains(&id)) {
                summary.read = room.unread.read();
            }
            listing.unlisted.remove(&id);
            listing.listed.insert(id);
            let is_new = self.upsert_room(summary, effects);
            let Some(room) = self.joined_room(id) else {
                continue;
            };
            if is_new {
                room.members.forget_requests();
                new.push(id);
            } else {
                // Its sync is under way. It brings what this summary shows to be missing.
                if !room.matches_server_head() || room.log.is_behind() {
                    room.log.expect_sync(now);
                }
            }
        }
        self.sync_rooms(now, &new, effects);
        if !list.more {
            return self.leave_all(listing.unlisted, effects);
        }
        let has_new = listing.listed.len() > before;
        // Otherwise there are more rooms than are kept.
        let joined = self.rooms.values().filter(|room| room.is_joined()).count();
        let has_space = listing.listed.len().max(joined) < MAX_ROOMS;
        if let Some(after) = end.filter(|_| has_new && has_space) {
            self.list_next(now, RoomListing { after, ..listing }, effects);
        }
    }

    /// Requests the next rooms of a listing.
    fn list_next(&mut self, now: u64, listing: RoomListing, effects: &mut Effects) {
        effects.emit(ClientEvent::Rooms(FindRooms {
            joined: true,
            query: None,
            after: Some(listing.after),
        }));
        self.listing = Some(RoomListing {
            retry_at: now + LISTING_TIMEOUT_MS,
            ..listing
        });
    }

    /// Repeats the request for the user's next rooms, if its answer is overdue.
    pub(super) fn retry_listing(&mut self, now: u64, effects: &mut Effects) {
        if let Some(listing) = self.listing.take_if(|listing| listing.retry_at <= now) {
            self.list_next(now, listing, effects);
        }
    }

    /// Handles a refusal that may be that of the request for the user's next rooms, which is repeated when the server wants it,
    /// or at its next attempt. Returns whether no request of the user can be meant.
    pub(super) fn delay_listing(&mut self, now: u64, refused: &Refused) -> bool {
        if refused.event != ClientEventKind::Rooms.name() || !refused.error.code.is_transient() {
            return false;
        }
        let Some(listing) = &mut self.listing else {
            return false;
        };
        match retry_after(&refused.error) {
            Some(wait) => {
                listing.retry_at = now + wait;
                true
            }
            None => !self.busy.awaits_rooms(),
        }
    }

    fn leave_all(&mut self, rooms: BTreeSet<RoomId>, effects: &mut Effects) {
        for id in rooms {
            self.leave(id, effects);
        }
    }

    pub(super) fn on_room(&mut self, now: u64, summary: RoomSummary, effects: &mut Effects) {
        let id = summary.id;
        if !summary.joined && !self.rooms.contains_key(&id) {
            return;
        }
        if let Some(listing) = &mut self.listing {
            listing.unlisted.remove(&id);
        }
        self.rooms_changed = true;
        let just_joined = self.upsert_room(summary, effects);
        let joined_here = self.pending.joined.remove(&id);
        if let Some(room) = self.rooms.get_mut(&id).filter(|_| just_joined) {
            room.members.forget_requests();
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
        let joined = self.rooms.iter().filter(|(_, room)| room.is_joined());
        let joined: Vec<RoomId> = joined.map(|(id, _)| *id).collect();
        self.sync_rooms(now, &joined, effects);
    }

    fn sync_rooms(&mut self, now: u64, ids: &[RoomId], effects: &mut Effects) {
        let mut cursors = Vec::new();
        for id in ids {
            let Some(room) = self.rooms.get_mut(id) else {
                continue;
            };
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

    /// Forgets a room that the user has left, with its log, if no more rooms can be kept. Returns whether there is space for one.
    fn make_space(&mut self, effects: &mut Effects) -> bool {
        if self.rooms.len() < MAX_ROOMS {
            return true;
        }
        let Some((&id, _)) = self.rooms.iter().find(|(_, room)| !room.is_joined()) else {
            return false;
        };
        // If the user joins it again, the replica must not have a part of the log that is unknown here.
        if let Some(epoch) = self.rooms.remove(&id).and_then(|room| room.log.epoch()) {
            effects.save(Change::Reset { room: id, epoch });
        }
        true
    }

    /// Takes over the server's summary of a room. Returns whether the user has just become a member of it.
    fn upsert_room(&mut self, summary: RoomSummary, effects: &mut Effects) -> bool {
        let is_valid = summary.head.seq.0 <= MAX_SEQ && summary.read.0 <= MAX_SEQ;
        if !is_valid || (!self.rooms.contains_key(&summary.id) && !self.make_space(effects)) {
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
