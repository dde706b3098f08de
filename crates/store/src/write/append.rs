//! The rules of the log: what a server requires of a new entry, and what follows from it.

use ichat_protocol::{Body, Entry, EntryId, Epoch, Kind, RoomChange, RoomId, Seq, TargetEffect, Writer};
use rusqlite::OptionalExtension as _;

use super::batch::Batch;
use super::error::WriteError;
use crate::log::{EntryKey, IS_TARGET, MAX_SEQ, RoomKey, UserKey, entry_at, read_entry, select_entries, wiped_hash};
use crate::member_state::set_read_marker;
use crate::projection::reindex;
use crate::{NewEntry, Outcome};

/// A message that edits, deletions and reactions may refer to.
pub(super) struct Target {
    pub(super) key: EntryKey,
    pub(super) author: UserKey,
}

impl Batch<'_> {
    /// Appends an entry to its room's log, or returns why that is not possible.
    pub(super) fn append(&mut self, new: NewEntry) -> Result<Outcome, WriteError> {
        if let Some(outcome) = self.find_duplicate(&new)? {
            return Ok(outcome);
        }
        if new.body.kind() == Kind::Created {
            if self.room(new.room)?.is_some() {
                return Ok(Outcome::Conflict);
            }
            let room = self.room_or_new(new.room, Epoch::fresh())?.key;
            return self.write(new, room, None);
        }
        let Some(room) = self.room(new.room)?.map(|room| room.key) else {
            return Ok(Outcome::UnknownRoom);
        };
        if let Some(outcome) = self.check_membership(&new, room)? {
            return Ok(outcome);
        }
        match self.find_target(&new, room)? {
            Ok(target) => self.write(new, room, target),
            Err(outcome) => Ok(outcome),
        }
    }

    /// Returns the outcome for a post whose id is in the log already.
    fn find_duplicate(&mut self, new: &NewEntry) -> Result<Option<Outcome>, WriteError> {
        #[cfg(feature = "broken")]
        if crate::broken::Broken::NoUniqueIndex.is_wanted() {
            return Ok(None);
        }
        let found = self
            .tx
            .prepare_cached(select_entries!("WHERE e.id = ?1"))?
            .query_row([new.id.0], |row| Ok((row.get(0)?, row.get(8)?, read_entry(row)?)))
            .optional()?;
        let Some((key, hash, entry)): Option<(EntryKey, Option<[u8; 32]>, Entry)> = found else {
            return Ok(None);
        };
        let is_same_room = self.room(new.room)?.is_some_and(|room| room.key == key.room());
        let is_same_body = if entry.body == Body::Wiped {
            // A replica may have a wiped entry whose first body it never saw. Then only the id can tell.
            hash.is_none_or(|hash| hash == wiped_hash(new.id, &new.body))
        } else {
            entry.body == new.body
        };
        Ok(Some(if is_same_room && is_same_body && entry.author == new.author {
            Outcome::Duplicate(entry)
        } else {
            Outcome::Conflict
        }))
    }

    /// Returns an outcome if the author may not write to the room, or takes a name that they have.
    fn check_membership(&mut self, new: &NewEntry, room: RoomKey) -> Result<Option<Outcome>, WriteError> {
        // A refusal must not make a row for a user who never wrote anything.
        let member = match self.known_user(&new.author)? {
            Some(user) => self.projector.member(room, user)?,
            None => None,
        };
        let change = new.body.room_change();
        let Some(member) = member.filter(|member| member.membership.joined) else {
            let joins = matches!(change, Some(RoomChange::Join(_)));
            return Ok((!joins).then_some(Outcome::NotJoined));
        };
        let name = match change {
            Some(RoomChange::Join(name) | RoomChange::RenameMember(name)) => name,
            Some(RoomChange::Leave | RoomChange::Name(_) | RoomChange::Topic(_)) | None => return Ok(None),
        };
        match member.named_by {
            Some(named_by) if member.membership.name == *name => {
                Ok(entry_at(self.tx, named_by)?.map(Outcome::Duplicate))
            }
            _ => Ok(None),
        }
    }

    /// Returns the message that the new entry refers to, or the outcome if it may not.
    fn find_target(&mut self, new: &NewEntry, room: RoomKey) -> Result<Result<Option<Target>, Outcome>, WriteError> {
        let Some(id) = new.body.target() else {
            return Ok(Ok(None));
        };
        let Some(target) = self.message(room, id)? else {
            return Ok(Err(Outcome::UnknownEntry));
        };
        let needs_author = new.body.properties().writer == Writer::TargetAuthor;
        if needs_author && self.user(&new.author)? != target.author {
            return Ok(Err(Outcome::NotYours));
        }
        Ok(Ok(Some(target)))
    }

    /// Returns a message of the room that was not wiped.
    pub(super) fn message(&self, room: RoomKey, id: EntryId) -> rusqlite::Result<Option<Target>> {
        let (first, last) = room.entries();
        let sql = format!(
            "SELECT key, author FROM entry WHERE id = ?1 AND kind IN {} AND key BETWEEN ?2 AND ?3",
            *IS_TARGET
        );
        self.tx
            .prepare_cached(&sql)?
            .query_row((id.0, first, last), |row| {
                Ok(Target {
                    key: row.get(0)?,
                    author: row.get(1)?,
                })
            })
            .optional()
    }

    /// Writes the entry at the room's next position, and its consequences.
    fn write(&mut self, new: NewEntry, room: RoomKey, target: Option<Target>) -> Result<Outcome, WriteError> {
        let (seq, at) = self.next_position(new.room, new.at)?;
        let author = self.user(&new.author)?;
        let entry = Entry {
            seq,
            id: new.id,
            author: new.author,
            device: new.device,
            at,
            body: new.body,
        };
        let key = room.entry(seq);
        self.insert(key, author, &entry, None)?;
        self.mark_read_on_join(new.room, key, author, &entry.body)?;
        self.projector.apply(key, author, &entry.body)?;
        if let Some(target) = target {
            self.apply_to_target(&target, key, &entry.body)?;
        }
        Ok(Outcome::Committed(entry))
    }

    fn next_position(&mut self, room: RoomId, at: u64) -> Result<(Seq, u64), WriteError> {
        let room = self.room(room)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        if room.last >= MAX_SEQ {
            return Err(WriteError::OutOfSync("the room is full".into()));
        }
        room.last = room.last.next();
        if room.first == Seq::ZERO {
            room.first = room.last;
        }
        // A computer's clock may be set back; a room's never goes back.
        room.last_at = room.last_at.max(at);
        Ok((room.last, room.last_at))
    }

    /// Moves the read marker of a new member to the `joined` entry: what was said before is history, not news.
    fn mark_read_on_join(&mut self, id: RoomId, key: EntryKey, author: UserKey, body: &Body) -> Result<(), WriteError> {
        if !matches!(body.room_change(), Some(RoomChange::Join(_))) {
            return Ok(());
        }
        let member = self.projector.member(key.room(), author)?;
        if !member.is_some_and(|member| member.membership.joined) {
            set_read_marker(self.tx, author, id, key.seq())?;
        }
        Ok(())
    }

    fn apply_to_target(&mut self, target: &Target, key: EntryKey, body: &Body) -> Result<(), WriteError> {
        match (body.properties().effect, body.message_text()) {
            (Some(TargetEffect::ReplaceText), Some(text)) => {
                reindex(self.tx, target.key, target.author, key, text)?;
            }
            (Some(TargetEffect::Erase), _) => self.erase(target)?,
            (Some(TargetEffect::ReplaceText | TargetEffect::Annotate) | None, _) => {}
        }
        Ok(())
    }
}
