//! The events about the logs of rooms: `entries`, `page`, `reset` and `heads`.

use std::collections::BTreeSet;

use ichat_protocol::{Entries, Entry, Epoch, Heads, Page, Reset, RoomId, Seq, limits::MAX_SEQ};

use super::{
    Change, Session, Update,
    effects::Effects,
    log::MAX_PENDING,
    members_update,
    room::{Room, RoomChanges},
};

/// The longest page that is accepted. Servers send fewer entries.
const MAX_PAGE: usize = 2_000;

impl Session {
    pub(super) fn on_entries(&mut self, now: u64, entries: Entries, effects: &mut Effects) {
        let pending: usize = self.rooms.values().map(|room| room.log.pending_count()).sum();
        let id = entries.room;
        let Some(room) = self.joined_room(id) else {
            return;
        };
        if room.log.epoch().is_some_and(|epoch| epoch != entries.epoch) {
            room.log.request_sync(now, id, effects);
            return;
        }
        let last = room.log.last();
        let known = entries.entries.iter().filter(|entry| entry.seq <= last);
        let known: Vec<Entry> = known.cloned().collect();
        let space = MAX_PENDING.saturating_sub(pending);
        let added = room.log.add_live(entries.epoch, entries.entries, space);
        self.outbox.acknowledge_unsaved(&known, effects);
        self.append(id, &added, effects);
        if !added.is_empty() {
            self.notify_entries(id, added, Vec::new(), effects);
        }
        self.request_missing(now, id, effects);
    }

    pub(super) fn on_page(&mut self, now: u64, page: Page, effects: &mut Effects) {
        let id = page.room;
        let Some(room) = self.joined_room(id) else {
            return;
        };
        if !is_valid(&page) {
            return;
        }
        let epoch = room.log.epoch();
        if epoch.is_some_and(|epoch| epoch != page.head.epoch) {
            room.log.request_sync(now, id, effects);
            return;
        }
        let new = room.log.add_page(&page);
        let is_first_page = epoch.is_none() && room.log.epoch().is_some();
        if is_first_page {
            room.unread.restart(room.log.first());
        }
        if !new.below.is_empty() {
            effects.save(Change::Entries {
                room: id,
                epoch: page.head.epoch,
                entries: new.below.clone(),
            });
            self.outbox.acknowledge_saved(&new.below);
        }
        self.append(id, &new.above, effects);
        if is_first_page {
            self.recount_unread(id);
        }
        self.outbox.acknowledge_unsaved(&page.entries, effects);
        self.extend_unread_back(id, &page.entries);
        let mut entries = page.entries;
        let end = entries.last().map_or(Seq::ZERO, |entry| entry.seq);
        entries.extend(new.above.into_iter().filter(|entry| entry.seq > end));
        self.notify_entries(id, entries, page.later, effects);
        if let Some(room) = self.rooms.get_mut(&id) {
            room.log.extend_sync_timeout(now);
        }
        self.request_missing(now, id, effects);
    }

    /// Saves entries that extend a room's range at its end, and applies them to the room.
    fn append(&mut self, id: RoomId, entries: &[Entry], effects: &mut Effects) {
        let (Some(room), Some(me)) = (self.rooms.get_mut(&id), &self.me) else {
            return;
        };
        let Some(epoch) = room.log.epoch().filter(|_| !entries.is_empty()) else {
            return;
        };
        effects.save(Change::Entries {
            room: id,
            epoch,
            entries: entries.to_vec(),
        });
        let mut changes = RoomChanges::default();
        for entry in entries {
            changes |= room.append(entry, me);
            // A member who has posted a message has stopped typing it.
            if entry.body.properties().counts_as_unread {
                self.typing.stopped(id, &entry.author);
            }
        }
        self.rooms_changed |= changes.summary;
        if changes.members {
            effects.notify(members_update(id, room));
        }
        self.outbox.acknowledge_saved(entries);
    }

    /// Counts the unread messages of a room's first page, which the server's count may not include.
    fn recount_unread(&mut self, id: RoomId) {
        if let Some(room) = self.rooms.get_mut(&id) {
            let before = room.unread.count();
            room.unread.recount();
            self.rooms_changed |= before != room.unread.count();
        }
    }

