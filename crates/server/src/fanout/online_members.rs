//! The members who are online.

use std::collections::HashMap;
use std::sync::Arc;

use ichat_protocol::{MemberId, Name};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::fanout::client::{ClientConnection, ConnectionId};

/// The members who are online, with their names and connections. Clones share them.
#[derive(Clone)]
pub(crate) struct OnlineMembers {
    members: Arc<Mutex<HashMap<MemberId, OnlineMember>>>,
    count: watch::Sender<u32>,
}

struct OnlineMember {
    name: Name,
    connections: HashMap<ConnectionId, Arc<ClientConnection>>,
}

impl OnlineMembers {
    /// Creates an empty registry, which keeps `count` at the number of members.
    pub(crate) fn new(count: watch::Sender<u32>) -> Self {
        Self {
            members: Arc::default(),
            count,
        }
    }

    pub(crate) fn add(&self, client: &Arc<ClientConnection>, name: &Name) {
        let mut members = self.members.lock();
        let member = members.entry(client.member.clone()).or_insert_with(|| OnlineMember {
            name: name.clone(),
            connections: HashMap::new(),
        });
        member.name = name.clone();
        member.connections.insert(client.id, Arc::clone(client));
        self.update_count(&members);
    }

    /// Removes a connection. Returns `true` if it was the member's last one.
    pub(crate) fn remove(&self, client: &ClientConnection) -> bool {
        let mut members = self.members.lock();
        let is_last = members.get_mut(&client.member).is_some_and(|member| {
            member.connections.remove(&client.id);
            member.connections.is_empty()
        });
        if is_last {
            members.remove(&client.member);
        }
        self.update_count(&members);
        is_last
    }

    pub(crate) fn set_name(&self, member: &MemberId, name: &Name) {
        if let Some(online) = self.members.lock().get_mut(member) {
            online.name = name.clone();
        }
    }

    /// Returns the name of a member who is online.
    pub(crate) fn name(&self, member: &MemberId) -> Option<Name> {
        self.members.lock().get(member).map(|online| online.name.clone())
    }

    /// Returns the connections of a member.
    pub(crate) fn connections(&self, member: &MemberId) -> Vec<Arc<ClientConnection>> {
        let members = self.members.lock();
        let connections = members.get(member).map(|online| online.connections.values());
        connections.into_iter().flatten().map(Arc::clone).collect()
    }

    fn update_count(&self, members: &HashMap<MemberId, OnlineMember>) {
        let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
        self.count
            .send_if_modified(|current| std::mem::replace(current, count) != count);
    }
}
