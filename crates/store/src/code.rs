//! How ids, places and bodies stand in the tables.

use std::borrow::Cow;

use ichat_protocol::{Body, DeviceId, Entry, EntryId, MemberId, Name, Seq};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::checksum;

/// A place takes 40 bits of an entry's key; a room with more entries than that can't be.
const SEQ_BITS: u32 = 40;
/// The last place that a room can have here.
pub(crate) const SEQ_TOP: Seq = Seq((1 << SEQ_BITS) - 1);

/// A room's number in this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RoomKey(pub(crate) i64);

impl RoomKey {
    /// The key of the entry at this place. A place past the top is the top: a range that ends there is meant to hold all.
    pub(crate) fn at(self, seq: Seq) -> i64 {
        (self.0 << SEQ_BITS) | int(seq.min(SEQ_TOP).0)
    }

    /// The keys of the first and the last entry that the room could have.
    pub(crate) fn range(self) -> (i64, i64) {
        (self.at(Seq(1)), self.at(SEQ_TOP))
    }

    /// The room of an entry.
    pub(crate) fn of(entry: i64) -> Self {
        Self(entry >> SEQ_BITS)
    }
}

/// The place of an entry.
pub(crate) fn seq_of(entry: i64) -> Seq {
    Seq(natural(entry) & SEQ_TOP.0)
}

/// `SQLite`'s integers are signed. Nothing that is counted here comes near the top; a hostile number stops there.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The other way; what is never negative in the tables is 0 when it is.
pub(crate) fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// The kinds as they stand in the table. A number, once given, keeps its meaning.
pub(crate) mod kind {
    pub(crate) const UNKNOWN: i64 = 0;
    pub(crate) const CREATED: i64 = 1;
    pub(crate) const JOINED: i64 = 2;
    pub(crate) const LEFT: i64 = 3;
    pub(crate) const MEMBER_RENAMED: i64 = 4;
    pub(crate) const ROOM_RENAMED: i64 = 5;
    pub(crate) const TOPIC: i64 = 6;
    pub(crate) const MESSAGE: i64 = 7;
    pub(crate) const EDIT: i64 = 8;
    pub(crate) const DELETE: i64 = 9;
    pub(crate) const WIPED: i64 = 10;
    pub(crate) const REACTED: i64 = 11;
    pub(crate) const UNREACTED: i64 = 12;
}

/// A body in columns. JSON would take 30 bytes more for each message.
#[derive(Debug)]
pub(crate) struct Columns<'a> {
    pub(crate) kind: i64,
    pub(crate) text: Option<Cow<'a, str>>,
    pub(crate) reply: Option<Uuid>,
    pub(crate) amends: Option<Uuid>,
}

impl<'a> Columns<'a> {
    pub(crate) fn of(body: &'a Body) -> Self {
        let (kind, text, reply) = match body {
            Body::Created { name } => (kind::CREATED, Some(name.as_str().into()), None),
            Body::Joined { name } => (kind::JOINED, Some(name.as_str().into()), None),
            Body::Left => (kind::LEFT, None, None),
            Body::MemberRenamed { name } => (kind::MEMBER_RENAMED, Some(name.as_str().into()), None),
            Body::RoomRenamed { name } => (kind::ROOM_RENAMED, Some(name.as_str().into()), None),
            Body::Topic { text } => (kind::TOPIC, Some(text.into()), None),
            Body::Message { text, reply_to } => (kind::MESSAGE, Some(text.into()), reply_to.map(|id| id.0)),
            Body::Edit { text, .. } => (kind::EDIT, Some(text.into()), None),
            Body::Delete { .. } => (kind::DELETE, None, None),
            Body::Wiped => (kind::WIPED, None, None),
            Body::React { emoji, on, .. } => {
                let kind = if *on { kind::REACTED } else { kind::UNREACTED };
                (kind, Some(emoji.into()), None)
            }
            Body::Unknown(map) => (kind::UNKNOWN, Some(json(map).into()), None),
        };
        Columns {
            kind,
            text,
            reply,
            amends: body.target().map(|id| id.0),
        }
    }

    fn into_body(self) -> Result<Body, String> {
        let kind = self.kind;
        let missing = || format!("an entry of kind {kind} lacks a column");
        let text = || self.text.map(Cow::into_owned).ok_or_else(missing);
        let amends = || self.amends.map(EntryId).ok_or_else(missing);
        let name = |text: String| Name::parse(&text).map_err(|e| e.to_string());
        Ok(match kind {
            kind::CREATED => Body::Created { name: name(text()?)? },
            kind::JOINED => Body::Joined { name: name(text()?)? },
            kind::LEFT => Body::Left,
            kind::MEMBER_RENAMED => Body::MemberRenamed { name: name(text()?)? },
            kind::ROOM_RENAMED => Body::RoomRenamed { name: name(text()?)? },
            kind::TOPIC => Body::Topic { text: text()? },
            kind::MESSAGE => Body::Message {
                text: text()?,
                reply_to: self.reply.map(EntryId),
            },
            kind::EDIT => Body::Edit {
                of: amends()?,
                text: text()?,
            },
            kind::DELETE => Body::Delete { of: amends()? },
            kind::WIPED => Body::Wiped,
            kind::REACTED | kind::UNREACTED => Body::React {
                to: amends()?,
                emoji: text()?,
                on: kind == kind::REACTED,
            },
            _ => Body::Unknown(serde_json::from_str(&text()?).map_err(|e| e.to_string())?),
        })
    }
}

