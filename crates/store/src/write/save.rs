//! What a client keeps: entries that have their places already, and posts that have none yet.
//!
//! Of each room one range `first..=last` is held without a gap, so whatever amends an entry of the range from within
//! it is held too, in whichever order the pages came. What amends it from beyond `last` comes when the client has
//! caught up; that is why a page's `later` is not kept.

use ichat_protocol::{Body, Entry, EntryId, Epoch, Member, RoomId, RoomSummary, Seq, WireError};
use rusqlite::OptionalExtension as _;
use uuid::Uuid;

use super::Fault;
use super::batch::{Batch, Membership, Room};
use super::index::{index, is_reached, unindex};
use super::row::NewRow;
use crate::code::{RoomKey, SEQ_TOP, from_entry_by_id, hash, int, json, kind, natural, tag};
use crate::read::text_as_of;
use crate::{OutboxRow, ReplicaChange};

impl Batch<'_> {
    /// Writes one change.
    pub(super) fn save(&mut self, change: ReplicaChange) -> Result<(), Fault> {
        match change {
            ReplicaChange::Outbox(row) => self.put_out(&row),
            ReplicaChange::OutboxState { id, failed } => self.set_failed(id, failed.as_ref()),
            ReplicaChange::Discarded { id } => self.take_out(id),
            ReplicaChange::Entries { room, epoch, entries } => self.hold(room, epoch, &entries),
            ReplicaChange::Reset { room, epoch } => self.reset(room, epoch),
            ReplicaChange::Room(summary) => self.tell(&summary),
            ReplicaChange::Members { room, members } => self.tell_members(room, &members),
            ReplicaChange::Read { room, seq } => self.mark(room, seq),
        }
    }

    fn put_out(&self, row: &OutboxRow) -> Result<(), Fault> {
        // A post that stands in the log is acknowledged: putting it back would post it for ever.
        self.tx
            .prepare_cached(
                "INSERT INTO outbox (id, room, body, written, failed)
                 SELECT ?1, ?2, ?3, ?4, ?5
                 WHERE NOT EXISTS (SELECT 1 FROM ident i CROSS JOIN entry e ON e.key = i.key WHERE i.tag = ?6 AND e.id = ?1)
                 ON CONFLICT (id) DO UPDATE SET body = excluded.body, failed = excluded.failed",
            )?
            .execute((
                row.id.0,
                row.room.0,
                json(&row.body),
                int(row.written),
                row.failed.as_ref().map(json),
                tag(row.id),
            ))?;
        Ok(())
    }

    fn set_failed(&self, id: EntryId, failed: Option<&WireError>) -> Result<(), Fault> {
        self.tx
            .prepare_cached("UPDATE outbox SET failed = ?2 WHERE id = ?1")?
            .execute((id.0, failed.map(json)))?;
        Ok(())
    }

    fn take_out(&self, id: EntryId) -> Result<(), Fault> {
        self.tx
            .prepare_cached("DELETE FROM outbox WHERE id = ?1")?
            .execute([id.0])?;
        Ok(())
    }

    fn hold(&mut self, id: RoomId, epoch: Epoch, entries: &[Entry]) -> Result<(), Fault> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return Ok(());
        };
        let gap = entries.windows(2).any(|pair| pair[1].seq != pair[0].seq.next());
        if gap || first.seq == Seq::ZERO || last.seq > SEQ_TOP {
            return Err(Fault::OutOfSync("their places are not one range".into()));
        }
        let room = self.room_or_new(id, epoch)?;
        if room.last == Seq::ZERO {
            room.epoch = epoch;
        } else if room.epoch != epoch {
            return Err(Fault::OutOfSync("they are of another history".into()));
        } else if first.seq > room.last.next() || last.seq.next() < room.first {
            return Err(Fault::OutOfSync(format!(
                "{} to {} are held, and {} to {} do not adjoin them",
                room.first, room.last, first.seq, last.seq
            )));
        }
        let held = room.clone();
        let news_from = self.news_from(&held)?;
        for entry in entries {
            self.take_out(entry.id)?;
            let key = held.key.at(entry.seq);
            if held.first <= entry.seq && entry.seq <= held.last {
                self.compare(key, entry)?;
            } else {
                self.hold_one(&held, key, entry)?;
                if entry.seq >= news_from {
                    self.project(id, held.key, key, entry)?;
                }
            }
        }
        self.extend(id, first.seq, last)
    }

    /// The first place whose entry tells something about the room or its members that the server has not told yet.
    fn news_from(&self, held: &Room) -> Result<Seq, Fault> {
        let told = self
            .tx
            .prepare_cached("SELECT head FROM told WHERE room = ?1 AND epoch = ?2")?
            .query_row((held.key.0, held.epoch.0), |row| row.get(0))
            .optional()?
            .map_or(Seq::ZERO, |head| Seq(natural(head)));
        Ok(told.max(held.last).next())
    }

    /// The same place was told twice. It must be the same entry; it may have been wiped since.
    fn compare(&mut self, key: i64, entry: &Entry) -> Result<(), Fault> {
        let (same, held_kind, amends): (bool, i64, Option<Uuid>) = self
            .tx
            .prepare_cached("SELECT id = ?2, kind, amends FROM entry WHERE key = ?1")?
            .query_row((key, entry.id.0), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        if !same {
            return Err(Fault::OutOfSync(format!("another entry is held at {}", entry.seq)));
        }
        let deleted = match held_kind {
            kind::MESSAGE => Some(entry.id),
            // An edit is wiped together with its message, and with nothing else.
            kind::EDIT => amends.map(EntryId),
            _ => None,
        };
        match deleted {
            Some(message) if entry.body == Body::Wiped => Ok(self.wipe(RoomKey::of(key), message)?),
            _ => Ok(()),
        }
    }

    /// Writes an entry at a place that is not held yet, as what lies behind it has amended it.
    fn hold_one(&mut self, held: &Room, key: i64, entry: &Entry) -> Result<(), Fault> {
        if self.is_held(entry.id)? {
            return Err(Fault::OutOfSync(format!(
                "the id of entry {} is held already",
                entry.seq
            )));
        }
        let author = self.person(&entry.author)?;
        let taken_back = self.is_taken_back(held.key, entry)?;
        let wiped = taken_back.then(|| Entry {
            body: Body::Wiped,
            ..entry.clone()
        });
        let row = NewRow {
            key,
            author,
            entry: wiped.as_ref().unwrap_or(entry),
            hash: taken_back.then(|| hash(&entry.body)),
        };
        self.insert(&row)?;
        if taken_back {
            return Ok(());
        }
        match &entry.body {
            // Older entries come when the index has gone past their places.
            Body::Message { text, .. } if is_reached(self.tx, key)? => {
                let edited = self.last_edit(held.key, entry.id)?.map(|(_, text)| text);
                index(self.tx, key, author, edited.as_deref().unwrap_or(text))?;
            }
            Body::Edit { of, text } => {
                if let Some(message) = self.message(held.key, *of)?
                    && self.last_edit(held.key, *of)?.is_some_and(|(last, _)| last == key)
                {
                    self.index_anew(&message, key, text)?;
                }
            }
            Body::Delete { of } => self.wipe(held.key, *of)?,
            _ => {}
        }
        Ok(())
    }

    /// Whether the deletion of this message, or of the message that it edits, is held already.
    fn is_taken_back(&self, room: RoomKey, entry: &Entry) -> rusqlite::Result<bool> {
        let message = match &entry.body {
            Body::Message { .. } => entry.id,
            Body::Edit { of, .. } => *of,
            _ => return Ok(false),
        };
        let (first, last) = room.range();
        self.tx
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM entry WHERE amends = ?1 AND kind = ?2 AND key BETWEEN ?3 AND ?4)",
            )?
            .query_row((message.0, kind::DELETE, first, last), |row| row.get(0))
    }

    fn last_edit(&self, room: RoomKey, message: EntryId) -> rusqlite::Result<Option<(i64, String)>> {
        let (first, last) = room.range();
        self.tx
            .prepare_cached(
                "SELECT key, longhand(text) FROM entry WHERE amends = ?1 AND kind = ?2 AND key BETWEEN ?3 AND ?4
                 ORDER BY key DESC LIMIT 1",
            )?
            .query_row((message.0, kind::EDIT, first, last), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()
    }

    fn is_held(&self, id: EntryId) -> rusqlite::Result<bool> {
        let found = self
            .tx
            .prepare_cached(from_entry_by_id!("1", ""))?
            .query_row((tag(id), id.0), |_| Ok(()))
            .optional()?;
        Ok(found.is_some())
    }

    fn extend(&mut self, id: RoomId, first: Seq, last: &Entry) -> Result<(), Fault> {
        if let Some(room) = self.room(id)? {
            if room.first == Seq::ZERO || first < room.first {
                room.first = first;
            }
            if last.seq > room.last {
                room.last = last.seq;
                room.at = last.at;
            }
        }
        Ok(())
    }

    fn reset(&mut self, id: RoomId, epoch: Epoch) -> Result<(), Fault> {
        let room = self.room_or_new(id, epoch)?;
        room.first = Seq::ZERO;
        room.last = Seq::ZERO;
        room.at = 0;
        room.epoch = epoch;
        let key = room.key;
        let (first, last) = key.range();
        self.unindex_all(key)?;
        self.tx
            .prepare_cached("DELETE FROM ident WHERE key BETWEEN ?1 AND ?2")?
            .execute((first, last))?;
        self.tx
            .prepare_cached("DELETE FROM entry WHERE key BETWEEN ?1 AND ?2")?
            .execute((first, last))?;
        self.tx
            .prepare_cached("DELETE FROM tally WHERE room = ?1")?
            .execute([key.0])?;
        self.tx
            .prepare_cached("UPDATE member SET named = 0 WHERE room = ?1")?
            .execute([key.0])?;
        self.forget_members_and_tally(key);
        Ok(())
    }

    /// Takes all messages of a room out of the search index, as far as it goes.
    fn unindex_all(&self, room: RoomKey) -> rusqlite::Result<()> {
        /// So many keys are in memory at once.
        const AT_ONCE: u32 = 1_000;
        let (mut from, _) = room.range();
        let until: Option<i64> = self
            .tx
            .prepare_cached("DELETE FROM indexed WHERE room = ?1 RETURNING until")?
            .query_row([room.0], |row| row.get(0))
            .optional()?;
        let Some(last) = until else {
            return Ok(());
        };
        loop {
            let messages = self
                .tx
                .prepare_cached(
                    "SELECT key, author FROM entry WHERE key BETWEEN ?1 AND ?2 AND kind = ?3 ORDER BY key LIMIT ?4",
                )?
                .query_map((from, last, kind::MESSAGE, AT_ONCE), |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?
                .collect::<Result<Vec<(i64, i64)>, _>>()?;
            let Some((newest, _)) = messages.last() else {
                return Ok(());
            };
            from = newest + 1;
            for (key, author) in messages {
                if let Some(text) = text_as_of(self.tx, key, i64::MAX)? {
                    unindex(self.tx, key, author, &text)?;
                }
            }
        }
    }

    fn tell(&mut self, summary: &RoomSummary) -> Result<(), Fault> {
        let room = self.room_or_new(summary.id, summary.head.epoch)?;
        if room.last == Seq::ZERO {
            room.epoch = summary.head.epoch;
        }
        // An old summary that was overtaken by entries must not take their changes back.
        if room.epoch != summary.head.epoch || summary.head.seq >= room.last {
            room.name = Some(summary.name.as_str().to_owned());
            room.topic.clone_from(&summary.topic);
            room.members = summary.members;
        }
        let key = room.key;
        self.tx
            .prepare_cached(
                "INSERT OR REPLACE INTO told (room, epoch, head, joined, read, unread, counted)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?3)",
            )?
            .execute((
                key.0,
                summary.head.epoch.0,
                int(summary.head.seq.0),
                summary.joined,
                int(summary.read.0),
                summary.unread,
            ))?;
        Ok(())
    }

    fn tell_members(&mut self, id: RoomId, members: &[Member]) -> Result<(), Fault> {
        let Some(room) = self.room(id)?.map(|room| room.key) else {
            return Err(Fault::OutOfSync("members came for a room that was never told".into()));
        };
        self.tx
            .prepare_cached("DELETE FROM member WHERE room = ?1")?
            .execute([room.0])?;
        self.forget_members(room);
        let mut joined = 0_u32;
        for member in members {
            let person = self.person(&member.id)?;
            let membership = Membership {
                name: member.name.as_str().to_owned(),
                joined: !member.left,
                read: Seq::ZERO,
                named: 0,
            };
            self.set_member(room, person, membership)?;
            joined += u32::from(!member.left);
        }
        if let Some(room) = self.room(id)? {
            room.members = joined;
        }
        Ok(())
    }

    fn mark(&mut self, id: RoomId, seq: Seq) -> Result<(), Fault> {
        if let Some(room) = self.room(id)?.map(|room| room.key) {
            // The same marker again leaves the count as it was told.
            self.tx
                .prepare_cached("UPDATE told SET read = ?2, unread = NULL WHERE room = ?1 AND read <> ?2")?
                .execute((room.0, int(seq.0)))?;
        }
        Ok(())
    }
}
