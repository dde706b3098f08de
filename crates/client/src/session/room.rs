//! One room: its summary, its log, its unread count and its members.

use std::ops::BitOrAssign;

use ichat_protocol::{Entry, MemberId, RoomProjection, RoomSummary, Seq};

use super::{RoomCursor, log::Log, members::KnownMembers, unread::Unread};

#[derive(Debug)]
pub(super) struct Room {
    summary: RoomSummary,
    /// The last entry that `summary` covers. Later ones change it.
    as_of: Seq,
    pub(super) log: Log,
    pub(super) unread: Unread,
    pub(super) members: KnownMembers,
}

/// The parts of a room that an entry changed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RoomChanges {
    pub(super) summary: bool,
    pub(super) members: bool,
}

impl Room {
    pub(super) fn persisted(cursor: RoomCursor) -> Self {
        Self {
            members: KnownMembers::persisted(cursor.members, cursor.members_partial),
            ..Self::with_log(cursor.room, Log::persisted(cursor.epoch, cursor.first, cursor.last))
        }
    }

    pub(super) fn new(summary: RoomSummary) -> Self {
        Self::with_log(summary, Log::default())
    }

    fn with_log(summary: RoomSummary, log: Log) -> Self {
        Self {
            as_of: summary.head.seq,
            unread: Unread::new(&summary, log.last()),
            summary,
            log,
            members: KnownMembers::default(),
        }
    }

    /// Takes over the server's summary. Returns whether it is worth a write to the disk.
    pub(super) fn apply_server_summary(&mut self, summary: RoomSummary) -> bool {
        let old = &self.summary;
        // With a new epoch, the replica's entries belong to an old history.
        let changed = old.head.epoch != summary.head.epoch
            || old.name != summary.name
            || old.topic != summary.topic
            || old.members != summary.members
            || old.joined != summary.joined
            || self.unread.read() != summary.read;
        self.as_of = summary.head.seq;
        self.unread.apply_server_summary(&summary);
        self.summary = summary;
        changed
    }

    /// Passes the server's head to the log. Returns false if the log contradicts it.
    pub(super) fn matches_server_head(&mut self) -> bool {
        self.log.update_head(self.summary.head)
    }

    pub(super) fn is_joined(&self) -> bool {
        self.summary.joined
    }

    pub(super) fn leave(&mut self) {
        self.summary.joined = false;
    }

    /// Returns the summary as of the last entry.
    pub(super) fn summary(&self) -> RoomSummary {
        RoomSummary {
            head: self.log.head_or(self.summary.head),
            read: self.unread.read(),
            unread: self.unread.count(),
            ..self.summary.clone()
        }
    }

    /// Applies the entry that follows the last one.
    pub(super) fn append(&mut self, entry: &Entry, me: &MemberId) -> RoomChanges {
        let unread_before = (self.unread.count(), self.unread.read());
        self.unread.append(entry, me);
        let unread_changed = unread_before != (self.unread.count(), self.unread.read());
        RoomChanges {
            members: self.members.apply(entry),
            summary: self.append_to_summary(entry) || unread_changed,
        }
    }

    fn append_to_summary(&mut self, entry: &Entry) -> bool {
        if entry.seq <= self.as_of {
            return false;
        }
        self.as_of = entry.seq;
        let summary = &mut self.summary;
        let before = RoomProjection {
            name: Some(summary.name.clone()),
            topic: summary.topic.clone(),
            members: summary.members,
        };
        let mut after = before.clone();
        // The list of members may be of another time than the summary, so it can't tell whether the author was a member.
        after.apply(&entry.body, None);
        if after == before {
            return false;
        }
        (summary.topic, summary.members) = (after.topic, after.members);
        if let Some(name) = after.name {
            summary.name = name;
        }
        true
    }
}

impl BitOrAssign for RoomChanges {
    fn bitor_assign(&mut self, other: Self) {
        self.summary |= other.summary;
        self.members |= other.members;
    }
}
