//! The amendments of messages as their result: of each edit and reaction the last one. So the work of showing a message doesn't
//! depend on how often it was edited, or a reaction was set and removed.

use ichat_protocol::{Body, Collapse, EntryId, Kind};
use rusqlite::{Connection, OptionalExtension as _};

use crate::log::{EntryKey, REPLACES_TEXT, RoomKey, UserKey, read_member};

/// The key under which later entries replace earlier ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AmendmentKey<'a> {
    pub(crate) room: RoomKey,
    pub(crate) target: EntryId,
    pub(crate) kind: Kind,
    /// The author, where each has a value of their own.
    pub(crate) author: UserKey,
    value: &'a str,
}

/// The last entry of a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amendment {
    pub(crate) entry: EntryKey,
    /// `false` if it only removes something.
    pub(crate) shown: bool,
}

impl<'a> AmendmentKey<'a> {
    /// Returns the key of an entry, if others replace it.
    pub(crate) fn of(room: RoomKey, author: UserKey, body: &'a Body) -> Option<Self> {
        let (author, value) = match body.properties().collapse {
            Collapse::Never => return None,
            Collapse::PerTarget => (UserKey::NONE, None),
            Collapse::PerAuthor => (author, body.collapse_value()),
        };
        Some(Self {
            room,
            target: body.target()?,
            kind: body.kind(),
            author,
            value: value.unwrap_or_default(),
        })
    }
}

/// Applies an entry, of which later ones may be here already.
pub(super) fn apply(connection: &Connection, entry: EntryKey, author: UserKey, body: &Body) -> rusqlite::Result<()> {
    let Some(key) = AmendmentKey::of(entry.room(), author, body) else {
        return Ok(());
    };
    connection
        .prepare_cached(
            "INSERT INTO amendment (room, target, kind, author, value, entry, shown) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (room, target, kind, author, value) DO UPDATE SET entry = excluded.entry, shown = excluded.shown
             WHERE excluded.entry > entry",
        )?
        .execute((
            key.room,
            key.target.0,
            key.kind.as_str(),
            key.author,
            key.value,
            entry,
            !body.is_removal(),
        ))?;
    Ok(())
}

/// Reads the last entry of a key.
pub(crate) fn amendment(connection: &Connection, key: AmendmentKey<'_>) -> rusqlite::Result<Option<Amendment>> {
    connection
        .prepare_cached(
            "SELECT entry, shown FROM amendment
             WHERE room = ?1 AND target = ?2 AND kind = ?3 AND author = ?4 AND value = ?5",
        )?
        .query_row(
            (key.room, key.target.0, key.kind.as_str(), key.author, key.value),
            |row| {
                Ok(Amendment {
                    entry: row.get(0)?,
                    shown: row.get(1)?,
                })
            },
        )
        .optional()
}

/// The number of amendments that are shown beside a message.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ShownCount {
    pub(crate) all: u32,
    /// Those of guests.
    pub(crate) of_guests: u32,
    /// Those of one author.
    pub(crate) own: u32,
}

/// Counts what is shown beside the target of a key, and what of that the key's author has added.
pub(crate) fn shown_count(connection: &Connection, key: AmendmentKey<'_>) -> rusqlite::Result<ShownCount> {
    let mut authors = connection.prepare_cached(
        "SELECT user.key, user.id FROM amendment JOIN user ON user.key = amendment.author
         WHERE room = ?1 AND target = ?2 AND kind = ?3 AND shown",
    )?;
    let mut rows = authors.query((key.room, key.target.0, key.kind.as_str()))?;
    let mut count = ShownCount::default();
    while let Some(row) = rows.next()? {
        count.all += 1;
        count.own += u32::from(row.get::<_, UserKey>(0)? == key.author);
        count.of_guests += u32::from(read_member(row, 1)?.is_guest());
    }
    Ok(count)
}

/// Forgets the edits of a message, which were erased.
pub(crate) fn forget_edits(connection: &Connection, room: RoomKey, message: EntryId) -> rusqlite::Result<()> {
    let sql = format!(
        "DELETE FROM amendment WHERE room = ?1 AND target = ?2 AND kind IN {}",
        *REPLACES_TEXT
    );
    connection.prepare_cached(&sql)?.execute((room, message.0))?;
    Ok(())
}
