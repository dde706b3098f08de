//! How much of one room's log is held: a range without a gap, and what waits beyond a gap.

use std::collections::BTreeMap;

use ichat_protocol::{ClientEvent, Entry, Epoch, Head, History, Page, RoomId, Seq, Sync, limits::MAX_SEQ};

use super::out::Out;

/// What was asked for is asked for again after this.
const ASK_AGAIN_MS: u64 = 5_000;
/// Entries of a room that wait beyond a gap; more are asked for when the gap is closed.
const HELD: usize = 256;
/// The same, over all rooms.
pub(super) const HELD_IN_ALL: usize = 4_096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Any number of pages will come.
    Sync { again: u64 },
    /// One page will come.
    History { again: u64 },
}

/// The parts of a page that are new.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Placed {
    /// They end where the range began.
    pub(super) below: Vec<Entry>,
    /// They begin where the range ended, or are all that is held.
    pub(super) above: Vec<Entry>,
}

#[derive(Debug, Default)]
pub(super) struct Log {
    /// `None`: nothing is held, not even that the log is empty.
    epoch: Option<Epoch>,
    first: Seq,
    last: Seq,
    /// How far the log goes, as far as known.
    head: Seq,
    /// Beyond a gap. Of `held_epoch`, if that is known.
    held: BTreeMap<Seq, Entry>,
    held_epoch: Option<Epoch>,
    asked: Option<Asked>,
}

impl Log {
    pub(super) fn restored(epoch: Epoch, first: Seq, last: Seq) -> Self {
        if last == Seq::ZERO || last.0 > MAX_SEQ || first > last {
            return Self::default();
        }
        Self {
            epoch: Some(epoch),
            first: Seq(first.0.max(1)),
            last,
            head: last,
            ..Self::default()
        }
    }

    pub(super) fn epoch(&self) -> Option<Epoch> {
        self.epoch
    }

    pub(super) fn first(&self) -> Seq {
        self.first
    }

    pub(super) fn last(&self) -> Seq {
        self.last
    }

    /// How far the room goes, as far as known.
    pub(super) fn head(&self, otherwise: Head) -> Head {
        self.epoch.map_or(otherwise, |epoch| Head {
            epoch,
            seq: self.head.max(self.last),
        })
    }

    /// What is told to the server so that it sends what is missing.
    pub(super) fn cursor(&self) -> Option<Head> {
        self.epoch.map(|epoch| Head { epoch, seq: self.last })
    }

    /// When to ask again.
    pub(super) fn due(&self) -> Option<u64> {
        self.asked
            .map(|(Asked::Sync { again } | Asked::History { again })| again)
    }

    /// What was asked on a connection is not answered on the next.
    pub(super) fn forget_asked(&mut self) {
        self.asked = None;
    }

    pub(super) fn expect_sync(&mut self, now: u64) {
        self.asked = Some(Asked::Sync {
            again: now + ASK_AGAIN_MS,
        });
    }

    /// Whether the range is behind what is known of the log.
    pub(super) fn is_behind(&self) -> bool {
        self.epoch.is_none() || self.head > self.last || !self.held.is_empty()
    }

    /// Drops everything; the newest page will come.
    pub(super) fn reset(&mut self, now: u64) {
        *self = Self::default();
        self.expect_sync(now);
    }

    /// The server told how far the log goes. Whether that fits what is held.
    pub(super) fn learn_head(&mut self, head: Head) -> bool {
        match self.epoch {
            Some(epoch) if epoch != head.epoch || head.seq < self.last => false,
            _ => {
                self.head = head.seq;
                true
            }
        }
    }

