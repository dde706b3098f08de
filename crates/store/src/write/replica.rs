//! The entries that a client stores of a server's rooms, at the positions that the server gave them.
//!
//! The entries of a room are one range without a gap, whatever the order of the pages. So what amends an entry from within the
//! range is stored as well, and what amends it from beyond arrives when the client catches up.

use ichat_protocol::{Body, Entry, EntryId, Epoch, Kind, RoomId, Seq, TargetEffect};
use rusqlite::OptionalExtension as _;

use super::batch::{Batch, Room};
use super::error::WriteError;
use crate::ReplicaChange;
use crate::log::{ERASES, EntryKey, MAX_SEQ, REPLACES_TEXT, RoomKey, UserKey, indexed_text, unreadable, wiped_hash};
use crate::projection::{add_to_index, is_indexed, reindex, remove_room_from_index};

impl Batch<'_> {
    /// Writes one change.
    pub(super) fn save(&mut self, change: ReplicaChange) -> Result<(), WriteError> {
        match change {
            ReplicaChange::AddPost(row) => Ok(self.add_post(&row)?),
            ReplicaChange::RemovePost { id } => Ok(self.remove_post(id)?),
            ReplicaChange::RemoveDamagedPosts { rows } => Ok(self.remove_damaged_posts(&rows)?),
            ReplicaChange::AddEntries { room, epoch, entries } => self.add_entries(room, epoch, &entries),
            ReplicaChange::ResetRoom { room, epoch } => Ok(self.reset_room(room, epoch)?),
            ReplicaChange::SetRoom(summary) => Ok(self.set_room(&summary)?),
            ReplicaChange::SetMembers {
                room,
                members,
                complete,
            } => self.set_members(room, &members, complete),
            ReplicaChange::SetReadMarker { room, seq, pending } => Ok(self.set_own_read_marker(room, seq, pending)?),
        }
    }

    /// Stores a range of a room's log that adjoins or overlaps the stored one.
    fn add_entries(&mut self, id: RoomId, epoch: Epoch, entries: &[Entry]) -> Result<(), WriteError> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return Ok(());
        };
        let stored = self.room_or_new(id, epoch)?.clone();
        check_range(&stored, epoch, entries)?;
        let room = self.room_or_new(id, epoch)?;
        room.epoch = epoch;
        extend(room, first.seq, last);
        // The server's description may be of the previous history.
        let mut needs_rebuild = room.epoch != stored.epoch;
        if needs_rebuild {
            let room = room.clone();
            self.store_room(&room)?;
        }
        for entry in entries {
            self.remove_post(entry.id)?;
            let key = stored.key.entry(entry.seq);
            if stored.first <= entry.seq && entry.seq <= stored.last {
                self.compare(key, entry)?;
                continue;
            }
            let is_older = entry.seq < stored.first;
            needs_rebuild |= self.insert_replica_entry(key, entry, is_older)?;
        }
        if needs_rebuild {
            self.projector.rebuild_room(stored.key, &mut |_| {})?;
        }
        Ok(())
    }

    /// Compares an entry that arrived a second time with the stored one. It must be the same, or wiped since then.
    fn compare(&mut self, key: EntryKey, entry: &Entry) -> Result<(), WriteError> {
        let (id, kind, target) = self
            .tx
            .prepare_cached("SELECT id, kind, target FROM entry WHERE key = ?1")?
            .query_row([key], |row| {
                let kind = row.get_ref(1)?.as_str()?.parse::<Kind>();
                let target = row.get::<_, Option<_>>(2)?.map(EntryId);
                Ok((EntryId(row.get(0)?), kind.unwrap_or(Kind::Unknown), target))
            })
            .optional()?
            .ok_or_else(|| unreadable(0, format!("entry {} is missing", entry.seq)))?;
        if id != entry.id {
            return Err(WriteError::OutOfSync(format!(
                "another entry is stored at position {}",
                entry.seq
            )));
        }
        if entry.body == Body::Wiped
            && let Some(message) = erased_with(kind, id, target)
        {
            self.erase_by_id(key.room(), message)?;
        }
        Ok(())
    }

    /// Inserts an entry at a new position, wiped if its deletion is stored. Returns whether the room's projections must be
    /// rebuilt.
    fn insert_replica_entry(&mut self, key: EntryKey, entry: &Entry, is_older: bool) -> Result<bool, WriteError> {
        if self.is_stored(entry.id)? {
            return Err(WriteError::OutOfSync(format!(
                "the id of entry {} is stored already",
                entry.seq
            )));
        }
        let author = self.user(&entry.author)?;
        if self.is_erased(key.room(), entry)? {
            let wiped = Entry {
                body: Body::Wiped,
                ..entry.clone()
            };
            let hash = wiped_hash(entry.id, &entry.body);
            self.insert(key, author, &wiped, Some(hash))?;
            return Ok(false);
        }
        self.insert(key, author, entry, None)?;
        self.amend(key, author, entry)?;
        if is_older {
            Ok(self.projector.apply_older(key, author, &entry.body)?)
        } else {
            self.projector.apply(key, author, &entry.body)?;
            Ok(false)
        }
    }

    /// Indexes a new message, or applies an amendment to its message if that is stored.
    fn amend(&mut self, key: EntryKey, author: UserKey, entry: &Entry) -> Result<(), WriteError> {
        let room = key.room();
        let Some(target) = entry.body.target() else {
            // A message above the indexed range is indexed later.
            if entry.body.properties().is_target
                && is_indexed(self.tx, key)?
                && let Some(text) = indexed_text(self.tx, key)?
            {
                add_to_index(self.tx, key, author, &text)?;
            }
            return Ok(());
        };
        match (entry.body.properties().effect, entry.body.message_text()) {
            (Some(TargetEffect::ReplaceText), Some(text)) => {
                if let Some(message) = self.message(room, target)?
                    && self.last_edit(room, target)? == Some(key)
                {
                    reindex(self.tx, message.key, message.author, key, text)?;
                }
            }
            (Some(TargetEffect::Erase), _) => self.erase_by_id(room, target)?,
            (Some(TargetEffect::ReplaceText | TargetEffect::Annotate) | None, _) => {}
        }
        Ok(())
    }

    /// Returns whether the deletion of this message, or of the message that it edits, is stored.
    fn is_erased(&self, room: RoomKey, entry: &Entry) -> rusqlite::Result<bool> {
        let Some(message) = erased_with(entry.body.kind(), entry.id, entry.body.target()) else {
            return Ok(false);
        };
        let (first, last) = room.entries();
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM entry WHERE target = ?1 AND kind IN {} AND key BETWEEN ?2 AND ?3)",
            *ERASES
        );
        self.tx
            .prepare_cached(&sql)?
            .query_row((message.0, first, last), |row| row.get(0))
    }

    fn last_edit(&self, room: RoomKey, message: EntryId) -> rusqlite::Result<Option<EntryKey>> {
        let (first, last) = room.entries();
        let sql = format!(
            "SELECT max(key) FROM entry WHERE target = ?1 AND kind IN {} AND key BETWEEN ?2 AND ?3",
            *REPLACES_TEXT
        );
        self.tx
            .prepare_cached(&sql)?
            .query_row((message.0, first, last), |row| row.get(0))
    }

    fn is_stored(&self, id: EntryId) -> rusqlite::Result<bool> {
        self.tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM entry WHERE id = ?1)")?
            .query_row([id.0], |row| row.get(0))
    }

    /// Drops the room's entries: they are of a history that no longer counts.
    fn reset_room(&mut self, id: RoomId, epoch: Epoch) -> rusqlite::Result<()> {
        let room = self.room_or_new(id, epoch)?;
        room.first = Seq::ZERO;
        room.last = Seq::ZERO;
        room.last_at = 0;
        room.epoch = epoch;
        let room = room.clone();
        self.store_room(&room)?;
        remove_room_from_index(self.tx, room.key)?;
        self.tx
            .prepare_cached("DELETE FROM entry WHERE key BETWEEN ?1 AND ?2")?
            .execute(room.key.entries())?;
        // What the server described before is the best that there is of the new history until it describes that.
        self.tx
            .prepare_cached(
                "UPDATE server_room SET
                     head = iif(epoch = ?2, head, 0),
                     members_as_of = iif(members_as_of IS NULL, NULL, iif(epoch = ?2, head, 0)),
                     epoch = ?2
                 WHERE room = ?1",
            )?
            .execute((room.key, epoch.0))?;
        self.projector.rebuild_room(room.key, &mut |_| {})
    }
}

