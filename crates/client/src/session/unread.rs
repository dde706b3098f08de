//! How many messages of others one room holds that the person has not seen.

use std::collections::BTreeSet;

use ichat_protocol::{Entry, MemberId, RoomSummary, Seq};

/// How many messages are remembered, so that reading on or marking as unread counts exactly.
const REMEMBERED: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Unread {
    read: Seq,
    count: u32,
    /// Up to here the count holds.
    counted: Seq,
    /// Messages of others: all of those in `from..=upto`.
    others: BTreeSet<Seq>,
    from: Seq,
    upto: Seq,
}

impl Unread {
    /// As it stood at `summary.head`, with entries held up to `last`.
    pub(super) fn new(summary: &RoomSummary, last: Seq) -> Self {
        Self {
            from: last.next(),
            upto: last,
            ..Self::default().told(summary)
        }
    }

    pub(super) fn read(&self) -> Seq {
        self.read
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// The server counted.
    pub(super) fn told(mut self, summary: &RoomSummary) -> Self {
        (self.read, self.count, self.counted) = (summary.read, summary.unread, summary.head.seq);
        self
    }

    /// The room's range begins anew, with this entry as the next.
    pub(super) fn restart(&mut self, next: Seq) {
        self.others.clear();
        (self.from, self.upto) = (next, Seq(next.0.saturating_sub(1)));
    }

    /// The room's history is another one now, which goes up to `head`.
    pub(super) fn reset(&mut self, head: Seq) {
        self.restart(Seq::ZERO.next());
        self.read = self.read.min(head);
        self.counted = head;
    }

    /// Counts again, if enough is known to count.
    pub(super) fn recount(&mut self) {
        if self.is_exact_after(self.read) {
            self.count = self.known_after(self.read);
        }
    }

    /// An entry that follows the last one.
    pub(super) fn applied(&mut self, entry: &Entry, me: &MemberId) {
        let own = entry.author == *me;
        let message = !own && entry.body.properties().counts_as_unread;
        self.upto = entry.seq;
        if message {
            self.others.insert(entry.seq);
            if self.others.len() > REMEMBERED
                && let Some(dropped) = self.others.pop_first()
            {
                self.from = dropped.next();
            }
        }
        if entry.seq > self.counted {
            self.counted = entry.seq;
            if message && entry.seq > self.read {
                self.count = self.count.saturating_add(1);
            }
            // Who writes below the others' messages has seen them.
            if own && entry.seq > self.read {
                self.read_to(entry.seq);
            }
        }
    }

    /// Older entries, which end where the remembered ones begin or later.
    pub(super) fn looked_back(&mut self, entries: &[Entry], me: &MemberId) {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return;
        };
        if first.seq >= self.from || last.seq.next() < self.from || self.others.len() + entries.len() > REMEMBERED {
            return;
        }
        let older = entries.iter().take_while(|entry| entry.seq < self.from);
        let messages = older.filter(|entry| entry.author != *me && entry.body.properties().counts_as_unread);
        self.others.extend(messages.map(|entry| entry.seq));
        self.from = first.seq;
    }

    /// The person has seen this entry, and none after it.
    pub(super) fn read_to(&mut self, seq: Seq) {
        let known = self.known_after(seq);
        self.count = if seq >= self.counted {
            0
        } else if self.is_exact_after(seq) {
            known
        } else if seq >= self.read {
            let left = u32::try_from(self.counted.0 - seq.0).unwrap_or(u32::MAX);
            self.count.min(left)
        } else {
            self.count.max(known)
        };
        self.read = seq;
    }

    fn known_after(&self, seq: Seq) -> u32 {
        u32::try_from(self.others.range(seq.next()..).count()).unwrap_or(u32::MAX)
    }

    fn is_exact_after(&self, seq: Seq) -> bool {
        seq.next() >= self.from && self.upto >= self.counted
    }
}
