//! The limits on what clients make the server store: see [`DailyQuota`] and [`DiskReserve`].

use ichat_protocol::{ClientEventKind, WireError};

use crate::fanout::chat_message::CHAT_MESSAGE;
use crate::fanout::client::ClientConnection;
use crate::session::clock::now;
use crate::session::daily_quota::{Amounts, DailyQuota};
use crate::session::disk_reserve::DiskReserve;

/// The limits on what clients make the server store.
pub(crate) struct WriteLimits {
    pub(crate) quota: DailyQuota,
    pub(crate) reserve: DiskReserve,
}

impl WriteLimits {
    /// Counts an event of this name that has a packet of so many bytes. Fails if it must not write anything.
    pub(crate) fn admit(&self, client: &ClientConnection, event: &str, bytes: usize) -> Result<(), WireError> {
        match entries_of(event) {
            0 => Ok(()),
            entries => self.admit_entries(client, entries, bytes),
        }
    }

    /// Counts entries. Fails if they must not be written.
    pub(crate) fn admit_entries(
        &self,
        client: &ClientConnection,
        entries: usize,
        bytes: usize,
    ) -> Result<(), WireError> {
        self.reserve.check(client.member.is_guest())?;
        let as_u64 = |amount: usize| u64::try_from(amount).unwrap_or(u64::MAX);
        let amounts = Amounts {
            rooms: 0,
            entries: as_u64(entries),
            bytes: as_u64(bytes),
        };
        Ok(self.quota.try_count(client, amounts, now())?)
    }

    /// Counts a new room, beyond its entries. Fails if its creator has as many as allowed.
    pub(crate) fn admit_room(&self, client: &ClientConnection) -> Result<(), WireError> {
        let amounts = Amounts {
            rooms: 1,
            ..Amounts::default()
        };
        Ok(self.quota.try_count(client, amounts, now())?)
    }
}

/// Returns the number of entries that an event writes. A new name is counted when the rooms of the person are known. Read markers
/// replace each other, so they belong to reading.
fn entries_of(event: &str) -> usize {
    if event == CHAT_MESSAGE {
        return 1;
    }
    let Ok(kind) = event.parse() else {
        return 0;
    };
    match kind {
        ClientEventKind::Post | ClientEventKind::Join | ClientEventKind::Leave => 1,
        ClientEventKind::Create => 3,
        ClientEventKind::Sync
        | ClientEventKind::Typing
        | ClientEventKind::Away
        | ClientEventKind::Read
        | ClientEventKind::SetName
        | ClientEventKind::Rooms
        | ClientEventKind::Members
        | ClientEventKind::History => 0,
    }
}
