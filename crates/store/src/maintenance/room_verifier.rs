//! Verifying one room's log: every entry, and that the entries are consistent with each other.

use std::collections::HashMap;

use ichat_protocol::{Body, Entry, EntryId, MemberId, TargetEffect, Writer};
use rusqlite::Connection;

use crate::StoreError;
use crate::log::{RoomKey, natural, read_entry, read_seq, select_entries};

/// The most problems that are reported of one room.
const MAX_PROBLEMS: usize = 20;
/// The entries between two reports of progress.
const PROGRESS_BATCH: u64 = 1_000;

/// Verifies the log of one room from its first entry.
pub(super) struct RoomVerifier {
    is_replica: bool,
    pub(super) entries: u64,
    pub(super) problems: Vec<String>,
    last_at: u64,
    targets: HashMap<EntryId, Target>,
}

/// An entry that others may refer to.
struct Target {
    author: MemberId,
    is_wiped: bool,
}

impl RoomVerifier {
    /// Verifies a room. Fails if its tables can't be read; a damaged entry is a problem. Adds the entries' ids to `ids`.
    pub(super) fn verify(
        connection: &Connection,
        room: RoomKey,
        is_replica: bool,
        ids: &mut Vec<u128>,
        progress: &mut dyn FnMut(u64),
    ) -> rusqlite::Result<Self> {
        let mut verifier = Self {
            is_replica,
            entries: 0,
            problems: Vec::new(),
            last_at: 0,
            targets: HashMap::new(),
        };
        verifier.verify_log(connection, room, ids, progress)?;
        let label = room_label(connection, room);
        for problem in &mut verifier.problems {
            *problem = format!("in {label}, {problem}");
        }
        Ok(verifier)
    }

    fn verify_log(
        &mut self,
        connection: &Connection,
        room: RoomKey,
        ids: &mut Vec<u128>,
        progress: &mut dyn FnMut(u64),
    ) -> rusqlite::Result<()> {
        let (first, last, last_at) = connection.query_row(
            "SELECT first_seq, last_seq, last_at FROM room WHERE key = ?1",
            [room],
            |row| Ok((read_seq(row, 0)?.0, read_seq(row, 1)?.0, natural(row.get(2)?))),
        )?;
        let mut entries = connection.prepare(select_entries!("WHERE e.key BETWEEN ?1 AND ?2 ORDER BY e.key"))?;
        let mut next = first.max(1);
        if !self.is_replica && next > 1 {
            self.problem(|| format!("the entries 1 to {} are missing", next - 1));
        }
        for entry in entries.query_map(room.entries(), read_entry)? {
            self.entries += 1;
            if self.entries.is_multiple_of(PROGRESS_BATCH) {
                progress(self.entries);
            }
            match entry {
                Ok(entry) => {
                    if entry.seq.0 != next {
                        let end = entry.seq.0.saturating_sub(1);
                        self.problem(|| format!("the entries {next} to {end} are missing"));
                    }
                    next = entry.seq.0 + 1;
                    ids.push(entry.id.0.as_u128());
                    self.verify_entry(entry);
                }
                // The table itself can't be read any further.
                Err(error @ rusqlite::Error::SqliteFailure(..)) => return Err(error),
                Err(error) => {
                    self.problem(|| match StoreError::of_sql(&error) {
                        StoreError::Damaged(cause) => cause,
                        other => other.to_string(),
                    });
                    next += 1;
                }
            }
            if self.problems.len() >= MAX_PROBLEMS {
                return Ok(());
            }
        }
        if next != last + 1 && !(last == 0 && self.entries == 0) {
            self.problem(|| format!("the log ends with entry {}, and should end with {last}", next - 1));
        }
        if self.last_at != last_at && self.problems.is_empty() {
            self.problem(|| "its time does not agree with the log".to_owned());
        }
        Ok(())
    }

    /// Verifies an entry against those before it.
    fn verify_entry(&mut self, entry: Entry) {
        let seq = entry.seq;
        self.last_at = entry.at;
        let properties = entry.body.properties();
        if let Some(target) = entry.body.target() {
            match self.targets.get(&target) {
                Some(target) if properties.effect == Some(TargetEffect::Erase) => {
                    if !target.is_wiped {
                        self.problem(|| format!("the message that entry {seq} deletes has its text"));
                    }
                }
                Some(target) if properties.writer == Writer::TargetAuthor && target.author != entry.author => {
                    self.problem(|| format!("entry {seq} changes the message of another author"));
                }
                Some(target) if properties.effect == Some(TargetEffect::ReplaceText) && target.is_wiped => {
                    self.problem(|| format!("entry {seq} changes a deleted message"));
                }
                Some(_) => {}
                // A replica may have only the end of a log.
                None if self.is_replica => {}
                None => self.problem(|| format!("the message that entry {seq} refers to is missing")),
            }
        }
        let is_wiped = entry.body == Body::Wiped;
        if properties.is_target || is_wiped {
            let author = entry.author;
            self.targets.insert(entry.id, Target { author, is_wiped });
        }
    }

    fn problem(&mut self, problem: impl FnOnce() -> String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem());
        }
    }
}

/// Returns how a report names a room: by its name, or by its number in the file.
pub(super) fn room_label(connection: &Connection, room: RoomKey) -> String {
    let name = connection.query_row("SELECT name FROM main.room_state WHERE room = ?1", [room], |row| {
        row.get::<_, String>(0)
    });
    match name {
        Ok(name) => format!("the room {name:?}"),
        Err(_) => format!("room {}", room.0),
    }
}
