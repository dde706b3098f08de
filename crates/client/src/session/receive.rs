//! What the server says: which event goes where, and the small ones themselves.

use ichat_protocol::{ErrorCode, MemberList, Read, Refused, RoomId, ServerEvent, TypingNow};

use super::{Change, Session, Update, hello::ROOMS, out::Out, room::Room};

/// Members of a room that are kept.
const MEMBERS: usize = 20_000;

impl Session {
    pub(super) fn receive(&mut self, now: u64, event: ServerEvent, out: &mut Out) {
        match (event, self.line.is_online()) {
            (ServerEvent::Hello(hello), false) if self.line.awaits_hello() => self.hello(now, hello, out),
            (ServerEvent::Entries(entries), true) => self.entries(now, entries, out),
            (ServerEvent::Page(page), true) => self.page(now, page, out),
            (ServerEvent::Reset(reset), true) => self.reset(now, reset, out),
            (ServerEvent::Heads(heads), true) => self.heads(now, &heads, out),
            (ServerEvent::Rooms(list), true) => {
                let rooms = list.rooms.into_iter().take(ROOMS).collect();
                out.up(Update::Directory { rooms });
            }
            (ServerEvent::Room(summary), true) => self.room(now, summary, out),
            (ServerEvent::Members(list), true) => self.members(list, out),
            (ServerEvent::Presence(presence), true) => self.people.learn(presence.people),
            (ServerEvent::Typing(typing), true) => self.types(now, typing),
            (ServerEvent::Read(read), true) => {
                self.read(read, out);
            }
            (ServerEvent::Refused(refused), true) => self.refused(now, refused, out),
            (ServerEvent::Closing(closing), true) => self.line.closing(now, closing.message, out),
            // Before its hello a server has nothing to say, and hello is said once.
            _ => {}
        }
    }

    fn members(&mut self, list: MemberList, out: &mut Out) {
        let room = list.room;
        let Some(known) = self.rooms.get_mut(&room).filter(|room| room.is_joined()) else {
            return;
        };
        let members: Vec<_> = list.members.into_iter().take(MEMBERS).collect();
        known.members.clone_from(&members);
        known.members_asked = true;
        out.save(Change::Members {
            room,
            members: members.clone(),
        });
        out.up(Update::Members { room, members });
    }

    fn types(&mut self, now: u64, typing: TypingNow) {
        if self.me.as_ref() == Some(&typing.member) || !self.is_joined(typing.room) {
            return;
        }
        if typing.on {
            self.typing.types(now, typing.room, typing.member);
        } else {
            self.typing.stopped(typing.room, &typing.member);
        }
    }

    /// How far the person has read, here or on another device.
    pub(super) fn read(&mut self, read: Read, out: &mut Out) -> bool {
        let Some(room) = self.rooms.get_mut(&read.room).filter(|room| room.is_joined()) else {
            return false;
        };
        if room.unread.read() == read.seq || read.seq > room.summary().head.seq {
            return false;
        }
        room.unread.read_to(read.seq);
        self.rooms_changed = true;
        let Read { room, seq } = read;
        out.save(Change::Read { room, seq });
        true
    }

    fn refused(&mut self, now: u64, refused: Refused, out: &mut Out) {
        let Refused { event, room, id, error } = refused;
        let passing = error.code.is_transient();
        match (event.as_str(), room, id) {
            ("post", _, Some(id)) if self.outbox.refused(now, id, error.clone(), out) => return,
            // These ask for themselves again, after a while.
            ("sync" | "history", ..) if passing => return,
            ("sync" | "history" | "members", Some(room), _)
                if matches!(error.code, ErrorCode::UnknownRoom | ErrorCode::NotJoined) =>
            {
                self.lost(room, out);
            }
            ("create", Some(room), _) => {
                self.wishes.created.remove(&room);
            }
            _ => {}
        }
        out.up(Update::Refused { event, room, error });
    }

    /// The server says that this room is none of ours any more.
    fn lost(&mut self, id: RoomId, out: &mut Out) {
        if let Some(room) = self.rooms.get_mut(&id).filter(|room| room.is_joined()) {
            room.leave();
            out.save(Change::Room(room.summary()));
            self.rooms_changed = true;
        }
    }

    pub(super) fn is_joined(&self, room: RoomId) -> bool {
        self.rooms.get(&room).is_some_and(Room::is_joined)
    }
}
