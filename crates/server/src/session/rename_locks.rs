//! One lock for each member who is being renamed.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use ichat_protocol::MemberId;
use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

/// The locks of the members who are being renamed: a new name is written in several transactions, and those of two new names must
/// not alternate, or some rooms would have the one and some the other.
#[derive(Default)]
pub(crate) struct RenameLocks(Mutex<HashMap<MemberId, Weak<tokio::sync::Mutex<()>>>>);

impl RenameLocks {
    /// Waits until nothing else renames a member.
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
