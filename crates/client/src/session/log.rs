//! The part of one room's log that the client has: a range without a gap, and live entries that wait beyond a gap.

use std::collections::BTreeMap;

use ichat_protocol::{ClientEvent, Entry, Epoch, Head, History, Page, RoomId, Seq, Sync, limits::MAX_SEQ};

use super::effects::Effects;

/// A request without an answer is sent again after this time.
const REQUEST_TIMEOUT_MS: u64 = 5_000;
/// The number of entries beyond a gap that a room keeps. Further ones are requested when the gap is closed.
const MAX_PENDING_PER_ROOM: usize = 256;
/// The same for all rooms together.
pub(super) const MAX_PENDING: usize = 4_096;

/// A request for entries that is under way, with the time at which it is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    /// Any number of pages will arrive.
    Sync { retry_at: u64 },
    /// One page will arrive.
    History { retry_at: u64 },
}

/// The entries of a page that extend the range.
#[derive(Debug, Default, PartialEq)]
pub(super) struct NewEntries {
    /// Entries that end where the range began.
    pub(super) below: Vec<Entry>,
    /// Entries that begin where the range ended, or all of a new range. Pending entries that now follow are included.
    pub(super) above: Vec<Entry>,
}

/// The known part of a room's log: `first..=last`.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// `None` while nothing is known, not even that the log is empty.
    epoch: Option<Epoch>,
    first: Seq,
    last: Seq,
    /// The log's last entry on the server, as far as known.
    head: Seq,
    /// Live entries that arrived beyond a gap.
    pending_beyond_gap: BTreeMap<Seq, Entry>,
    pending_epoch: Option<Epoch>,
    request: Option<Request>,
}

