//! The one place that turns entries into the rooms' fields, members and message counts: for a commit, for what a replica
//! receives, and for a rebuild.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use ichat_protocol::{Body, Membership, Name, RoomChange, RoomProjection, Seq, fold_for_search};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::base::{Base, read_fields};
use super::{amendment, message_count};
use crate::StoreError;
use crate::log::{EntryKey, RoomKey, UserKey, read_author, read_entry, read_name, select_entries};

/// The entries between two reports of a rebuild.
const PROGRESS_BATCH: u64 = 1_000;

/// Applies entries to the projections. It caches what it reads, and writes most of it in [`Projector::flush`].
pub(crate) struct Projector<'c> {
    connection: &'c Connection,
    rooms: HashMap<RoomKey, LoadedRoom>,
    members: HashMap<(RoomKey, UserKey), Option<MemberRow>>,
    /// Changes to the message counts, by room, block and author.
    counts: HashMap<(RoomKey, i64, UserKey), i64>,
}

/// A member's row.
#[derive(Clone, Debug)]
pub(crate) struct MemberRow {
    pub(crate) membership: Membership,
    /// The entry that gave the name, if it is here.
    pub(crate) named_by: Option<EntryKey>,
}

struct LoadedRoom {
    state: RoomProjection,
    /// The state in the table.
    stored: RoomProjection,
    base: Base,
}

