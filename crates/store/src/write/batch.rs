//! What a batch knows while it is written: rooms, people and members are read once, and written back once.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use ichat_protocol::{DeviceId, Epoch, MemberId, Name, RoomId, Seq};
use rusqlite::{OptionalExtension as _, Row, Transaction};

use super::Fault;
use super::row::NewRow;
use crate::code::{RoomKey, int, natural};

/// One transaction of the writer.
pub(super) struct Batch<'t> {
    pub(super) tx: &'t Transaction<'t>,
    rooms: HashMap<RoomId, Option<Known>>,
    people: HashMap<MemberId, i64>,
    devices: HashMap<DeviceId, i64>,
    members: HashMap<(RoomKey, i64), Option<Membership>>,
    /// What comes to the tallies, by room, block and author.
    tally: HashMap<(RoomKey, i64, i64), i64>,
}

/// A room as the batch has it, and as the table has it.
struct Known {
    is: Room,
    was: Room,
}

/// A room as the batch has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Room {
    pub(super) key: RoomKey,
    pub(super) epoch: Epoch,
    pub(super) name: Option<String>,
    pub(super) topic: String,
    pub(super) first: Seq,
    pub(super) last: Seq,
    pub(super) at: u64,
    pub(super) members: u32,
}

/// A member as the batch has it.
#[derive(Clone, Debug)]
pub(super) struct Membership {
    pub(super) name: String,
    pub(super) joined: bool,
    pub(super) read: Seq,
    /// The key of the entry that gave the name; 0 when it is not held.
    pub(super) named: i64,
}

impl<'t> Batch<'t> {
    pub(super) fn new(tx: &'t Transaction<'t>) -> Self {
        Batch {
            tx,
            rooms: HashMap::new(),
            people: HashMap::new(),
            devices: HashMap::new(),
            members: HashMap::new(),
            tally: HashMap::new(),
        }
    }

    /// A room, if there is one.
    pub(super) fn room(&mut self, id: RoomId) -> rusqlite::Result<Option<&mut Room>> {
        let slot = match self.rooms.entry(id) {
            Slot::Occupied(slot) => slot.into_mut(),
            Slot::Vacant(slot) => {
                let read = self
                    .tx
                    .prepare_cached("SELECT key, epoch, name, topic, first, last, at, members FROM room WHERE id = ?1")?
                    .query_row([id.0], read_room)
                    .optional()?;
                slot.insert(read.map(|room| Known {
                    is: room.clone(),
                    was: room,
                }))
            }
        };
        Ok(slot.as_mut().map(|known| &mut known.is))
    }

    /// A room that is made when it is not there.
    pub(super) fn room_or_new(&mut self, id: RoomId, epoch: Epoch) -> rusqlite::Result<&mut Room> {
        if self.room(id)?.is_none() {
            self.tx
                .prepare_cached("INSERT INTO room (id, epoch) VALUES (?1, ?2)")?
                .execute((id.0, epoch.0))?;
            let room = Room {
                key: RoomKey(self.tx.last_insert_rowid()),
                epoch,
                name: None,
                topic: String::new(),
                first: Seq::ZERO,
                last: Seq::ZERO,
                at: 0,
                members: 0,
            };
            let known = Known {
                is: room.clone(),
                was: room,
            };
            self.rooms.insert(id, Some(known));
        }
        self.room(id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
    }

    /// A person's number, if this folder has heard of them.
    pub(super) fn known_person(&mut self, id: &MemberId) -> rusqlite::Result<Option<i64>> {
        if let Some(key) = self.people.get(id) {
            return Ok(Some(*key));
        }
        let known = self
            .tx
            .prepare_cached("SELECT key FROM person WHERE id = ?1")?
            .query_row([id.as_str()], |row| row.get(0))
            .optional()?;
        if let Some(key) = known {
            self.people.insert(id.clone(), key);
        }
        Ok(known)
    }

    /// A person's number.
    pub(super) fn person(&mut self, id: &MemberId) -> rusqlite::Result<i64> {
        if let Some(key) = self.known_person(id)? {
            return Ok(key);
        }
        self.tx
            .prepare_cached("INSERT INTO person (id) VALUES (?1)")?
            .execute([id.as_str()])?;
        let key = self.tx.last_insert_rowid();
        self.people.insert(id.clone(), key);
        Ok(key)
    }

    fn device(&mut self, id: DeviceId) -> rusqlite::Result<i64> {
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
            self.tx.last_insert_rowid()
        };
        self.devices.insert(id, key);
        Ok(key)
    }

