//! One transaction of the writer: it reads rooms, users and devices once, and writes rooms back once.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use ichat_protocol::{DeviceId, Entry, Epoch, MemberId, RoomId, Seq};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};

use crate::log::{DeviceKey, EntryKey, EntryRow, RoomKey, UserKey, int, natural, read_seq};
use crate::projection::Projector;

pub(super) struct Batch<'t> {
    pub(super) tx: &'t Transaction<'t>,
    pub(super) projector: Projector<'t>,
    pub(super) erased: bool,
    rooms: HashMap<RoomId, Option<CachedRoom>>,
    users: HashMap<MemberId, UserKey>,
    devices: HashMap<DeviceId, DeviceKey>,
}

struct CachedRoom {
    current: Room,
    stored: Room,
}

/// A row of the table `room`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Room {
    pub(super) key: RoomKey,
    pub(super) epoch: Epoch,
    pub(super) first: Seq,
    pub(super) last: Seq,
    pub(super) last_at: u64,
}

impl<'t> Batch<'t> {
    pub(super) fn new(tx: &'t Transaction<'t>) -> Self {
        Batch {
            tx,
            projector: Projector::new(tx),
            erased: false,
            rooms: HashMap::new(),
            users: HashMap::new(),
            devices: HashMap::new(),
        }
    }

    /// Returns a room, if there is one.
    pub(super) fn room(&mut self, id: RoomId) -> rusqlite::Result<Option<&mut Room>> {
        let slot = match self.rooms.entry(id) {
            Slot::Occupied(slot) => slot.into_mut(),
            Slot::Vacant(slot) => {
                let stored = self
                    .tx
                    .prepare_cached("SELECT key, epoch, first_seq, last_seq, last_at FROM room WHERE id = ?1")?
                    .query_row([id.0], read_room)
                    .optional()?;
                slot.insert(stored.map(|room| CachedRoom {
                    current: room.clone(),
                    stored: room,
                }))
            }
        };
        Ok(slot.as_mut().map(|room| &mut room.current))
    }

    /// Returns a room, and makes it if there is none.
    pub(super) fn room_or_new(&mut self, id: RoomId, epoch: Epoch) -> rusqlite::Result<&mut Room> {
        if self.room(id)?.is_none() {
            self.tx
                .prepare_cached("INSERT INTO room (id, epoch) VALUES (?1, ?2)")?
                .execute((id.0, epoch.0))?;
            self.rooms.remove(&id);
        }
        self.room(id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
    }

    /// Returns the user's key, if this file has an entry or a member with the id.
    pub(super) fn known_user(&mut self, id: &MemberId) -> rusqlite::Result<Option<UserKey>> {
        if let Some(key) = self.users.get(id) {
            return Ok(Some(*key));
        }
        let key = self
            .tx
            .prepare_cached("SELECT key FROM user WHERE id = ?1")?
            .query_row([id.as_str()], |row| row.get(0))
            .optional()?;
        if let Some(key) = key {
            self.users.insert(id.clone(), key);
        }
        Ok(key)
    }

    /// Returns the user's key, and makes it if there is none.
    pub(super) fn user(&mut self, id: &MemberId) -> rusqlite::Result<UserKey> {
        if let Some(key) = self.known_user(id)? {
            return Ok(key);
        }
        self.tx
            .prepare_cached("INSERT INTO user (id) VALUES (?1)")?
            .execute([id.as_str()])?;
        let key = UserKey(self.tx.last_insert_rowid());
        self.users.insert(id.clone(), key);
        Ok(key)
    }

    fn device(&mut self, id: DeviceId) -> rusqlite::Result<DeviceKey> {
        if let Some(key) = self.devices.get(&id) {
            return Ok(*key);
        }
        let known = self
            .tx
            .prepare_cached("SELECT key FROM device WHERE id = ?1")?
            .query_row([id.0], |row| row.get(0))
            .optional()?;
        let key = if let Some(key) = known {
            key
        } else {
            self.tx
                .prepare_cached("INSERT INTO device (id) VALUES (?1)")?
                .execute([id.0])?;
            DeviceKey(self.tx.last_insert_rowid())
        };
        self.devices.insert(id, key);
        Ok(key)
    }

    /// Writes an entry's row.
    pub(super) fn insert(
        &mut self,
        key: EntryKey,
        author: UserKey,
        entry: &Entry,
        wiped_hash: Option<[u8; 32]>,
    ) -> rusqlite::Result<()> {
        let row = EntryRow {
            key,
            author,
            device: self.device(entry.device)?,
            entry,
            wiped_hash,
        };
        row.insert(self.tx)
    }

    /// Writes a room's row now, for queries that read it within the batch.
    pub(super) fn store_room(&self, room: &Room) -> rusqlite::Result<()> {
        store_room(self.tx, room)
    }

    /// Writes what is cached. Returns whether text was erased.
    pub(super) fn finish(&mut self) -> rusqlite::Result<bool> {
        for room in self.rooms.values_mut().flatten() {
            if room.current != room.stored {
                store_room(self.tx, &room.current)?;
                room.stored.clone_from(&room.current);
            }
        }
        self.projector.flush()?;
        Ok(self.erased)
    }
}

fn store_room(connection: &Connection, room: &Room) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE room SET epoch = ?2, first_seq = ?3, last_seq = ?4, last_at = ?5 WHERE key = ?1")?
        .execute((
            room.key,
            room.epoch.0,
            int(room.first.0),
            int(room.last.0),
            int(room.last_at),
        ))?;
    Ok(())
}

fn read_room(row: &Row<'_>) -> rusqlite::Result<Room> {
    Ok(Room {
        key: row.get(0)?,
        epoch: Epoch(row.get(1)?),
        first: read_seq(row, 2)?,
        last: read_seq(row, 3)?,
        last_at: natural(row.get(4)?),
    })
}
