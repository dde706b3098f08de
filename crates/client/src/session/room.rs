//! One room: how it stands in the list, its log, its unread count, its members.

use ichat_protocol::{Body, Entry, Member, MemberId, RoomSummary, Seq};

use super::{RoomCursor, log::Log, unread::Unread};

#[derive(Debug)]
pub(super) struct Room {
    summary: RoomSummary,
    /// The summary holds up to this entry; later ones change it.
    as_of: Seq,
    pub(super) log: Log,
    pub(super) unread: Unread,
    /// Empty if not known.
    pub(super) members: Vec<Member>,
    /// Whether the members were asked for on this connection: from then on the entries keep them right.
    pub(super) members_asked: bool,
}

impl Room {
    pub(super) fn restored(cursor: RoomCursor) -> Self {
        let log = Log::restored(cursor.epoch, cursor.first, cursor.last);
        Self {
            as_of: cursor.room.head.seq,
            unread: Unread::new(&cursor.room, log.last()),
            summary: cursor.room,
            log,
            members: cursor.members,
            members_asked: false,
        }
    }

    pub(super) fn new(summary: RoomSummary) -> Self {
        Self {
            as_of: summary.head.seq,
            unread: Unread::new(&summary, Seq::ZERO),
            summary,
            log: Log::default(),
            members: Vec::new(),
            members_asked: false,
        }
    }

    /// The server told how the room stands. Whether that is worth a write to the disk.
    pub(super) fn told(&mut self, summary: RoomSummary) -> bool {
        let old = &self.summary;
        // Another epoch is another history: what the disk knows of the room is of the old one.
        let changed = old.head.epoch != summary.head.epoch
            || old.name != summary.name
            || old.topic != summary.topic
            || old.members != summary.members
            || old.joined != summary.joined
            || self.unread.read() != summary.read;
        self.as_of = summary.head.seq;
        self.unread = std::mem::take(&mut self.unread).told(&summary);
        self.summary = summary;
        changed
    }

    /// Whether the log that is held may be a part of the one that the server told of.
    pub(super) fn fits_what_was_told(&mut self) -> bool {
        self.log.learn_head(self.summary.head)
    }

    pub(super) fn is_joined(&self) -> bool {
        self.summary.joined
    }

    pub(super) fn leave(&mut self) {
        self.summary.joined = false;
    }

    /// As it stands now.
    pub(super) fn summary(&self) -> RoomSummary {
        RoomSummary {
            head: self.log.head(self.summary.head),
            read: self.unread.read(),
            unread: self.unread.count(),
            ..self.summary.clone()
        }
    }

    /// An entry that follows the last one. What of the room's picture it changed.
    pub(super) fn applied(&mut self, entry: &Entry, me: &MemberId) -> Changed {
        let unread = (self.unread.count(), self.unread.read());
        self.unread.applied(entry, me);
        let mut changed = Changed {
            summary: unread != (self.unread.count(), self.unread.read()),
            members: self.applied_to_members(entry),
        };
        if entry.seq <= self.as_of {
            return changed;
        }
        self.as_of = entry.seq;
        let summary = &mut self.summary;
        match &entry.body {
            Body::Created { name } | Body::RoomRenamed { name } => summary.name.clone_from(name),
            Body::Topic { text } => summary.topic.clone_from(text),
            Body::Joined { .. } => summary.members = summary.members.saturating_add(1),
            Body::Left => summary.members = summary.members.saturating_sub(1),
            _ => return changed,
        }
        changed.summary = true;
        changed
    }

    fn applied_to_members(&mut self, entry: &Entry) -> bool {
        if self.members.is_empty() {
            return false;
        }
        let known = self.members.iter_mut().find(|member| member.id == entry.author);
        match (&entry.body, known) {
            (Body::Joined { name } | Body::MemberRenamed { name }, Some(member)) => {
                member.name.clone_from(name);
                member.left &= !matches!(entry.body, Body::Joined { .. });
            }
            (Body::Joined { name }, None) => self.members.push(Member {
                id: entry.author.clone(),
                name: name.clone(),
                left: false,
            }),
            (Body::Left, Some(member)) => member.left = true,
            _ => return false,
        }
        true
    }
}

/// What of a room's picture an entry changed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Changed {
    pub(super) summary: bool,
    pub(super) members: bool,
}
