//! The rules of the log: what a server requires of a new entry, and what follows from it.

use ichat_protocol::limits::{MAX_GUEST_REACTIONS, MAX_OWN_REACTIONS, MAX_REACTIONS};
use ichat_protocol::{Body, Entry, EntryId, Epoch, Kind, RoomChange, RoomId, Seq, TargetEffect, Writer};
use rusqlite::OptionalExtension as _;

use super::batch::Batch;
use super::error::WriteError;
use crate::log::{
    EntryKey, IS_TARGET, MAX_SEQ, RoomKey, UserKey, entry_at, indexed_text, read_entry, select_entries, wiped_hash,
};
use crate::member_state::set_read_marker;
use crate::projection::{AmendmentKey, amendment, reindex, shown_count};
use crate::{NewEntry, Outcome, StoreError};

/// The longest time by which the date of an entry may be ahead of the clock, in milliseconds.
const MAX_DATE_LEAD_MS: u64 = 60_000;

/// A message that edits, deletions and reactions may refer to.
pub(super) struct Target {
    pub(super) key: EntryKey,
    pub(super) author: UserKey,
}

/// The decision about a new entry.
enum Plan {
    CreateRoom,
    Write { room: RoomKey, target: Option<Target> },
    Refuse(Outcome),
}

impl Batch<'_> {
    /// Appends an entry to its room's log, or returns why that is not possible.
    pub(super) fn append(&mut self, new: NewEntry) -> Result<Outcome, WriteError> {
        match self.plan(&new) {
            Ok(Plan::CreateRoom) => {
                let room = self.room_or_new(new.room, Epoch::fresh())?.key;
                self.write(new, room, None)
            }
            Ok(Plan::Write { room, target }) => self.write(new, room, target),
            Ok(Plan::Refuse(outcome)) => Ok(outcome),
            Err(error) => refuse_for_damage(error),
        }
    }

    /// Checks a new entry. Reads all that may be damaged before anything is written: the batch has entries of others, which
    /// must not fail with it.
    fn plan(&mut self, new: &NewEntry) -> rusqlite::Result<Plan> {
        if let Some(outcome) = self.find_duplicate(new)? {
            return Ok(Plan::Refuse(outcome));
        }
        let room = self.room(new.room)?.map(|room| (room.key, room.last));
        if new.body.kind() == Kind::Created {
            return Ok(match room {
                Some(_) => Plan::Refuse(Outcome::Conflict),
                None if self.has_all_rooms()? => Plan::Refuse(Outcome::LimitReached),
                None => Plan::CreateRoom,
            });
        }
        let Some((room, last)) = room else {
            return Ok(Plan::Refuse(Outcome::UnknownRoom));
        };
        if last >= MAX_SEQ {
            return Ok(Plan::Refuse(Outcome::LimitReached));
        }
        if let Some(outcome) = self.check_membership(new, room)? {
            return Ok(Plan::Refuse(outcome));
        }
        if new.body.room_change().is_some() {
            self.projector.load_room(room)?;
        }
        let Some(id) = new.body.target() else {
            return Ok(Plan::Write { room, target: None });
        };
        let Some(target) = self.message(room, id)? else {
            return Ok(Plan::Refuse(Outcome::UnknownEntry));
        };
        let properties = new.body.properties();
        if properties.writer == Writer::TargetAuthor && self.user(&new.author)? != target.author {
            return Ok(Plan::Refuse(Outcome::NotYours));
        }
        match properties.effect {
            Some(TargetEffect::Erase) => self.check_erasable(target.key, id)?,
            Some(TargetEffect::ReplaceText) => {
                indexed_text(self.tx, target.key)?;
            }
            Some(TargetEffect::Annotate) => {
                if let Some(outcome) = self.check_reactions(new, room)? {
                    return Ok(Plan::Refuse(outcome));
                }
            }
            None => {}
        }
        Ok(Plan::Write {
            room,
            target: Some(target),
        })
    }

    /// Returns whether the file has as many rooms as it can have: entries of a room with a higher key would get the keys
    /// of another one.
    fn has_all_rooms(&self) -> rusqlite::Result<bool> {
        let last: Option<RoomKey> = self
            .tx
            .prepare_cached("SELECT max(key) FROM room")?
            .query_row([], |row| row.get(0))?;
        Ok(last.is_some_and(|last| last >= RoomKey::MAX))
    }

    /// Returns the outcome for a post whose id is in the log already.
    fn find_duplicate(&mut self, new: &NewEntry) -> rusqlite::Result<Option<Outcome>> {
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
            is_written_for(&entry.body, &new.body)
        };
        Ok(Some(if is_same_room && is_same_body && entry.author == new.author {
            Outcome::Duplicate(entry)
        } else {
            Outcome::Conflict
        }))
    }

    /// Returns an outcome if the author may not write to the room, or takes a name that they have.
    fn check_membership(&mut self, new: &NewEntry, room: RoomKey) -> rusqlite::Result<Option<Outcome>> {
        // A refusal must not make a row for a user who never wrote anything.
        let member = match self.known_user(&new.author)? {
            Some(user) => self.projector.member(room, user)?,
            None => None,
        };
        let change = new.body.room_change();
        let Some(member) = member.filter(|member| member.membership.joined) else {
            return Ok((!is_join(change)).then_some(Outcome::NotJoined));
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

    /// Returns an outcome if a message has as many reactions as it can have, or as many of the author. Others can be removed.
    fn check_reactions(&mut self, new: &NewEntry, room: RoomKey) -> rusqlite::Result<Option<Outcome>> {
        let author = self.user(&new.author)?;
        let Some(key) = AmendmentKey::of(room, author, &new.body).filter(|_| !new.body.is_removal()) else {
            return Ok(None);
        };
        if amendment(self.tx, key)?.is_some_and(|last| last.shown) {
            return Ok(None);
        }
        let shown = shown_count(self.tx, key)?;
        Ok(if shown.own >= MAX_OWN_REACTIONS {
            Some(Outcome::TooManyOwnReactions)
        } else if shown.all >= MAX_REACTIONS {
            Some(Outcome::TooManyReactions)
        } else if new.author.is_guest() && shown.of_guests >= MAX_GUEST_REACTIONS {
            Some(Outcome::TooManyGuestReactions)
        } else {
            None
        })
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
        let body = self.with_previous_name(new.body, room, author)?;
        let entry = Entry {
            seq,
            id: new.id,
            author: new.author,
            device: new.device,
            at,
            body,
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

    /// Adds to a `member_renamed` the name that it replaces, so that it says who it is about without the entries before it.
    fn with_previous_name(&mut self, mut body: Body, room: RoomKey, author: UserKey) -> rusqlite::Result<Body> {
        if let Body::MemberRenamed { from, .. } = &mut body {
            let member = self.projector.member(room, author)?;
            *from = member.map(|member| member.membership.name.clone());
        }
        Ok(body)
    }

    fn next_position(&mut self, room: RoomId, at: u64) -> rusqlite::Result<(Seq, u64)> {
        let room = self.room(room)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        room.last = room.last.next();
        if room.first == Seq::ZERO {
            room.first = room.last;
        }
        room.last_at = date_after(room.last_at, at);
        Ok((room.last, room.last_at))
    }

    /// Moves the read marker of a new member to the `joined` entry: what was said before is history, not news.
    fn mark_read_on_join(&mut self, id: RoomId, key: EntryKey, author: UserKey, body: &Body) -> Result<(), WriteError> {
        if !is_join(body.room_change()) {
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

/// Returns the date of an entry at `now`, whose predecessor in the room has the date `last`, both in milliseconds. A clock that
/// is corrected a little doesn't make the room's dates go back. One that was far ahead does: otherwise the room would keep the
/// wrong date until the clock has reached it again. The order of entries is `seq`.
fn date_after(last: u64, now: u64) -> u64 {
    if last.saturating_sub(now) <= MAX_DATE_LEAD_MS {
        last.max(now)
    } else {
        now
    }
}

/// Returns `true` if an entry has this body, apart from what the store adds.
fn is_written_for(written: &Body, body: &Body) -> bool {
    if let (Body::MemberRenamed { name: written, .. }, Body::MemberRenamed { name, .. }) = (written, body) {
        return written == name;
    }
    written == body
}

fn is_join(change: Option<RoomChange<'_>>) -> bool {
    match change {
        Some(RoomChange::Join(_)) => true,
        Some(RoomChange::Leave | RoomChange::RenameMember(_) | RoomChange::Name(_) | RoomChange::Topic(_)) | None => {
            false
        }
    }
}

/// Refuses an entry that depends on a damaged row. Any other error, also damage to the database itself, fails the batch.
fn refuse_for_damage(error: rusqlite::Error) -> Result<Outcome, WriteError> {
    match StoreError::of_damaged_row(&error) {
        Some(cause) => Ok(Outcome::Damaged(cause)),
        None => Err(error.into()),
    }
}
