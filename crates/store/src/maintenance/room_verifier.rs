//! One room's log from its beginning, held against what was read from it when it was written.

use std::collections::HashMap;

use ichat_protocol::{Body, Entry, EntryId, MemberId};
use rusqlite::Connection;

use crate::code::{RoomKey, natural, read_entry, select_entries, tag};
use crate::message_counts::block_of;
use crate::read::is_indexed;
use crate::write::is_reached;

/// Faults of one room that are told.
const MOST: usize = 20;
/// Entries between two reports.
const OFTEN: u64 = 1_000;

/// What a room's log says.
pub(super) struct RoomVerifier {
    room: RoomKey,
    pub(super) entries: u64,
    is_replica: bool,
    pub(super) problems: Vec<String>,
    name: Option<String>,
    topic: String,
    at: u64,
    members: HashMap<MemberId, Membership>,
    messages: HashMap<EntryId, Message>,
    tally: HashMap<(i64, MemberId), i64>,
}

#[derive(Debug, PartialEq)]
struct Membership {
    name: String,
    joined: bool,
    named: i64,
}

struct Message {
    key: i64,
    author: MemberId,
    /// The current text; none once it was wiped.
    text: Option<String>,
}

/// A room's row.
struct Row {
    id: String,
    name: Option<String>,
    topic: String,
    first: u64,
    last: u64,
    at: u64,
    members: usize,
}

impl RoomVerifier {
    /// Replays a room. An error when its row or the log's table can't be read; what an entry lacks is a fault.
    pub(super) fn of(
        connection: &Connection,
        room: RoomKey,
        is_replica: bool,
        ids: &mut Vec<u128>,
        watch: &mut dyn FnMut(u64),
    ) -> rusqlite::Result<Self> {
        let row = row(connection, room)?;
        let mut replay = Self {
            room,
            entries: 0,
            is_replica,
            problems: Vec::new(),
            name: None,
            topic: String::new(),
            at: 0,
            members: HashMap::new(),
            messages: HashMap::new(),
            tally: HashMap::new(),
        };
        replay.log(connection, &row, ids, watch)?;
        replay.amendments(connection)?;
        replay.projections(connection, &row)?;
        let label = row.name.unwrap_or(row.id);
        for fault in &mut replay.problems {
            *fault = format!("in the room {label:?}, {fault}");
        }
        Ok(replay)
    }

    fn log(
        &mut self,
        connection: &Connection,
        row: &Row,
        ids: &mut Vec<u128>,
        watch: &mut dyn FnMut(u64),
    ) -> rusqlite::Result<()> {
        let (low, high) = self.room.range();
        let mut entries = connection.prepare(select_entries!("WHERE e.key BETWEEN ?1 AND ?2 ORDER BY e.key"))?;
        let entries = entries.query_map((low, high), read_entry)?;
        let mut next = row.first.max(1);
        for entry in entries {
            self.entries += 1;
            if self.entries.is_multiple_of(OFTEN) {
                watch(self.entries);
            }
            match entry {
                Ok(entry) => {
                    if entry.seq.0 != next {
                        self.fault(|| format!("the entries {next} to {} are missing", entry.seq.0.saturating_sub(1)));
                    }
                    next = entry.seq.0 + 1;
                    ids.push(entry.id.0.as_u128());
                    if !is_found(connection, &entry, self.room.at(entry.seq))? {
                        self.fault(|| format!("entry {} is not found by its id", entry.seq));
                    }
                    self.follow(entry);
                }
                Err(rusqlite::Error::SqliteFailure(error, cause)) => {
                    // The table itself can't be read any further.
                    return Err(rusqlite::Error::SqliteFailure(error, cause));
                }
                Err(error) => {
                    let cause = crate::StoreError::of_sql(&error);
                    let cause = match cause {
                        crate::StoreError::Damaged(cause) => cause,
                        other => other.to_string(),
                    };
                    self.fault(|| cause);
                    next += 1;
                }
            }
            if self.problems.len() >= MOST {
                return Ok(());
            }
        }
        let end = row.last + 1;
        if next != end && !(row.last == 0 && self.entries == 0) {
            self.fault(|| format!("the log ends with entry {}, and should end with {}", next - 1, row.last));
        }
        Ok(())
    }