    /// Makes the unread count more exact by older entries of the range.
    pub(super) fn extend_unread_back(&mut self, id: RoomId, entries: &[Entry]) {
        if let (Some(room), Some(me)) = (self.rooms.get_mut(&id), &self.me) {
            let first = room.log.first();
            if entries.first().is_some_and(|entry| entry.seq >= first) {
                room.unread.extend_back(entries, me);
            }
        }
    }

    pub(super) fn notify_entries(&mut self, id: RoomId, entries: Vec<Entry>, later: Vec<Entry>, effects: &mut Effects) {
        if let Some(room) = self.rooms.get_mut(&id) {
            let authors: BTreeSet<_> = entries.iter().chain(&later).map(|entry| entry.author.clone()).collect();
            effects.notify(Update::Entries {
                room: id,
                head: room.summary().head,
                entries,
                later,
            });
            room.members.need(&authors);
            if self.connection.is_online() {
                room.members.request_wanted(id, effects);
            }
        }
    }

    pub(super) fn on_reset(&mut self, now: u64, reset: Reset, effects: &mut Effects) {
        let Reset { room: id, head } = reset;
        let Some(room) = self.joined_room(id) else {
            return;
        };
        room.unread.reset(head.seq);
        drop_log(room, id, head.epoch, effects);
        // The server sends the newest page without being asked.
        room.log.expect_sync(now);
    }

    /// Drops a log that the replica can't read, and requests it from the server. Returns false for a room that the user has
    /// left.
    pub(super) fn replace_log(&mut self, now: u64, id: RoomId, effects: &mut Effects) -> bool {
        let Some(room) = self.joined_room(id) else {
            return false;
        };
        room.unread.restart(Seq::ZERO.next());
        let epoch = room.summary().head.epoch;
        drop_log(room, id, epoch, effects);
        room.log.request_sync(now, id, effects);
        true
    }

    pub(super) fn on_heads(&mut self, now: u64, heads: &Heads, effects: &mut Effects) {
        for (id, head) in &heads.heads {
            let Some(room) = self.joined_room(*id).filter(|_| head.seq.0 <= MAX_SEQ) else {
                continue;
            };
            if room.log.update_head(*head) {
                room.log.request_missing(now, *id, effects);
            } else {
                room.log.request_sync(now, *id, effects);
            }
        }
    }

    fn request_missing(&mut self, now: u64, id: RoomId, effects: &mut Effects) {
        if let Some(room) = self.joined_room(id) {
            room.log.request_missing(now, id, effects);
        }
    }

    /// Repeats the requests whose answer is overdue.
    pub(super) fn retry_requests(&mut self, now: u64, effects: &mut Effects) {
        for (id, room) in self.rooms.iter_mut().filter(|(_, room)| room.is_joined()) {
            if room.log.retry_at().is_some_and(|retry_at| retry_at <= now) {
                room.log.request_missing(now, *id, effects);
            }
        }
    }
}

/// Drops a room's entries, here, in the replica and in the interface.
fn drop_log(room: &mut Room, id: RoomId, epoch: Epoch, effects: &mut Effects) {
    room.log.clear();
    effects.save(Change::Reset { room: id, epoch });
    effects.notify(Update::Reset { room: id });
}

/// Returns whether a page keeps the protocol's rules. An invalid one is dropped, as if it had been lost.
fn is_valid(page: &Page) -> bool {
    let is_numbered = page.entries.first().is_none_or(|first| first.seq >= Seq(1));
    let has_no_gap = page.entries.windows(2).all(|pair| pair[0].seq.next() == pair[1].seq);
    let ends_at_head = page.entries.last().map_or(Seq::ZERO, |last| last.seq) <= page.head.seq;
    let later_is_sorted = page.later.windows(2).all(|pair| pair[0].seq < pair[1].seq);
    let is_bounded = page.entries.len() <= MAX_PAGE && page.head.seq.0 <= MAX_SEQ;
    is_numbered && has_no_gap && ends_at_head && later_is_sorted && is_bounded
}
