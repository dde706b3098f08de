//! The unread count of one room: the messages of other members after the read marker.

use std::collections::BTreeSet;

use ichat_protocol::{Entry, MemberId, RoomSummary, Seq, Writer};

/// The number of message positions that are remembered, so that moving the read marker counts exactly.
const MAX_REMEMBERED: usize = 1_000;

/// The read marker of a room and the count that follows from it.
///
/// The count starts as the server's. It becomes exact where the positions of the others' messages are known, and is the
/// best bound otherwise.
#[derive(Debug, Default)]
pub(super) struct Unread {
    /// The read marker: the last entry that the user has seen.
    read: Seq,
    count: u32,
    /// The last entry that `count` covers.
    counted_to: Seq,
    /// The positions of all messages of other members in `from..=to`.
    others: BTreeSet<Seq>,
    from: Seq,
    to: Seq,
}

impl Unread {
    /// Starts with the server's count as of `summary.head`, and a log that reaches up to `last`.
    pub(super) fn new(summary: &RoomSummary, last: Seq) -> Self {
        let mut unread = Self {
            from: last.next(),
            to: last,
            ..Self::default()
        };
        unread.apply_server_summary(summary);
        unread
    }

    pub(super) fn read(&self) -> Seq {
        self.read
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Takes over the server's marker and count.
    pub(super) fn apply_server_summary(&mut self, summary: &RoomSummary) {
        (self.read, self.count, self.counted_to) = (summary.read, summary.unread, summary.head.seq);
    }

    /// Forgets the known positions. `next` is the first entry of the new range.
    pub(super) fn restart(&mut self, next: Seq) {
        self.others.clear();
        (self.from, self.to) = (next, Seq(next.0.saturating_sub(1)));
    }

    /// Starts over for a new history of the room, which ends at `head`.
    pub(super) fn reset(&mut self, head: Seq) {
        self.restart(Seq::ZERO.next());
        self.read = self.read.min(head);
        self.counted_to = head;
    }

    /// Counts again if all positions after the marker are known.
    pub(super) fn recount(&mut self) {
        if self.is_exact_after(self.read) {
            self.count = self.known_after(self.read);
        }
    }

    /// Adds the entry that follows the last one.
    pub(super) fn append(&mut self, entry: &Entry, me: &MemberId) {
        let own = entry.author == *me;
        let counts = !own && entry.body.properties().counts_as_unread;
        self.to = entry.seq;
        if counts {
            self.others.insert(entry.seq);
            if self.others.len() > MAX_REMEMBERED
                && let Some(dropped) = self.others.pop_first()
            {
                self.from = dropped.next();
            }
        }
        if entry.seq <= self.counted_to {
            return;
        }
        self.counted_to = entry.seq;
        if counts && entry.seq > self.read {
            self.count = self.count.saturating_add(1);
        }
        // A user who posts below other messages has seen them. The server also writes entries about the user by itself, for
        // example after a change of name.
        if own && entry.body.properties().writer != Writer::Server && entry.seq > self.read {
            self.read_to(entry.seq);
        }
    }

    /// Adds older entries, if they reach the known positions without a gap.
    pub(super) fn extend_back(&mut self, entries: &[Entry], me: &MemberId) {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return;
        };
        if first.seq >= self.from || last.seq.next() < self.from || self.others.len() + entries.len() > MAX_REMEMBERED {
            return;
        }
        let older = entries.iter().take_while(|entry| entry.seq < self.from);
        let counting = older.filter(|entry| entry.author != *me && entry.body.properties().counts_as_unread);
        self.others.extend(counting.map(|entry| entry.seq));
        self.from = first.seq;
    }

    /// Moves the read marker, forwards or back.
    pub(super) fn read_to(&mut self, seq: Seq) {
        let known = self.known_after(seq);
        self.count = if seq >= self.counted_to {
            0
        } else if self.is_exact_after(seq) {
            known
        } else if seq >= self.read {
            let left = u32::try_from(self.counted_to.0 - seq.0).unwrap_or(u32::MAX);
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
        seq.next() >= self.from && self.to >= self.counted_to
    }
}