    /// What an entry says, on top of those before it.
    fn follow(&mut self, entry: Entry) {
        let key = self.room.at(entry.seq);
        if entry.at < self.at {
            self.fault(|| format!("entry {} is older than the one before it", entry.seq));
        }
        self.at = self.at.max(entry.at);
        match entry.body {
            Body::Created { name } | Body::RoomRenamed { name } => self.name = Some(name.as_str().to_owned()),
            Body::Topic { text } => self.topic = text,
            Body::Joined { name } | Body::MemberRenamed { name } => {
                let is = Membership {
                    name: name.as_str().to_owned(),
                    joined: true,
                    named: key,
                };
                self.members.insert(entry.author, is);
            }
            Body::Left => {
                if let Some(member) = self.members.get_mut(&entry.author) {
                    member.joined = false;
                }
            }
            Body::Message { text, .. } => {
                *self.tally.entry((block_of(key), entry.author.clone())).or_default() += 1;
                self.remember(entry.id, key, entry.author, Some(text));
            }
            Body::Wiped => self.remember(entry.id, key, entry.author, None),
            Body::Edit { of, text } => match self.messages.get_mut(&of) {
                Some(message) if message.text.is_some() && message.author == entry.author => message.text = Some(text),
                Some(_) => self.fault(|| format!("entry {} edits what it may not", entry.seq)),
                None => self.missing(entry.seq.0),
            },
            Body::Delete { of } => match self.messages.get(&of) {
                Some(message) if message.text.is_none() => {}
                Some(_) => self.fault(|| format!("what entry {} deletes still stands", entry.seq)),
                None => self.missing(entry.seq.0),
            },
            Body::React { to, .. } if !self.messages.contains_key(&to) => self.missing(entry.seq.0),
            Body::React { .. } | Body::Unknown(_) => {}
        }
    }

    fn remember(&mut self, id: EntryId, key: i64, author: MemberId, text: Option<String>) {
        self.messages.insert(id, Message { key, author, text });
    }

    /// A client holds the end of a log, and what amends the beginning.
    fn missing(&mut self, seq: u64) {
        if !self.is_replica {
            self.fault(|| format!("the message that entry {seq} speaks of is missing"));
        }
    }

    /// Every message that stands is found again by its id and by one of its words, and no other.
    fn amendments(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let messages = std::mem::take(&mut self.messages);
        for message in messages.into_values() {
            let found = match &message.text {
                Some(text) => !is_reached(connection, message.key)? || is_indexed(connection, message.key, text)?,
                None => true,
            };
            if !found {
                let seq = crate::code::seq_of(message.key);
                self.fault(|| format!("searching does not find message {seq}"));
            }
            if self.problems.len() >= MOST {
                break;
            }
        }
        Ok(())
    }

    fn projections(&mut self, connection: &Connection, row: &Row) -> rusqlite::Result<()> {
        // After a fault of the log itself these could only repeat it.
        if !self.problems.is_empty() {
            return Ok(());
        }
        let tally = tally(connection, self.room)?;
        self.tally.retain(|_, messages| *messages != 0);
        if tally != self.tally {
            self.fault(|| "the counts of messages don't agree with the log".to_owned());
        }
        // What a client knows of a room beside the entries was told to it.
        if self.is_replica {
            return Ok(());
        }
        let members = members(connection, self.room)?;
        let joined = self.members.values().filter(|member| member.joined).count();
        let agree = [
            (row.name == self.name, "its name"),
            (row.topic == self.topic, "its topic"),
            (row.at == self.at, "its time"),
            (row.members == joined, "the number of its members"),
            (members == self.members, "the list of its members"),
        ];
        for (_, what) in agree.into_iter().filter(|(agrees, _)| !agrees) {
            self.fault(|| format!("{what} does not agree with the log"));
        }
        Ok(())
    }

    fn fault(&mut self, fault: impl FnOnce() -> String) {
        if self.problems.len() < MOST {
            self.problems.push(fault());
        }
    }
}

/// Whether an entry that is posted again would be known.
fn is_found(connection: &Connection, entry: &Entry, key: i64) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM ident WHERE tag = ?1 AND key = ?2)")?
        .query_row((tag(entry.id), key), |row| row.get(0))
}

fn row(connection: &Connection, room: RoomKey) -> rusqlite::Result<Row> {
    connection.query_row(
        "SELECT id, name, topic, first, last, at, members FROM room WHERE key = ?1",
        [room.0],
        |row| {
            Ok(Row {
                id: row.get::<_, uuid::Uuid>(0)?.to_string(),
                name: row.get(1)?,
                topic: row.get(2)?,
                first: natural(row.get(3)?),
                last: natural(row.get(4)?),
                at: natural(row.get(5)?),
                members: usize::try_from(natural(row.get(6)?)).unwrap_or(0),
            })
        },
    )
}

fn tally(connection: &Connection, room: RoomKey) -> rusqlite::Result<HashMap<(i64, MemberId), i64>> {
    connection
        .prepare("SELECT block, person.id, messages FROM tally JOIN person ON person.key = author WHERE room = ?1 AND messages <> 0")?
        .query_map([room.0], |row| {
            Ok(((row.get(0)?, crate::code::read_member(row, 1)?), row.get(2)?))
        })?
        .collect()
}

fn members(connection: &Connection, room: RoomKey) -> rusqlite::Result<HashMap<MemberId, Membership>> {
    connection
        .prepare(
            "SELECT person.id, name, joined, named FROM member JOIN person ON person.key = person WHERE room = ?1",
        )?
        .query_map([room.0], |row| {
            let is = Membership {
                name: row.get(1)?,
                joined: row.get(2)?,
                named: row.get(3)?,
            };
            Ok((crate::code::read_member(row, 0)?, is))
        })?
        .collect()
}
