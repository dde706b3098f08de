//! Typing indicators: of the other members, and the user's own.

use std::collections::{BTreeMap, BTreeSet};

use ichat_protocol::{ClientEvent, MemberId, RoomId, Typing, limits::TYPING_TIMEOUT};

use super::{Update, effects::Effects};

/// A bound on the typing members that a hostile server can make the client keep.
const MAX_TYPING_PER_ROOM: usize = 64;
/// The shortest time between two reports that the user is typing: half of the time after which an indicator expires, so
/// that the next report is not too late.
const REPORT_INTERVAL_MS: u64 = 3_000;

/// The typing members of each room, and whether the user is typing.
#[derive(Debug, Default)]
pub(super) struct TypingIndicators {
    /// The typing members of each room, with the time at which their indicator expires.
    others: BTreeMap<RoomId, BTreeMap<MemberId, u64>>,
    /// The rooms in which the user is typing, with the time of the last report.
    own: BTreeMap<RoomId, u64>,
    changed_rooms: BTreeSet<RoomId>,
}

impl TypingIndicators {
    pub(super) fn started(&mut self, now: u64, room: RoomId, member: MemberId) {
        let typing = self.others.entry(room).or_default();
        if typing.len() < MAX_TYPING_PER_ROOM || typing.contains_key(&member) {
            let ttl = u64::try_from(TYPING_TIMEOUT.as_millis()).unwrap_or(u64::MAX);
            if typing.insert(member, now.saturating_add(ttl)).is_none() {
                self.changed_rooms.insert(room);
            }
        }
    }

    pub(super) fn stopped(&mut self, room: RoomId, member: &MemberId) {
        if let Some(typing) = self.others.get_mut(&room)
            && typing.remove(member).is_some()
        {
            self.changed_rooms.insert(room);
        }
    }

    pub(super) fn expire(&mut self, now: u64) {
        for (room, typing) in &mut self.others {
            let before = typing.len();
            typing.retain(|_, expires_at| *expires_at > now);
            if typing.len() != before {
                self.changed_rooms.insert(*room);
            }
        }
        self.others.retain(|_, typing| !typing.is_empty());
    }

    pub(super) fn next_expiry(&self) -> Option<u64> {
        self.others.values().flat_map(BTreeMap::values).min().copied()
    }

    /// Forgets all indicators at the end of a connection.
    pub(super) fn clear(&mut self) {
        let rooms = std::mem::take(&mut self.others).into_iter();
        let typing = rooms.filter(|(_, members)| !members.is_empty());
        self.changed_rooms.extend(typing.map(|(room, _)| room));
        self.own.clear();
    }

    /// Reports the user's own typing, unless the server knows it from a recent report.
    pub(super) fn report_own(&mut self, now: u64, room: RoomId, on: bool, effects: &mut Effects) {
        let is_due = match self.own.get(&room) {
            Some(reported_at) => !on || reported_at + REPORT_INTERVAL_MS <= now,
            None => on,
        };
        if !is_due {
            return;
        }
        if on {
            self.own.insert(room, now);
        } else {
            self.own.remove(&room);
        }
        effects.emit(ClientEvent::Typing(Typing { room, on }));
    }

    /// Ends the user's own typing without a report: the message itself ends it for the others.
    pub(super) fn message_sent(&mut self, room: RoomId) {
        self.own.remove(&room);
    }

    pub(super) fn mark_all_changed(&mut self) {
        self.changed_rooms.extend(self.others.keys());
    }

    pub(super) fn notify_changes(&mut self, effects: &mut Effects) {
        for room in std::mem::take(&mut self.changed_rooms) {
            let members = self.others.get(&room).map(|typing| typing.keys().cloned().collect());
            let members = members.unwrap_or_default();
            effects.notify(Update::Typing { room, members });
        }
    }
}
