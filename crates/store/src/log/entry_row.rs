//! One row of the table `entry`.

use ichat_protocol::{Body, DeviceId, Entry, EntryId};
use rusqlite::{Connection, OptionalExtension as _, Row};
use uuid::Uuid;

use super::encoding::{decode_body, encode_body, int, natural, read_member, unreadable, wiped_hash};
use super::keys::{DeviceKey, EntryKey, UserKey};
use crate::checksum::checksum;

/// An entry and what its row has beside it.
pub(crate) struct EntryRow<'a> {
    pub(crate) key: EntryKey,
    pub(crate) author: UserKey,
    pub(crate) device: DeviceKey,
    pub(crate) entry: &'a Entry,
    /// The [`wiped_hash`] of a wiped entry whose first body is known.
    pub(crate) wiped_hash: Option<[u8; 32]>,
}

/// The columns that an entry's checksum covers.
struct Checked<'a> {
    key: EntryKey,
    id: EntryId,
    author: &'a str,
    device: DeviceId,
    at: i64,
    kind: &'a str,
    target: Option<Uuid>,
    body: &'a str,
    wiped_hash: Option<[u8; 32]>,
}

impl EntryRow<'_> {
    /// Inserts the row. Fails if there is an entry with this key or id.
    pub(crate) fn insert(&self, connection: &Connection) -> rusqlite::Result<()> {
        let entry = self.entry;
        let body = encode_body(&entry.body);
        let target = entry.body.target().map(|id| id.0);
        let checked = Checked {
            key: self.key,
            id: entry.id,
            author: entry.author.as_str(),
            device: entry.device,
            at: int(entry.at),
            kind: &body.kind,
            target,
            body: &body.json,
            wiped_hash: self.wiped_hash,
        };
        connection
            .prepare_cached(
                "INSERT INTO entry (key, id, author, device, at, kind, target, body, wiped_hash, checksum)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute((
                self.key,
                entry.id.0,
                self.author,
                self.device,
                checked.at,
                &body.kind,
                target,
                &body.json,
                self.wiped_hash,
                checked.checksum(),
            ))?;
        Ok(())
    }
}

impl Checked<'_> {
    fn checksum(&self) -> i32 {
        // One buffer, because the CRC of several short ones takes longer.
        let mut fixed = [0; 106];
        fixed[..8].copy_from_slice(&self.key.0.to_le_bytes());
        fixed[8..16].copy_from_slice(&self.at.to_le_bytes());
        fixed[16..32].copy_from_slice(self.id.0.as_bytes());
        fixed[32..48].copy_from_slice(self.device.0.as_bytes());
        if let Some(target) = self.target {
            fixed[48] = 1;
            fixed[49..65].copy_from_slice(target.as_bytes());
        }
        if let Some(hash) = self.wiped_hash {
            fixed[65] = 1;
            fixed[66..98].copy_from_slice(&hash);
        }
        let lengths = [self.author.len(), self.kind.len()].map(|length| u32::try_from(length).unwrap_or(u32::MAX));
        fixed[98..].copy_from_slice(lengths.map(u32::to_le_bytes).as_flattened());
        checksum(&[
            &fixed,
            self.author.as_bytes(),
            self.kind.as_bytes(),
            self.body.as_bytes(),
        ])
    }
}

/// Selects the columns that [`read_entry`] and [`read_author`] read, from `entry e`.
macro_rules! select_entries {
    ($rest:literal) => {
        concat!(
            "SELECT e.key, e.id, user.id, device.id, e.at, e.kind, e.target, e.body, e.wiped_hash, e.checksum, e.author \
             FROM entry e CROSS JOIN user ON user.key = e.author CROSS JOIN device ON device.key = e.device ",
            $rest
        )
    };
}
pub(crate) use select_entries;

/// Reads an entry from a row of [`select_entries`]. Fails if it is not what was written.
pub(crate) fn read_entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let author = read_member(row, 2)?;
    let checked = Checked {
        key: row.get(0)?,
        id: EntryId(row.get(1)?),
        author: author.as_str(),
        device: DeviceId(row.get(3)?),
        at: row.get(4)?,
        kind: row.get_ref(5)?.as_str()?,
        target: row.get(6)?,
        body: row.get_ref(7)?.as_str()?,
        wiped_hash: row.get(8)?,
    };
    let seq = checked.key.seq();
    if row.get::<_, Option<i32>>(9)? != Some(checked.checksum()) {
        return Err(unreadable(9, format!("entry {seq} is not what was written")));
    }
    let (id, device, at) = (checked.id, checked.device, natural(checked.at));
    let body = decode_body(checked.kind, checked.body).map_err(|e| unreadable(7, e))?;
    Ok(Entry {
        seq,
        id,
        author,
        device,
        at,
        body,
    })
}

/// Reads the author's key from a row of [`select_entries`].
pub(crate) fn read_author(row: &Row<'_>) -> rusqlite::Result<UserKey> {
    row.get(10)
}

/// Reads the entry with this key.
pub(crate) fn entry_at(connection: &Connection, key: EntryKey) -> rusqlite::Result<Option<Entry>> {
    connection
        .prepare_cached(select_entries!("WHERE e.key = ?1"))?
        .query_row([key], read_entry)
        .optional()
}

/// Replaces an entry's body by `wiped`.
pub(crate) fn wipe_entry(connection: &Connection, key: EntryKey) -> rusqlite::Result<()> {
    let Some(entry) = entry_at(connection, key)? else {
        return Ok(());
    };
    let hash = wiped_hash(entry.id, &entry.body);
    let body = encode_body(&Body::Wiped);
    let checked = Checked {
        key,
        id: entry.id,
        author: entry.author.as_str(),
        device: entry.device,
        at: int(entry.at),
        kind: &body.kind,
        target: None,
        body: &body.json,
        wiped_hash: Some(hash),
    };
    connection
        .prepare_cached(
            "UPDATE entry SET kind = ?2, target = NULL, body = ?3, wiped_hash = ?4, checksum = ?5 WHERE key = ?1",
        )?
        .execute((key, &body.kind, &body.json, hash, checked.checksum()))?;
    Ok(())
}
