//! The limits on what clients make the server store: see [`DailyQuota`] and [`DiskReserve`].

use std::sync::Arc;

use ichat_protocol::WireError;

use crate::commit::daily_quota::{Amounts, DailyQuota};
use crate::commit::quota_share::QuotaShare;
use crate::fanout::client::ClientConnection;
use crate::session::clock::now;
use crate::session::disk_reserve::DiskReserve;

/// The limits on what clients make the server store. Read markers replace each other, so they belong to reading.
pub(crate) struct WriteLimits {
    pub(crate) quota: Arc<DailyQuota>,
    pub(crate) reserve: DiskReserve,
}

impl WriteLimits {
    /// Counts entries, of a packet of so many bytes, until it is known whether they are written. Fails if they must not be.
    pub(crate) fn admit_entries(
        &self,
        client: &ClientConnection,
        entries: usize,
        bytes: usize,
    ) -> Result<QuotaShare, WireError> {
        self.admit(client, 0, entries, bytes)
    }

    /// Counts a new room with its entries, in the same way. Fails also if its creator has as many rooms as allowed.
    pub(crate) fn admit_room(
        &self,
        client: &ClientConnection,
        entries: usize,
        bytes: usize,
    ) -> Result<QuotaShare, WireError> {
        self.admit(client, 1, entries, bytes)
    }

    fn admit(
        &self,
        client: &ClientConnection,
        rooms: u64,
        entries: usize,
        bytes: usize,
    ) -> Result<QuotaShare, WireError> {
        self.reserve.check(client.member.is_guest())?;
        let as_u64 = |amount: usize| u64::try_from(amount).unwrap_or(u64::MAX);
        let amounts = Amounts {
            rooms,
            entries: as_u64(entries),
            bytes: as_u64(bytes),
        };
        let share = QuotaShare::take(&self.quota, &client.member, client.address, amounts, now())?;
        Ok(share)
    }
}