impl Log {
    /// Creates a log from what the replica has. An impossible range counts as nothing.
    pub(super) fn persisted(epoch: Epoch, first: Seq, last: Seq) -> Self {
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

    /// Returns the room's head as far as known, or `otherwise` while nothing is known.
    pub(super) fn head_or(&self, otherwise: Head) -> Head {
        self.epoch.map_or(otherwise, |epoch| Head {
            epoch,
            seq: self.head.max(self.last),
        })
    }

    /// Returns the position from which the server continues in a `sync`.
    pub(super) fn cursor(&self) -> Option<Head> {
        self.epoch.map(|epoch| Head { epoch, seq: self.last })
    }

    /// Returns the time at which the request under way is sent again.
    pub(super) fn retry_at(&self) -> Option<u64> {
        self.request
            .map(|(Request::Sync { retry_at } | Request::History { retry_at })| retry_at)
    }

    pub(super) fn awaits_history(&self) -> bool {
        matches!(self.request, Some(Request::History { .. }))
    }

    /// Forgets the request under way, because a new connection does not answer it.
    pub(super) fn forget_request(&mut self) {
        self.request = None;
    }

    pub(super) fn expect_sync(&mut self, now: u64) {
        self.request = Some(Request::Sync {
            retry_at: now + REQUEST_TIMEOUT_MS,
        });
    }

    /// Returns whether entries are missing at the end of the range.
    pub(super) fn is_behind(&self) -> bool {
        self.epoch.is_none() || self.head > self.last || !self.pending_beyond_gap.is_empty()
    }

    /// Drops everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes over the server's head if it continues the range. Returns false if it contradicts the range.
    pub(super) fn update_head(&mut self, head: Head) -> bool {
        let contradicts = |epoch| epoch != head.epoch || head.seq < self.last;
        if self.epoch.is_some_and(contradicts) {
            return false;
        }
        self.head = head.seq;
        true
    }

    pub(super) fn pending_count(&self) -> usize {
        self.pending_beyond_gap.len()
    }

    /// Adds live entries. Returns those that extend the range, in order. At most `space` further ones are kept beyond a
    /// gap.
    pub(super) fn add_live(&mut self, epoch: Epoch, entries: Vec<Entry>, space: usize) -> Vec<Entry> {
        let max_pending = MAX_PENDING_PER_ROOM.min(self.pending_beyond_gap.len() + space);
        if self.pending_epoch != Some(epoch) {
            self.pending_beyond_gap.clear();
            self.pending_epoch = Some(epoch);
        }
        let mut added = Vec::new();
        for entry in entries {
            if entry.seq.0 > MAX_SEQ || entry.seq <= self.last {
                continue;
            }
            self.head = self.head.max(entry.seq);
            if self.epoch.is_some() && entry.seq == self.last.next() {
                self.last = entry.seq;
                added.push(entry);
                added.extend(self.take_pending());
            } else if self.pending_beyond_gap.len() < max_pending {
                self.pending_beyond_gap.insert(entry.seq, entry);
            }
        }
        self.clear_request_if_complete();
        added
    }

    /// Adds a page that adjoins or overlaps the range, or becomes the range. The caller has checked the page and its epoch.
    pub(super) fn add_page(&mut self, page: &Page) -> NewEntries {
        let mut new = NewEntries::default();
        let (lowest, highest) = match (page.entries.first(), page.entries.last()) {
            (Some(lowest), Some(highest)) => (lowest.seq, highest.seq),
            _ if self.epoch.is_none() && page.head.seq == Seq::ZERO => (Seq(1), Seq::ZERO),
            _ => return new,
        };
        if self.epoch.is_none() {
            // Only the newest page can become the range: any other would leave a gap above itself.
            if highest != page.head.seq {
                return new;
            }
            if self.pending_epoch.is_some_and(|epoch| epoch != page.head.epoch) {
                self.pending_beyond_gap.clear();
            }
            self.pending_epoch = Some(page.head.epoch);
            self.epoch = Some(page.head.epoch);
            (self.first, self.last) = (lowest, highest);
            new.above.clone_from(&page.entries);
        } else {
            if lowest < self.first && highest.next() >= self.first {
                new.below = page.entries.iter().filter(|e| e.seq < self.first).cloned().collect();
                self.first = lowest;
            }
            if highest > self.last && lowest <= self.last.next() {
                new.above = page.entries.iter().filter(|e| e.seq > self.last).cloned().collect();
                self.last = highest;
            }
        }
        // Live entries may have arrived since the server read the page.
        self.head = page.head.seq.max(self.last);
        new.above.extend(self.take_pending());
        if !new.above.is_empty() && self.awaits_history() {
            self.request = None;
        }
        self.clear_request_if_complete();
        new
    }

    /// Restarts the timeout of a sync, whose pages arrive one after the other.
    pub(super) fn extend_sync_timeout(&mut self, now: u64) {
        if let Some(Request::Sync { retry_at }) = &mut self.request {
            *retry_at = now + REQUEST_TIMEOUT_MS;
        }
    }

    /// Requests the missing entries, unless such a request is under way.
    pub(super) fn request_missing(&mut self, now: u64, room: RoomId, effects: &mut Effects) {
        if self.retry_at().is_some_and(|retry_at| retry_at <= now) {
            self.request = None;
        }
        if self.request.is_some() || !self.is_behind() {
            return;
        }
        if self.epoch.is_none() {
            self.request_sync(now, room, effects);
            return;
        }
        self.request = Some(Request::History {
            retry_at: now + REQUEST_TIMEOUT_MS,
        });
        effects.emit(ClientEvent::History(History {
            room,
            before: self.pending_beyond_gap.keys().next().copied(),
            after: Some(self.last),
            around: None,
            limit: None,
        }));
    }

    /// Requests a sync. The server compares the cursor with its log, and answers with the missing pages or with a reset.
    pub(super) fn request_sync(&mut self, now: u64, room: RoomId, effects: &mut Effects) {
        if matches!(self.request, Some(Request::Sync { retry_at }) if retry_at > now) {
            return;
        }
        self.expect_sync(now);
        let rooms = [(room, self.cursor())].into();
        effects.emit(ClientEvent::Sync(Sync { rooms }));
    }

    /// Removes the pending entries that now follow the range, and extends the range by them.
    fn take_pending(&mut self) -> Vec<Entry> {
        let mut taken = Vec::new();
        while let Some(pending) = self.pending_beyond_gap.first_entry() {
            if *pending.key() > self.last.next() {
                break;
            }
            let entry = pending.remove();
            if entry.seq > self.last {
                self.last = entry.seq;
                taken.push(entry);
            }
        }
        taken
    }

    fn clear_request_if_complete(&mut self) {
        if !self.is_behind() {
            self.request = None;
        }
    }
}