    /// How many entries wait beyond a gap.
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// Takes entries from the live stream; returns those that now follow the range, in order.
    /// No more than `space` are held beyond a gap.
    pub(super) fn take(&mut self, epoch: Epoch, entries: Vec<Entry>, space: usize) -> Vec<Entry> {
        let most = HELD.min(self.held.len() + space);
        if self.held_epoch != Some(epoch) {
            self.held.clear();
            self.held_epoch = Some(epoch);
        }
        let mut applied = Vec::new();
        for entry in entries {
            if entry.seq.0 > MAX_SEQ || entry.seq <= self.last {
                continue;
            }
            self.head = self.head.max(entry.seq);
            if self.epoch.is_some() && entry.seq == self.last.next() {
                self.last = entry.seq;
                applied.push(entry);
                applied.extend(self.drain());
            } else if self.held.len() < most {
                self.held.insert(entry.seq, entry);
            }
        }
        self.settle();
        applied
    }

    /// Takes what is new of a page that adjoins or overlaps the range, or becomes the range.
    /// The caller has checked the page and its epoch.
    pub(super) fn place(&mut self, page: &Page) -> Placed {
        let mut placed = Placed::default();
        let (lowest, highest) = match (page.entries.first(), page.entries.last()) {
            (Some(lowest), Some(highest)) => (lowest.seq, highest.seq),
            _ if self.epoch.is_none() && page.head.seq == Seq::ZERO => (Seq(1), Seq::ZERO),
            _ => return placed,
        };
        if self.epoch.is_none() {
            // Only the newest page can be the range: anything else would leave a gap above itself.
            if highest != page.head.seq {
                return placed;
            }
            if self.held_epoch.is_some_and(|held| held != page.head.epoch) {
                self.held.clear();
            }
            self.held_epoch = Some(page.head.epoch);
            self.epoch = Some(page.head.epoch);
            (self.first, self.last) = (lowest, highest);
            placed.above.clone_from(&page.entries);
        } else {
            if lowest < self.first && highest.next() >= self.first {
                placed.below = page.entries.iter().filter(|e| e.seq < self.first).cloned().collect();
                self.first = lowest;
            }
            if highest > self.last && lowest <= self.last.next() {
                placed.above = page.entries.iter().filter(|e| e.seq > self.last).cloned().collect();
                self.last = highest;
            }
        }
        // Live entries may have come since the page was read.
        self.head = page.head.seq.max(self.last);
        let drained = self.drain();
        placed.above.extend(drained);
        if !placed.above.is_empty() {
            self.asked = match self.asked {
                Some(Asked::Sync { .. }) => self.asked,
                _ => None,
            };
        }
        self.settle();
        placed
    }

    /// The pages of a sync come one after the other: the wait begins anew with each.
    pub(super) fn progressed(&mut self, now: u64) {
        if let Some(Asked::Sync { again }) = &mut self.asked {
            *again = now + ASK_AGAIN_MS;
        }
    }

    /// Asks for what is missing, unless that is under way.
    pub(super) fn ask(&mut self, now: u64, room: RoomId, out: &mut Out) {
        if self.due().is_some_and(|again| again <= now) {
            self.asked = None;
        }
        if self.asked.is_some() || !self.is_behind() {
            return;
        }
        if self.epoch.is_none() {
            self.sync(now, room, out);
            return;
        }
        self.asked = Some(Asked::History {
            again: now + ASK_AGAIN_MS,
        });
        out.emit(ClientEvent::History(History {
            room,
            before: self.held.keys().next().copied(),
            after: Some(self.last),
            limit: None,
        }));
    }

    /// Lets the server judge what is held: it answers with what is missing, or with a reset.
    pub(super) fn sync(&mut self, now: u64, room: RoomId, out: &mut Out) {
        if matches!(self.asked, Some(Asked::Sync { again }) if again > now) {
            return;
        }
        self.expect_sync(now);
        let rooms = [(room, self.cursor())].into();
        out.emit(ClientEvent::Sync(Sync { rooms }));
    }

    /// What waited and now follows the range.
    fn drain(&mut self) -> Vec<Entry> {
        let mut drained = Vec::new();
        while let Some(waiting) = self.held.first_entry() {
            if *waiting.key() > self.last.next() {
                break;
            }
            let entry = waiting.remove();
            if entry.seq > self.last {
                self.last = entry.seq;
                drained.push(entry);
            }
        }
        drained
    }

    fn settle(&mut self) {
        if !self.is_behind() {
            self.asked = None;
        }
    }
}
