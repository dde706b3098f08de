//! The rules of the log: what a draft needs to get its place.

use ichat_protocol::{Body, Entry, EntryId, Epoch, RoomId, Seq};
use rusqlite::OptionalExtension as _;

use super::Fault;
use super::batch::Batch;
use super::index::{index, is_reached, unindex};
use super::row::NewRow;
use crate::code::{RoomKey, entry_at, from_entry_by_id, hash, kind, tag};
use crate::read::text_as_of;
use crate::{NewEntry, Outcome};

/// A message that stands.
pub(super) struct Target {
    pub(super) key: i64,
    pub(super) author: i64,
}

impl Batch<'_> {
    /// Gives a draft its place, or says why it has none.
    pub(super) fn place(&mut self, draft: NewEntry) -> Result<Outcome, Fault> {
        if let Some(outcome) = self.standing(&draft)? {
            return Ok(outcome);
        }
        if let Body::Created { name } = &draft.body {
            if self.room(draft.room)?.is_some() {
                return Ok(Outcome::Conflict);
            }
            let name = name.as_str().to_owned();
            self.room_or_new(draft.room, Epoch::fresh())?.name = Some(name);
            let room = self.room_or_new(draft.room, Epoch::fresh())?.key;
            return self.write(draft, room, None);
        }
        let Some(room) = self.room(draft.room)?.map(|room| room.key) else {
            return Ok(Outcome::UnknownRoom);
        };
        if let Some(outcome) = self.refuse_member(&draft, room)? {
            return Ok(outcome);
        }
        match self.target(&draft, room)? {
            Ok(target) => self.write(draft, room, target),
            Err(outcome) => Ok(outcome),
        }
    }

    /// What stands under the draft's id, if anything does.
    fn standing(&mut self, draft: &NewEntry) -> Result<Option<Outcome>, Fault> {
        #[cfg(feature = "broken")]
        if crate::broken::Broken::NoUniqueIndex.is_wanted() {
            return Ok(None);
        }
        let found = self
            .tx
            .prepare_cached(from_entry_by_id!("e.key, e.hash", ""))?
            .query_row((tag(draft.id), draft.id.0), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((key, wiped)): Option<(i64, Option<[u8; 32]>)> = found else {
            return Ok(None);
        };
        let Some(entry) = entry_at(self.tx, key)? else {
            return Ok(None);
        };
        let same_room = self.room(draft.room)?.map(|room| room.key) == Some(RoomKey::of(key));
        let same_body = match entry.body {
            // A replica may hold a wiped entry whose first body it never saw; the id is all that there is to go by.
            Body::Wiped => wiped.is_none_or(|wiped| wiped == hash(&draft.body)),
            ref body => *body == draft.body,
        };
        let same = same_room && same_body && entry.author == draft.author;
        Ok(Some(if same {
            Outcome::Duplicate(entry)
        } else {
            Outcome::Conflict
        }))
    }

    /// Whether the author may write to the room at all; a repeated `joined` or `member_renamed` stands.
    fn refuse_member(&mut self, draft: &NewEntry, room: RoomKey) -> Result<Option<Outcome>, Fault> {
        // Who was never here gets no row by being refused.
        let person = self.known_person(&draft.author)?;
        let member = match person {
            Some(person) => self.member(room, person)?.filter(|member| member.joined),
            None => None,
        };
        let Some(member) = member else {
            let joins = matches!(draft.body, Body::Joined { .. });
            return Ok((!joins).then_some(Outcome::NotJoined));
        };
        if let Body::Joined { name } | Body::MemberRenamed { name } = &draft.body
            && member.name == name.as_str()
        {
            let named = member.named;
            return Ok(entry_at(self.tx, named)?.map(Outcome::Duplicate));
        }
        Ok(None)
    }

    /// The message that the draft amends: it must stand in this room, and only its author may edit or delete it.
    fn target(&mut self, draft: &NewEntry, room: RoomKey) -> Result<Result<Option<Target>, Outcome>, Fault> {
        let Some(id) = draft.body.target() else {
            return Ok(Ok(None));
        };
        let Some(target) = self.message(room, id)? else {
            return Ok(Err(Outcome::UnknownEntry));
        };
        let own = self.person(&draft.author)? == target.author;
        if !own && !matches!(draft.body, Body::React { .. }) {
            return Ok(Err(Outcome::NotYours));
        }
        Ok(Ok(Some(target)))
    }

    /// A message that stands.
    pub(super) fn message(&self, room: RoomKey, id: EntryId) -> rusqlite::Result<Option<Target>> {
        let (first, last) = room.range();
        self.tx
            .prepare_cached(from_entry_by_id!(
                "e.key, e.author",
                "AND e.kind = ?3 AND e.key BETWEEN ?4 AND ?5"
            ))?
            .query_row((tag(id), id.0, kind::MESSAGE, first, last), |row| {
                Ok(Target {
                    key: row.get(0)?,
                    author: row.get(1)?,
                })
            })
            .optional()
    }

    /// Writes the entry at the room's next place, and what follows from it.
    fn write(&mut self, draft: NewEntry, room: RoomKey, target: Option<Target>) -> Result<Outcome, Fault> {
        let (seq, at) = self.next_place(draft.room, draft.at)?;
        let author = self.person(&draft.author)?;
        let entry = Entry {
            seq,
            id: draft.id,
            author: draft.author,
            device: draft.device,
            at,
            body: draft.body,
        };
        let key = room.at(seq);
        self.insert(&NewRow {
            key,
            author,
            entry: &entry,
            hash: None,
        })?;
        self.project(draft.room, room, key, &entry)?;
        if let Some(target) = target {
            match &entry.body {
                Body::Edit { text, .. } => self.index_anew(&target, key, text)?,
                Body::Delete { of } => self.wipe(room, *of)?,
                _ => {}
            }
        }
        Ok(Outcome::Committed(entry))
    }

    fn next_place(&mut self, room: RoomId, at: u64) -> Result<(Seq, u64), Fault> {
        let room = self.room(room)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        if room.last >= crate::code::SEQ_TOP {
            return Err(Fault::OutOfSync("the room is full".into()));
        }
        room.last = room.last.next();
        if room.first == Seq::ZERO {
            room.first = room.last;
        }
        // The clock of a computer may be set back; a room's never goes back.
        room.at = room.at.max(at);
        Ok((room.last, room.at))
    }

    /// What an entry at the top of a room's log changes of the room and its members.
    pub(super) fn project(&mut self, id: RoomId, room: RoomKey, key: i64, entry: &Entry) -> Result<(), Fault> {
        match &entry.body {
            Body::Created { name } | Body::RoomRenamed { name } => {
                if let Some(room) = self.room(id)? {
                    room.name = Some(name.as_str().to_owned());
                }
            }
            Body::Topic { text } => {
                if let Some(room) = self.room(id)? {
                    room.topic.clone_from(text);
                }
            }
            Body::Joined { name } | Body::MemberRenamed { name } => {
                let person = self.person(&entry.author)?;
                if self.joined(room, person, name, key)?
                    && let Some(room) = self.room(id)?
                {
                    room.members = room.members.saturating_add(1);
                }
            }
            Body::Left => {
                let person = self.person(&entry.author)?;
                if self.left(room, person)?
                    && let Some(room) = self.room(id)?
                {
                    room.members = room.members.saturating_sub(1);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The edit `by` gives a message another text; it has been written.
    pub(super) fn index_anew(&self, message: &Target, by: i64, text: &str) -> rusqlite::Result<()> {
        if !is_reached(self.tx, message.key)? {
            return Ok(());
        }
        if let Some(before) = text_as_of(self.tx, message.key, by)? {
            unindex(self.tx, message.key, message.author, &before)?;
        }
        index(self.tx, message.key, message.author, text)
    }
}
