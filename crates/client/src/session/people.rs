//! Who is here, and who is typing.

use std::collections::{BTreeMap, BTreeSet};

use ichat_protocol::{
    Availability, ClientEvent, MemberId, Person, RoomId, Typing as TypingEvent, limits::TYPING_TIMEOUT,
};

use super::{Update, out::Out};

/// How many people are kept: a hostile server could name any number.
const PEOPLE: usize = 20_000;
/// How many typing people are kept in a room.
const TYPING: usize = 64;
/// One's own typing is told at most so often.
const TELL_TYPING_MS: u64 = 3_000;

/// Who is here.
#[derive(Debug, Default)]
pub(super) struct People {
    here: BTreeMap<MemberId, Person>,
    changed: bool,
}

impl People {
    pub(super) fn learn(&mut self, people: Vec<Person>) {
        for person in people {
            self.changed = true;
            if person.availability == Availability::Offline {
                self.here.remove(&person.id);
            } else if self.here.len() < PEOPLE || self.here.contains_key(&person.id) {
                self.here.insert(person.id.clone(), person);
            }
        }
    }

    /// Without a connection nobody is known to be here.
    pub(super) fn forget(&mut self) {
        self.changed |= !self.here.is_empty();
        self.here.clear();
    }

    pub(super) fn refresh(&mut self) {
        self.changed = true;
    }

    pub(super) fn tell(&mut self, out: &mut Out) {
        if std::mem::take(&mut self.changed) {
            let people = self.here.values().cloned().collect();
            out.up(Update::Presence { people });
        }
    }
}

/// Who is typing where, the others and oneself.
#[derive(Debug, Default)]
pub(super) struct Typing {
    /// Until when it counts.
    others: BTreeMap<RoomId, BTreeMap<MemberId, u64>>,
    /// When it was told.
    own: BTreeMap<RoomId, u64>,
    changed: BTreeSet<RoomId>,
}

impl Typing {
    pub(super) fn types(&mut self, now: u64, room: RoomId, member: MemberId) {
        let typing = self.others.entry(room).or_default();
        if typing.len() < TYPING || typing.contains_key(&member) {
            let until = now.saturating_add(millis(TYPING_TIMEOUT));
            if typing.insert(member, until).is_none() {
                self.changed.insert(room);
            }
        }
    }

    pub(super) fn stopped(&mut self, room: RoomId, member: &MemberId) {
        if let Some(typing) = self.others.get_mut(&room)
            && typing.remove(member).is_some()
        {
            self.changed.insert(room);
        }
    }

    pub(super) fn expire(&mut self, now: u64) {
        for (room, typing) in &mut self.others {
            let before = typing.len();
            typing.retain(|_, until| *until > now);
            if typing.len() != before {
                self.changed.insert(*room);
            }
        }
        self.others.retain(|_, typing| !typing.is_empty());
    }

    pub(super) fn due(&self) -> Option<u64> {
        self.others.values().flat_map(BTreeMap::values).min().copied()
    }

    pub(super) fn forget(&mut self) {
        let typed = std::mem::take(&mut self.others);
        self.changed.extend(
            typed
                .into_iter()
                .filter(|(_, who)| !who.is_empty())
                .map(|(room, _)| room),
        );
        self.own.clear();
    }

    /// The person types, or no longer.
    pub(super) fn own(&mut self, now: u64, room: RoomId, on: bool, out: &mut Out) {
        let tell = match self.own.get(&room) {
            Some(told) => !on || told + TELL_TYPING_MS <= now,
            None => on,
        };
        if !tell {
            return;
        }
        if on {
            self.own.insert(room, now);
        } else {
            self.own.remove(&room);
        }
        out.emit(ClientEvent::Typing(TypingEvent { room, on }));
    }

    /// A message ends the typing without a word.
    pub(super) fn said(&mut self, room: RoomId) {
        self.own.remove(&room);
    }

    pub(super) fn refresh(&mut self) {
        self.changed.extend(self.others.keys());
    }

    pub(super) fn tell(&mut self, out: &mut Out) {
        for room in std::mem::take(&mut self.changed) {
            let members = self.others.get(&room).map(|typing| typing.keys().cloned().collect());
            let members = members.unwrap_or_default();
            out.up(Update::Typing { room, members });
        }
    }
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
