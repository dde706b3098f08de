//! The events of the server: which part of the session handles which, and the small ones themselves.

use ichat_protocol::{
    ClientEvent, ClientEventKind, MemberList, Presence, Read, Refused, RoomId, ServerEvent, TypingNow,
};

use super::{Change, Session, Update, effects::Effects, hello::MAX_ROOMS, members_update, room::Room};

impl Session {
    pub(super) fn receive(&mut self, now: u64, event: ServerEvent, effects: &mut Effects) {
        if !self.connection.is_online() {
            // The server has nothing to say before its `hello`.
            if let ServerEvent::Hello(hello) = event
                && self.connection.awaits_hello()
            {
                self.on_hello(now, *hello, effects);
            }
            return;
        }
        match event {
            ServerEvent::Entries(entries) => self.on_entries(now, entries, effects),
            ServerEvent::Page(page) => self.on_page(now, page, effects),
            ServerEvent::Reset(reset) => self.on_reset(now, reset, effects),
            ServerEvent::Heads(heads) => self.on_heads(now, &heads, effects),
            ServerEvent::Rooms(list) if list.joined => self.on_joined_rooms(now, list, effects),
            ServerEvent::Rooms(mut list) => {
                self.busy.found_rooms(&list);
                list.rooms.truncate(MAX_ROOMS);
                effects.notify(Update::Directory(list));
            }
            ServerEvent::Room(summary) => self.on_room(now, summary, effects),
            ServerEvent::Members(list) => self.on_members(list, effects),
            ServerEvent::Presence(presence) => self.on_presence(presence, effects),
            ServerEvent::Typing(typing) => self.on_typing(now, typing),
            ServerEvent::Read(read) => self.on_read(read, effects),
            ServerEvent::Refused(refused) => self.on_refused(now, refused, effects),
            ServerEvent::Closing(closing) => self.connection.server_closing(now, closing, effects),
            // A second `hello` is an error of the server; other versions may send more events.
            ServerEvent::Hello(_) | ServerEvent::Unknown => {}
        }
    }

    fn on_members(&mut self, list: MemberList, effects: &mut Effects) {
        let id = list.room;
        self.busy.found_members(&list);
        if let Some(room) = self.rooms.get_mut(&id).filter(|room| room.is_joined()) {
            room.members.add(list, effects);
            room.members.need_online(id, self.presence.ids(), effects);
            if room.members.is_listed() {
                effects.save(Change::Members {
                    room: id,
                    members: room.members.to_vec(),
                    partial: room.members.is_partial(),
                });
            }
            effects.notify(members_update(id, room));
        }
    }

    /// Handles the presence of people, whose names are needed where not all members of a room are known.
    fn on_presence(&mut self, presence: Presence, effects: &mut Effects) {
        for (id, room) in self.rooms.iter_mut().filter(|(_, room)| room.is_joined()) {
            let people = presence.people.iter().map(|person| &person.id);
            room.members.need_online(*id, people, effects);
        }
        self.presence.update(presence.people);
    }

    fn on_typing(&mut self, now: u64, typing: TypingNow) {
        if self.me.as_ref() == Some(&typing.member) || self.joined_room(typing.room).is_none() {
            return;
        }
        if typing.on {
            self.typing.started(now, typing.room, typing.member);
        } else {
            self.typing.stopped(typing.room, &typing.member);
        }
    }

    /// Handles a read marker that the user set on another device.
    fn on_read(&mut self, read: Read, effects: &mut Effects) {
        self.busy.drop_replaced(&ClientEvent::Read(read));
        if self.move_read_marker(read) {
            effects.save(Change::Read {
                room: read.room,
                seq: read.seq,
                pending: false,
            });
        }
    }

    /// Moves the read marker, if the room has such an entry. Returns whether it changed.
    pub(super) fn move_read_marker(&mut self, read: Read) -> bool {
        let Read { room, seq } = read;
        let Some(known) = self.joined_room(room) else {
            return false;
        };
        if known.unread.read() == seq || seq > known.summary().head.seq {
            return false;
        }
        known.unread.read_to(seq);
        self.rooms_changed = true;
        if let Some(listing) = &mut self.listing {
            listing.read.insert(room);
        }
        true
    }

    fn on_refused(&mut self, now: u64, refused: Refused, effects: &mut Effects) {
        let is_delayed = self.delay_listing(now, &refused);
        if self.busy.refuse(now, &refused) || is_delayed {
            return;
        }
        let Refused { event, room, id, error } = refused;
        // The server may name an event that this version does not have.
        if let Ok(refused_event) = event.parse() {
            match refused_event {
                ClientEventKind::Post => {
                    if id.is_some_and(|id| self.outbox.refuse(now, id, error.clone(), effects)) {
                        return;
                    }
                }
                // The log repeats its requests by itself, and nobody waits for a typing indicator.
                ClientEventKind::Sync | ClientEventKind::Typing if error.code.is_transient() => return,
                ClientEventKind::History if error.code.is_transient() && self.awaits_history(room) => return,
                ClientEventKind::Members if error.code.is_transient() => {
                    if let Some(room) = room.and_then(|room| self.rooms.get_mut(&room)) {
                        room.members.refuse();
                    }
                    return;
                }
                ClientEventKind::Sync | ClientEventKind::History | ClientEventKind::Members => {
                    if let Some(room) = room.filter(|_| error.code.is_not_a_member()) {
                        self.leave(room, effects);
                    }
                }
                ClientEventKind::Join => {
                    if let Some(room) = room {
                        self.pending.joined.remove(&room);
                    }
                }
                ClientEventKind::Rooms
                | ClientEventKind::Create
                | ClientEventKind::Leave
                | ClientEventKind::Typing
                | ClientEventKind::Away
                | ClientEventKind::Read
                | ClientEventKind::SetName => {}
            }
        }
        effects.notify(Update::Refused { event, room, id, error });
    }

    /// Returns whether a room's log has requested history. Otherwise the user has.
    fn awaits_history(&self, room: Option<RoomId>) -> bool {
        let room = room.and_then(|room| self.rooms.get(&room));
        room.is_some_and(|room| room.log.awaits_history())
    }

    /// Marks a room as left.
    pub(super) fn leave(&mut self, id: RoomId, effects: &mut Effects) {
        if let Some(room) = self.joined_room(id) {
            room.leave();
            effects.save(Change::Room(room.summary()));
            self.rooms_changed = true;
        }
    }

    pub(super) fn joined_room(&mut self, id: RoomId) -> Option<&mut Room> {
        self.rooms.get_mut(&id).filter(|room| room.is_joined())
    }
}