    /// What somebody is or was in a room.
    pub(super) fn member(&mut self, room: RoomKey, person: i64) -> rusqlite::Result<Option<&Membership>> {
        let slot = match self.members.entry((room, person)) {
            Slot::Occupied(slot) => slot.into_mut(),
            Slot::Vacant(slot) => slot.insert(
                self.tx
                    .prepare_cached("SELECT name, joined, read, named FROM member WHERE room = ?1 AND person = ?2")?
                    .query_row((room.0, person), |row| {
                        Ok(Membership {
                            name: row.get(0)?,
                            joined: row.get(1)?,
                            read: Seq(natural(row.get(2)?)),
                            named: row.get(3)?,
                        })
                    })
                    .optional()?,
            ),
        };
        Ok(slot.as_ref())
    }

    /// Writes what somebody is in a room from now on. Members change seldom, so that this is not put off.
    pub(super) fn set_member(&mut self, room: RoomKey, person: i64, is: Membership) -> rusqlite::Result<()> {
        self.tx
            .prepare_cached(
                "INSERT OR REPLACE INTO member (room, person, name, joined, read, named)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute((room.0, person, &is.name, is.joined, int(is.read.0), is.named))?;
        self.members.insert((room, person), Some(is));
        Ok(())
    }

    /// Somebody is a member from the entry `member_renamed` on, under this name. Gives whether they were not before.
    pub(super) fn joined(&mut self, room: RoomKey, person: i64, name: &Name, named: i64) -> rusqlite::Result<bool> {
        let before = self.member(room, person)?.cloned();
        let is_new = !before.as_ref().is_some_and(|m| m.joined);
        let read = before.map_or(Seq::ZERO, |m| m.read);
        self.set_member(
            room,
            person,
            Membership {
                name: name.as_str().to_owned(),
                joined: true,
                // What was said before one came is history, not news.
                read: if is_new { crate::code::seq_of(named) } else { read },
                named,
            },
        )?;
        Ok(is_new)
    }

    /// Somebody is no member any more. Gives whether they were one.
    pub(super) fn left(&mut self, room: RoomKey, person: i64) -> rusqlite::Result<bool> {
        let Some(before) = self.member(room, person)?.filter(|m| m.joined).cloned() else {
            return Ok(false);
        };
        self.set_member(
            room,
            person,
            Membership {
                joined: false,
                ..before
            },
        )?;
        Ok(true)
    }

    /// Writes an entry's row, and counts it if it is a message.
    pub(super) fn insert(&mut self, row: &NewRow<'_>) -> rusqlite::Result<()> {
        let device = self.device(row.entry.device)?;
        row.write(self.tx, device)?;
        if row.entry.body.properties().counts_as_unread {
            self.count(row.key, row.author, 1);
        }
        Ok(())
    }

    /// A message came to stand at `entry`, or stands there no more.
    pub(super) fn count(&mut self, entry: i64, author: i64, change: i64) {
        let slot = (RoomKey::of(entry), crate::message_counts::block_of(entry), author);
        *self.tally.entry(slot).or_default() += change;
    }

    /// Forgets what is known of a room's members, after they were changed behind the batch's back.
    pub(super) fn forget_members(&mut self, key: RoomKey) {
        self.members.retain(|(room, _), _| *room != key);
    }

    /// The same, and drops what was to come to its tallies.
    pub(super) fn forget_members_and_tally(&mut self, key: RoomKey) {
        self.forget_members(key);
        self.tally.retain(|(room, _, _), _| *room != key);
    }

    /// Writes back what was put off.
    pub(super) fn finish(&mut self) -> Result<(), Fault> {
        let changed = self.rooms.values().flatten().filter(|room| room.is != room.was);
        for Known { is: room, .. } in changed {
            self.tx
                .prepare_cached(
                    "UPDATE room SET epoch = ?2, name = ?3, topic = ?4, first = ?5, last = ?6, at = ?7, members = ?8
                     WHERE key = ?1",
                )?
                .execute((
                    room.key.0,
                    room.epoch.0,
                    &room.name,
                    &room.topic,
                    int(room.first.0),
                    int(room.last.0),
                    int(room.at),
                    room.members,
                ))?;
        }
        for ((room, block, author), change) in self.tally.drain() {
            self.tx
                .prepare_cached(
                    "INSERT INTO tally (room, block, author, messages) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT DO UPDATE SET messages = messages + excluded.messages",
                )?
                .execute((room.0, block, author, change))?;
        }
        Ok(())
    }
}

fn read_room(row: &Row<'_>) -> rusqlite::Result<Room> {
    Ok(Room {
        key: RoomKey(row.get(0)?),
        epoch: Epoch(row.get(1)?),
        name: row.get(2)?,
        topic: row.get(3)?,
        first: Seq(natural(row.get(4)?)),
        last: Seq(natural(row.get(5)?)),
        at: natural(row.get(6)?),
        members: row.get(7)?,
    })
}
