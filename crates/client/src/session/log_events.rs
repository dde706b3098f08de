//! What the server says of a room's log: `entries`, `page`, `reset` and `heads`.

use ichat_protocol::{Body, Entries, Entry, Heads, Page, Reset, RoomId, Seq, limits::MAX_SEQ};

use super::{Change, Session, Update, log::HELD_IN_ALL, out::Out, room::Changed};

/// Entries of one page, whatever the server calls its limit.
const PAGE: usize = 2_000;

impl Session {
    pub(super) fn entries(&mut self, now: u64, entries: Entries, out: &mut Out) {
        let held: usize = self.rooms.values().map(|room| room.log.held()).sum();
        let Some(room) = self.rooms.get_mut(&entries.room).filter(|room| room.is_joined()) else {
            return;
        };
        if room.log.epoch().is_some_and(|epoch| epoch != entries.epoch) {
            room.log.sync(now, entries.room, out);
            return;
        }
        let last = room.log.last();
        let stands: Vec<Entry> = entries.entries.iter().filter(|e| e.seq <= last).cloned().collect();
        self.outbox.acknowledge_unsaved(&stands, out);
        let space = HELD_IN_ALL.saturating_sub(held);
        let applied = room.log.take(entries.epoch, entries.entries, space);
        self.apply(entries.room, &applied, out);
        if !applied.is_empty() {
            self.tell_entries(entries.room, applied, Vec::new(), out);
        }
        self.ask(now, entries.room, out);
    }

    pub(super) fn page(&mut self, now: u64, page: Page, out: &mut Out) {
        let Some(room) = self.rooms.get_mut(&page.room).filter(|room| room.is_joined()) else {
            return;
        };
        if !is_sound(&page) {
            return;
        }
        let id = page.room;
        let before = room.log.epoch();
        if before.is_some_and(|epoch| epoch != page.head.epoch) {
            room.log.sync(now, id, out);
            return;
        }
        let placed = room.log.place(&page);
        if before.is_none() && room.log.epoch().is_some() {
            room.unread.restart(room.log.first());
        }
        if !placed.below.is_empty() {
            out.save(Change::Entries {
                room: id,
                epoch: page.head.epoch,
                entries: placed.below.clone(),
            });
            self.outbox.acknowledge(&placed.below);
        }
        self.apply(id, &placed.above, out);
        self.recount(id, before.is_none());
        self.outbox.acknowledge_unsaved(&page.entries, out);
        self.looked_back(id, &page.entries);
        let mut entries = page.entries;
        let upto = entries.last().map_or(Seq::ZERO, |entry| entry.seq);
        entries.extend(placed.above.into_iter().filter(|entry| entry.seq > upto));
        self.tell_entries(id, entries, page.later, out);
        if let Some(room) = self.rooms.get_mut(&id) {
            room.log.progressed(now);
        }
        self.ask(now, id, out);
    }

    /// Entries that follow the last one held: saves them, and lets them change the picture.
    fn apply(&mut self, id: RoomId, entries: &[Entry], out: &mut Out) {
        let (Some(room), Some(me)) = (self.rooms.get_mut(&id), &self.me) else {
            return;
        };
        let Some(epoch) = room.log.epoch().filter(|_| !entries.is_empty()) else {
            return;
        };
        out.save(Change::Entries {
            room: id,
            epoch,
            entries: entries.to_vec(),
        });
        let mut all = Changed::default();
        for entry in entries {
            let changed = room.applied(entry, me);
            all.summary |= changed.summary;
            all.members |= changed.members;
            if matches!(entry.body, Body::Message { .. }) {
                self.typing.stopped(id, &entry.author);
            }
        }
        self.rooms_changed |= all.summary;
        if all.members {
            let members = room.members.clone();
            out.up(Update::Members { room: id, members });
        }
        self.outbox.acknowledge(entries);
    }

    /// The first page of a room shows what the server's count, or the one before a reset, did not know.
    fn recount(&mut self, id: RoomId, is_first_page: bool) {
        if let Some(room) = self.rooms.get_mut(&id).filter(|_| is_first_page) {
            let before = room.unread.count();
            room.unread.recount();
            self.rooms_changed |= before != room.unread.count();
        }
    }

    /// Older entries of the range make the unread count exact.
    pub(super) fn looked_back(&mut self, id: RoomId, entries: &[Entry]) {
        if let (Some(room), Some(me)) = (self.rooms.get_mut(&id), &self.me) {
            let held = room.log.first();
            if entries.first().is_some_and(|entry| entry.seq >= held) {
                room.unread.looked_back(entries, me);
            }
        }
    }

    pub(super) fn tell_entries(&self, id: RoomId, entries: Vec<Entry>, later: Vec<Entry>, out: &mut Out) {
        if let Some(room) = self.rooms.get(&id) {
            out.up(Update::Entries {
                room: id,
                head: room.summary().head,
                entries,
                later,
            });
        }
    }

    pub(super) fn reset(&mut self, now: u64, reset: Reset, out: &mut Out) {
        let Some(room) = self.rooms.get_mut(&reset.room).filter(|room| room.is_joined()) else {
            return;
        };
        room.log.reset(now);
        room.unread.reset(reset.head.seq);
        let (room, epoch) = (reset.room, reset.head.epoch);
        out.save(Change::Reset { room, epoch });
        out.up(Update::Reset { room });
    }

    pub(super) fn heads(&mut self, now: u64, heads: &Heads, out: &mut Out) {
        for (id, head) in &heads.heads {
            let Some(room) = self.rooms.get_mut(id).filter(|room| room.is_joined()) else {
                continue;
            };
            if head.seq.0 > MAX_SEQ {
                continue;
            }
            if room.log.learn_head(*head) {
                room.log.ask(now, *id, out);
            } else {
                room.log.sync(now, *id, out);
            }
        }
    }

    /// Asks for what is missing of a room.
    fn ask(&mut self, now: u64, id: RoomId, out: &mut Out) {
        if let Some(room) = self.rooms.get_mut(&id).filter(|room| room.is_joined()) {
            room.log.ask(now, id, out);
        }
    }

    /// Asks again for what was asked for and did not come.
    pub(super) fn ask_again(&mut self, now: u64, out: &mut Out) {
        for (id, room) in self.rooms.iter_mut().filter(|(_, room)| room.is_joined()) {
            if room.log.due().is_some_and(|due| due <= now) {
                room.log.ask(now, *id, out);
            }
        }
    }
}

/// Whether a page is what the protocol calls one; another one is dropped, as if it had been lost.
fn is_sound(page: &Page) -> bool {
    let numbered = page.entries.first().is_none_or(|first| first.seq >= Seq(1));
    let unbroken = page.entries.windows(2).all(|pair| pair[0].seq.next() == pair[1].seq);
    let ends = page.entries.last().map_or(Seq::ZERO, |last| last.seq) <= page.head.seq;
    let rising = page.later.windows(2).all(|pair| pair[0].seq < pair[1].seq);
    let small = page.entries.len() <= PAGE && page.head.seq.0 <= MAX_SEQ;
    numbered && unbroken && ends && rising && small
}