/// Returns the message whose deletion erases an entry: the entry itself, or the message that it edits.
fn erased_with(kind: Kind, id: EntryId, target: Option<EntryId>) -> Option<EntryId> {
    let properties = kind.properties();
    if properties.is_target {
        return Some(id);
    }
    target.filter(|_| properties.effect == Some(TargetEffect::ReplaceText))
}

/// Fails if the entries have a gap, are of another history than the stored ones, or don't adjoin them.
fn check_range(stored: &Room, epoch: Epoch, entries: &[Entry]) -> Result<(), WriteError> {
    let out_of_sync = |cause: String| Err(WriteError::OutOfSync(cause));
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        return Ok(());
    };
    let (first, last) = (first.seq, last.seq);
    let has_gap = entries.windows(2).any(|pair| pair[1].seq != pair[0].seq.next());
    if has_gap || first == Seq::ZERO || last > MAX_SEQ {
        return out_of_sync("their positions are not one range".into());
    }
    if stored.last == Seq::ZERO {
        return Ok(());
    }
    if stored.epoch != epoch {
        return out_of_sync("they are of another history".into());
    }
    if first > stored.last.next() || last.next() < stored.first {
        let (from, to) = (stored.first, stored.last);
        return out_of_sync(format!(
            "{from} to {to} are stored, and {first} to {last} do not adjoin them"
        ));
    }
    Ok(())
}

fn extend(room: &mut Room, first: Seq, last: &Entry) {
    if room.first == Seq::ZERO || first < room.first {
        room.first = first;
    }
    if last.seq > room.last {
        room.last = last.seq;
        room.last_at = last.at;
    }
}