impl<'c> Projector<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Self {
        Self {
            connection,
            rooms: HashMap::new(),
            members: HashMap::new(),
            counts: HashMap::new(),
        }
    }

    /// Applies an entry of the log. The entries of a room come in order, or [`Projector::rebuild_room`] follows.
    pub(crate) fn apply(&mut self, key: EntryKey, author: UserKey, body: &Body) -> rusqlite::Result<()> {
        if body.properties().counts_as_unread {
            self.count_message(key, author, 1);
        }
        amendment::apply(self.connection, key, author, body)?;
        match body.room_change() {
            Some(change) => self.apply_room_change(key, author, body, change),
            None => Ok(()),
        }
    }

    fn apply_room_change(
        &mut self,
        key: EntryKey,
        author: UserKey,
        body: &Body,
        change: RoomChange<'_>,
    ) -> rusqlite::Result<()> {
        let (room, seq) = (key.room(), key.seq());
        let member = self.member(room, author)?.cloned();
        let loaded = self.room(room)?;
        let mut state = loaded.state.clone();
        let membership = state.apply(body, member.as_ref().map(|member| &member.membership));
        if seq > loaded.base.fields_as_of {
            loaded.state.name = state.name;
            loaded.state.topic = state.topic;
        }
        if seq > loaded.base.count_as_of {
            loaded.state.members = state.members;
        }
        let Some(membership) = membership.filter(|_| seq > loaded.base.members_as_of) else {
            return Ok(());
        };
        let named_by = match change {
            RoomChange::Join(_) | RoomChange::RenameMember(_) => Some(key),
            RoomChange::Leave | RoomChange::Name(_) | RoomChange::Topic(_) => member.and_then(|member| member.named_by),
        };
        self.set_member(room, author, MemberRow { membership, named_by })
    }

    /// Counts a message, or with -1 one that was erased.
    pub(crate) fn count_message(&mut self, key: EntryKey, author: UserKey, change: i64) {
        let slot = (key.room(), message_count::block_of(key), author);
        *self.counts.entry(slot).or_default() += change;
    }

    /// Returns a user's past or present membership in a room.
    pub(crate) fn member(&mut self, room: RoomKey, user: UserKey) -> rusqlite::Result<Option<&MemberRow>> {
        let slot = match self.members.entry((room, user)) {
            Slot::Occupied(slot) => slot.into_mut(),
            Slot::Vacant(slot) => slot.insert(
                self.connection
                    .prepare_cached("SELECT name, joined, named_by FROM member WHERE room = ?1 AND user = ?2")?
                    .query_row((room, user), read_member_row)
                    .optional()?,
            ),
        };
        Ok(slot.as_ref())
    }

    fn set_member(&mut self, room: RoomKey, user: UserKey, row: MemberRow) -> rusqlite::Result<()> {
        write_member(self.connection, room, user, &row)?;
        self.members.insert((room, user), Some(row));
        Ok(())
    }

    /// Applies an entry that precedes those that were applied. Returns whether that takes [`Projector::rebuild_room`].
    pub(crate) fn apply_older(&mut self, key: EntryKey, author: UserKey, body: &Body) -> rusqlite::Result<bool> {
        if body.properties().counts_as_unread {
            self.count_message(key, author, 1);
        }
        amendment::apply(self.connection, key, author, body)?;
        if body.room_change().is_none() {
            return Ok(false);
        }
        let base = &self.room(key.room())?.base;
        Ok(key.seq() > base.fields_as_of.min(base.members_as_of))
    }

    /// Takes the fields from a new description by the server (`server_room`). `last` is the last entry that is here.
    pub(crate) fn rebase_fields(&mut self, room: RoomKey, last: Seq) -> rusqlite::Result<()> {
        let base = Base::load(self.connection, room)?;
        if last > base.fields_as_of {
            // Entries that are here change what the server described.
            return self.rebuild_room(room, &mut |_| {});
        }
        if !base.has_member_list {
            // The members of the entries up to the description are not known.
            self.replace_members(room)?;
        }
        match self.room(room) {
            Ok(loaded) => {
                loaded.state.clone_from(&base.state);
                loaded.base = base;
            }
            // The description replaces it.
            Err(error) if StoreError::of_damaged_row(&error).is_some() => {
                let loaded = LoadedRoom {
                    state: base.state.clone(),
                    stored: RoomProjection::default(),
                    base,
                };
                self.rooms.insert(room, loaded);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Takes the members from a new list by the server (`server_member`), which no entry that is here changes.
    pub(crate) fn rebase_members(&mut self, room: RoomKey) -> rusqlite::Result<()> {
        self.replace_members(room)?;
        let base = Base::load(self.connection, room)?;
        let loaded = self.room(room)?;
        loaded.state.members = base.state.members;
        loaded.base = base;
        Ok(())
    }

    fn replace_members(&mut self, room: RoomKey) -> rusqlite::Result<()> {
        self.members.retain(|(of, _), _| *of != room);
        self.connection
            .prepare_cached("DELETE FROM member WHERE room = ?1")?
            .execute([room])?;
        let mut listed = self
            .connection
            .prepare_cached("SELECT name, joined, NULL, user FROM server_member WHERE room = ?1")?;
        let mut rows = listed.query([room])?;
        while let Some(row) = rows.next()? {
            write_member(self.connection, room, row.get(3)?, &read_member_row(row)?)?;
        }
        Ok(())
    }

    /// Computes the room's fields, members and message counts from the log. `progress` receives the number of entries.
    pub(crate) fn rebuild_room(&mut self, room: RoomKey, progress: &mut dyn FnMut(u64)) -> rusqlite::Result<()> {
        self.rooms.remove(&room);
        self.counts.retain(|(of, _, _), _| *of != room);
        for table in ["room_state", "message_count", "amendment"] {
            self.connection
                .prepare_cached(&format!("DELETE FROM {table} WHERE room = ?1"))?
                .execute([room])?;
        }
        self.replace_members(room)?;
        let connection = self.connection;
        let mut entries = connection.prepare_cached(select_entries!("WHERE e.key BETWEEN ?1 AND ?2 ORDER BY e.key"))?;
        let mut rows = entries.query(room.entries())?;
        let mut applied = 0;
        while let Some(row) = rows.next()? {
            match read_entry(row) {
                Ok(entry) => self.apply(row.get(0)?, read_author(row)?, &entry.body)?,
                Err(error) => tracing::warn!(%error, "an entry is missing from the projections"),
            }
            applied += 1;
            if applied % PROGRESS_BATCH == 0 {
                progress(applied);
            }
        }
        // A room without entries may have been described.
        self.room(room)?;
        Ok(())
    }

    /// Writes what is cached.
    pub(crate) fn flush(&mut self) -> rusqlite::Result<()> {
        for (room, loaded) in &mut self.rooms {
            let LoadedRoom { state, stored, .. } = loaded;
            if state == stored {
                continue;
            }
            self.connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO room_state (room, name, topic, members, search_text)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute((
                    room,
                    state.name.as_ref().map(Name::as_str),
                    &state.topic,
                    state.members,
                    search_text(state),
                ))?;
            stored.clone_from(state);
        }
        for ((room, block, author), change) in self.counts.drain() {
            message_count::add(self.connection, room, block, author, change)?;
        }
        Ok(())
    }

    /// Reads a room's fields, which may be damaged, before an entry that changes them is written.
    pub(crate) fn load_room(&mut self, room: RoomKey) -> rusqlite::Result<()> {
        self.room(room).map(drop)
    }

    fn room(&mut self, room: RoomKey) -> rusqlite::Result<&mut LoadedRoom> {
        match self.rooms.entry(room) {
            Slot::Occupied(slot) => Ok(slot.into_mut()),
            Slot::Vacant(slot) => {
                let base = Base::load(self.connection, room)?;
                let stored = self
                    .connection
                    .prepare_cached("SELECT name, topic, members FROM room_state WHERE room = ?1")?
                    .query_row([room], read_fields)
                    .optional()?;
                Ok(slot.insert(LoadedRoom {
                    state: stored.clone().unwrap_or_else(|| base.state.clone()),
                    stored: stored.unwrap_or_default(),
                    base,
                }))
            }
        }
    }
}

/// Returns the text in which a room is found: a line break comes before all characters of a name, so that rooms are sorted by
/// their names.
fn search_text(state: &RoomProjection) -> String {
    let name = state.name.as_ref().map_or("", Name::as_str);
    format!("{}\n{}", fold_for_search(name), fold_for_search(&state.topic))
}

fn write_member(connection: &Connection, room: RoomKey, user: UserKey, row: &MemberRow) -> rusqlite::Result<()> {
    let name = row.membership.name.as_str();
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO member (room, user, name, joined, named_by, search_name)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            room,
            user,
            name,
            row.membership.joined,
            row.named_by,
            fold_for_search(name),
        ))?;
    Ok(())
}

fn read_member_row(row: &Row<'_>) -> rusqlite::Result<MemberRow> {
    Ok(MemberRow {
        membership: Membership {
            name: read_name(row, 0)?,
            joined: row.get(1)?,
        },
        named_by: row.get(2)?,
    })
}
