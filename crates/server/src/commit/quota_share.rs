//! The part of the daily quota that a request takes while it is under way.

use std::sync::Arc;

use ichat_protocol::MemberId;

use crate::commit::daily_quota::{Amounts, DailyQuota, QuotaReached};
use crate::net::client_address::ClientAddress;

/// Amounts that count while a request is under way. What isn't kept is taken back when the share is dropped, so only what was
/// written goes on counting.
pub(crate) struct QuotaShare {
    quota: Arc<DailyQuota>,
    member: MemberId,
    address: ClientAddress,
    counted_at: u64,
    /// The amounts that would be taken back.
    open: Amounts,
}

impl QuotaShare {
    /// Counts what is about to be written, at `now` in milliseconds. Fails if a limit was reached before.
    pub(crate) fn take(
        quota: &Arc<DailyQuota>,
        member: &MemberId,
        address: ClientAddress,
        amounts: Amounts,
        now: u64,
    ) -> Result<Self, QuotaReached> {
        quota.try_count(member, address, amounts, now)?;
        Ok(Self {
            quota: Arc::clone(quota),
            member: member.clone(),
            address,
            counted_at: now,
            open: amounts,
        })
    }

    /// Goes on counting all of it: it was written.
    pub(crate) fn keep(mut self) {
        self.open = Amounts::default();
    }

    /// Goes on counting so many entries: they were written.
    pub(crate) fn keep_entries(&mut self, entries: usize) {
        let entries = u64::try_from(entries).unwrap_or(u64::MAX);
        self.open = self.open.without(Amounts {
            entries,
            ..Amounts::default()
        });
    }
}

impl Drop for QuotaShare {
    fn drop(&mut self) {
        if self.open != Amounts::default() {
            self.quota
                .uncount(&self.member, self.address, self.open, self.counted_at);
        }
    }
}
