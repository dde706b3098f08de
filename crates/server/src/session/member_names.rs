//! The names that the log has for members.

use std::collections::HashMap;

use ichat_protocol::{MemberId, Name};
use ichat_store::{Store, StoreError};
use parking_lot::Mutex;

/// The name of every member with a key, as the lobby's log has it. It shows at sign-in whether something must be
/// written.
pub(crate) struct MemberNames {
    names: Mutex<HashMap<MemberId, Name>>,
}

impl MemberNames {
    /// Reads the names of the lobby's members, which is everyone.
    pub(crate) async fn load(store: &Store) -> Result<Self, StoreError> {
        let members = store.members(store.lobby()).await?;
        let names = members
            .into_iter()
            .filter(|member| !member.id.is_guest() && !member.left)
            .map(|member| (member.id, member.name));
        Ok(Self {
            names: Mutex::new(names.collect()),
        })
    }

    pub(crate) fn get(&self, member: &MemberId) -> Option<Name> {
        self.names.lock().get(member).cloned()
    }

    /// Records a name that was written to the log. Guests are not recorded: most never come back, and each connection without a
    /// secret is another one.
    pub(crate) fn set(&self, member: &MemberId, name: &Name) {
        if !member.is_guest() {
            self.names.lock().insert(member.clone(), name.clone());
        }
    }
}
