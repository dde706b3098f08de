//! What the server tells of itself and of its rooms: `hello` and `room`.

use ichat_protocol::{Away, ClientEvent, Hello, Read, RoomId, RoomSummary, SetName, Sync, limits::MAX_SEQ};

use super::{Change, Session, Update, out::Out, room::Room};

/// How many rooms a session keeps: a hostile server could name any number.
pub(super) const ROOMS: usize = 4_096;
/// Rooms in one `sync`: fewer than the server allows, so that the packet stays well below its limit.
const SYNC_AT_ONCE: usize = 500;

impl Session {
    pub(super) fn hello(&mut self, now: u64, mut hello: Hello, out: &mut Out) {
        self.line.hello(now, hello.limits.heads_every_ms);
        self.lobby = Some(hello.lobby);
        self.rooms_changed = true;
        let mut gone: Vec<RoomId> = self.rooms.keys().copied().collect();
        for summary in std::mem::take(&mut hello.rooms).into_iter().take(ROOMS) {
            gone.retain(|id| *id != summary.id);
            self.learn_room(summary, out);
        }
        for id in gone {
            if let Some(room) = self.rooms.get_mut(&id).filter(|room| room.is_joined()) {
                room.leave();
                out.save(Change::Room(room.summary()));
            }
        }
        self.me = Some(hello.me.clone());
        out.up(Update::Hello(Hello {
            rooms: self.joined_rooms(),
            ..hello.clone()
        }));
        self.sync_all(now, out);
        for (room, seq) in std::mem::take(&mut self.wishes.read) {
            if !self.is_joined(room) {
                continue;
            }
            let read = Read { room, seq };
            self.read(read, out);
            out.emit(ClientEvent::Read(read));
        }
        if let Some(name) = self.wishes.name.clone().filter(|name| *name != hello.name) {
            out.emit(ClientEvent::SetName(SetName { name }));
        }
        if self.wishes.away {
            out.emit(ClientEvent::Away(Away { away: true }));
        }
        self.hello = Some(hello);
        self.outbox.resume();
    }

    /// Asks for what is missing of every room.
    pub(super) fn sync_all(&mut self, now: u64, out: &mut Out) {
        let mut cursors = Vec::new();
        for (id, room) in self.rooms.iter_mut().filter(|(_, room)| room.is_joined()) {
            room.members_asked = false;
            room.log.forget_asked();
            cursors.push((*id, room.log.cursor()));
            if !room.fits_what_was_told() || room.log.is_behind() {
                room.log.expect_sync(now);
            }
        }
        for some in cursors.chunks(SYNC_AT_ONCE) {
            out.emit(ClientEvent::Sync(Sync {
                rooms: some.iter().copied().collect(),
            }));
        }
    }

    /// Takes a room as the server tells it. Whether it is one that is joined now and was not before.
    fn learn_room(&mut self, summary: RoomSummary, out: &mut Out) -> bool {
        let fits = summary.head.seq.0 <= MAX_SEQ && summary.read.0 <= MAX_SEQ;
        if !fits || (self.rooms.len() >= ROOMS && !self.rooms.contains_key(&summary.id)) {
            return false;
        }
        let joined = summary.joined;
        let Some(room) = self.rooms.get_mut(&summary.id) else {
            out.save(Change::Room(summary.clone()));
            self.rooms.insert(summary.id, Room::new(summary));
            return joined;
        };
        let was_joined = room.is_joined();
        if room.told(summary.clone()) {
            out.save(Change::Room(summary));
        }
        joined && !was_joined
    }

    pub(super) fn room(&mut self, now: u64, summary: RoomSummary, out: &mut Out) {
        let id = summary.id;
        if !summary.joined && !self.rooms.contains_key(&id) {
            return;
        }
        self.rooms_changed = true;
        let joined = self.learn_room(summary, out);
        let created = self.wishes.created.remove(&id);
        if let Some(room) = self.rooms.get_mut(&id).filter(|_| joined) {
            room.members_asked = false;
            // Joining brings the newest page by itself; more is asked for if there is more to say.
            if created || room.log.epoch().is_some() {
                room.log.sync(now, id, out);
            } else {
                room.log.expect_sync(now);
            }
        }
    }
}