/// What a wiped body was, so that it is known again and can't be read.
pub(crate) fn hash(body: &Body) -> [u8; 32] {
    Sha256::digest(json(body)).into()
}

/// The JSON of a type of the protocol.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> String {
    // Only a map with keys that aren't text, or a failing `Serialize`, could fail; the protocol has neither.
    serde_json::to_string(value).unwrap_or_default()
}

/// By what an id is looked up: 48 of its bits, as a signed number, because that takes 6 bytes and not 16. The upper ones are
/// of the id's time, so that new ids come at the end of the index; the lower ones are random. Whoever finds an entry by
/// its tag compares the whole id.
pub(crate) fn tag(id: EntryId) -> i64 {
    let bits = id.0.as_u128();
    let (time, random) = ((bits >> 80) & 0xFFFF_FFFF, bits & 0xFFFF);
    // 48 bits always fit.
    i64::try_from(time << 16 | random).unwrap_or(0) - (1 << 47)
}

/// The time that a `UUIDv7` holds; something below 2^48 for any other id.
fn time_of(id: EntryId) -> i64 {
    i64::try_from(id.0.as_u128() >> 80).unwrap_or(0)
}

/// How long after its id was made an entry was committed, by two clocks: a number of a byte or two, where the time itself
/// would take six.
pub(crate) fn lag(id: EntryId, at: u64) -> i64 {
    int(at) - time_of(id)
}

/// The time of an entry.
pub(crate) fn at(id: EntryId, lag: i64) -> u64 {
    natural(time_of(id).saturating_add(lag))
}

/// Finds an entry `e` by its id: `?1` is the [`tag`], `?2` the id.
macro_rules! from_entry_by_id {
    ($select:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $select,
            " FROM ident i CROSS JOIN entry e ON e.key = i.key WHERE i.tag = ?1 AND e.id = ?2 ",
            $rest
        )
    };
}
pub(crate) use from_entry_by_id;

/// The columns that [`read_entry`] reads and compares with their sum, from `entry e`, its author `p` and its device `d`.
macro_rules! select_entries {
    ($rest:literal) => {
        concat!(
            "SELECT e.key, e.id, p.id, d.id, e.lag, e.kind, longhand(e.text), e.reply, e.amends, e.sum \
             FROM entry e CROSS JOIN person p ON p.key = e.author CROSS JOIN device d ON d.key = e.device ",
            $rest
        )
    };
}
pub(crate) use select_entries;

/// An entry from a row of [`select_entries`]; an error when it is not what was written.
pub(crate) fn read_entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let entry = entry_of(row, at(EntryId(row.get(1)?), row.get(4)?))?;
    if row.get::<_, Option<i32>>(9)? == Some(checksum::of_entry(row.get(0)?, &entry)) {
        return Ok(entry);
    }
    Err(unreadable(9, format!("entry {} is not what was written", entry.seq)))
}

/// An entry of this time from a row whose other columns are those of [`select_entries`], whatever its sum is.
pub(crate) fn entry_of(row: &Row<'_>, at: u64) -> rusqlite::Result<Entry> {
    let columns = Columns {
        kind: row.get(5)?,
        text: row.get::<_, Option<String>>(6)?.map(Cow::Owned),
        reply: row.get(7)?,
        amends: row.get(8)?,
    };
    Ok(Entry {
        seq: seq_of(row.get(0)?),
        id: EntryId(row.get(1)?),
        author: read_member(row, 2)?,
        device: DeviceId(row.get(3)?),
        at,
        body: columns.into_body().map_err(|e| unreadable(6, e))?,
    })
}

/// A person's id from a column.
pub(crate) fn read_member(row: &Row<'_>, column: usize) -> rusqlite::Result<MemberId> {
    MemberId::try_from(row.get::<_, String>(column)?).map_err(|e| unreadable(column, e))
}

/// A name from a column.
pub(crate) fn read_name(row: &Row<'_>, column: usize) -> rusqlite::Result<Name> {
    Name::parse(&row.get::<_, String>(column)?).map_err(|e| unreadable(column, e))
}

/// A column holds what nothing here writes.
pub(crate) fn unreadable(
    column: usize,
    cause: impl Into<Box<dyn std::error::Error + Send + Sync + 'static>>,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, cause.into())
}

/// The entry with this key.
pub(crate) fn entry_at(connection: &Connection, key: i64) -> rusqlite::Result<Option<Entry>> {
    connection
        .prepare_cached(select_entries!("WHERE e.key = ?1"))?
        .query_row([key], read_entry)
        .optional()
}
