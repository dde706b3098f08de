//! One lock for each member whose name is being written.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use ichat_protocol::MemberId;
use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

/// The locks of the members whose names are being written. A new name takes several transactions: those of two new names must not
/// alternate, and nothing else may write the old name meanwhile, or some rooms would have the one and some the other.
#[derive(Default)]
pub(crate) struct NameLocks(Mutex<HashMap<MemberId, Weak<tokio::sync::Mutex<()>>>>);

impl NameLocks {
    /// Waits until nothing else writes a member's name. The name that is read under the lock is the one that the member has.
    pub(crate) async fn lock(&self, member: &MemberId) -> OwnedMutexGuard<()> {
        let lock = self.of(member);
        lock.lock_owned().await
    }

    fn of(&self, member: &MemberId) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.0.lock();
        if let Some(lock) = locks.get(member).and_then(Weak::upgrade) {
            return lock;
        }
        locks.retain(|_, lock| lock.strong_count() > 0);
        let lock = Arc::default();
        locks.insert(member.clone(), Arc::downgrade(&lock));
        lock
    }
}
