//! The numbers by which tables refer to rooms, users, devices and entries.

use ichat_protocol::{Seq, limits};
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use super::encoding::{int, natural};

/// The highest sequence number.
pub(crate) const MAX_SEQ: Seq = Seq(limits::MAX_SEQ);
/// The bits of an [`EntryKey`] that hold the sequence number. Those above it, but for the sign, hold the room's key.
const SEQ_BITS: u32 = 40;
const _: () = assert!(MAX_SEQ.0 == (1 << SEQ_BITS) - 1, "a sequence number has SEQ_BITS");

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) struct $name(pub(crate) i64);

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                i64::column_result(value).map(Self)
            }
        }
    };
}

key!(
    /// The number of a room in this file.
    RoomKey
);
key!(
    /// The number of a user in this file.
    UserKey
);
key!(
    /// The number of a device in this file.
    DeviceKey
);
key!(
    /// A room's key and a sequence number. Entries are in the table in the order of their keys.
    EntryKey
);

impl RoomKey {
    /// The highest key: a file has at most eight million rooms.
    pub(crate) const MAX: Self = Self(i64::MAX >> SEQ_BITS);

    /// Returns the key of the entry at this position. A higher position than [`MAX_SEQ`] gives the room's highest key,
    /// because a range that ends there means all entries.
    pub(crate) fn entry(self, seq: Seq) -> EntryKey {
        EntryKey((self.0 << SEQ_BITS) | int(seq.min(MAX_SEQ).0))
    }

    /// Returns the lowest and the highest key that an entry of the room can have.
    pub(crate) fn entries(self) -> (EntryKey, EntryKey) {
        (self.entry(Seq(1)), self.entry(MAX_SEQ))
    }
}

impl UserKey {
    /// The key of no user.
    pub(crate) const NONE: Self = Self(0);
}

impl EntryKey {
    pub(crate) fn room(self) -> RoomKey {
        RoomKey(self.0 >> SEQ_BITS)
    }

    pub(crate) fn seq(self) -> Seq {
        Seq(natural(self.0) & MAX_SEQ.0)
    }
}
