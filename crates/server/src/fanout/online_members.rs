//! The members who are online. A person with several connections is one member.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ichat_protocol::{Availability, MemberId, Name, Person, ServerEvent};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::fanout::client::{ClientConnection, ConnectionId};

/// The members who are online, with their names and connections. Clones share them.
#[derive(Clone)]
pub(crate) struct OnlineMembers<C = Arc<ClientConnection>> {
    state: Arc<Mutex<State<C>>>,
    count: watch::Sender<u32>,
}

struct State<C> {
    members: HashMap<MemberId, OnlineMember<C>>,
    /// The members who came, went, or changed since they were taken last.
    changed: HashSet<MemberId>,
}

struct OnlineMember<C> {
    name: Name,
    connections: HashMap<ConnectionId, Connection<C>>,
}

struct Connection<C> {
    client: C,
    is_away: bool,
}

impl<C: Clone> OnlineMembers<C> {
    /// Creates an empty registry, which keeps `count` at the number of members.
    pub(crate) fn new(count: watch::Sender<u32>) -> Self {
        let state = State {
            members: HashMap::new(),
            changed: HashSet::new(),
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            count,
        }
    }

    /// Adds a connection of a member, whose name is this one from now on.
    pub(crate) fn add(&self, member: &MemberId, id: ConnectionId, client: C, name: &Name) {
        let mut state = self.state.lock();
        let online = state.members.entry(member.clone()).or_insert_with(|| OnlineMember {
            name: name.clone(),
            connections: HashMap::new(),
        });
        online.name = name.clone();
        let is_away = false;
        online.connections.insert(id, Connection { client, is_away });
        state.changed.insert(member.clone());
        self.update_count(&state);
    }

    /// Removes a connection. Returns `true` if it was the member's last one.
    pub(crate) fn remove(&self, member: &MemberId, id: ConnectionId) -> bool {
        let mut state = self.state.lock();
        let is_last = state.members.get_mut(member).is_some_and(|online| {
            online.connections.remove(&id);
            online.connections.is_empty()
        });
        if is_last {
            state.members.remove(member);
        }
        state.changed.insert(member.clone());
        self.update_count(&state);
        is_last
    }

    pub(crate) fn set_name(&self, member: &MemberId, name: &Name) {
        let mut state = self.state.lock();
        if let Some(online) = state.members.get_mut(member) {
            online.name = name.clone();
            state.changed.insert(member.clone());
        }
    }

    /// Sets whether the member is away on this connection. A member is away when all of their connections are.
    pub(crate) fn set_away(&self, member: &MemberId, id: ConnectionId, is_away: bool) {
        let mut state = self.state.lock();
        let online = state.members.get_mut(member);
        if let Some(connection) = online.and_then(|online| online.connections.get_mut(&id)) {
            connection.is_away = is_away;
            state.changed.insert(member.clone());
        }
    }

    /// Returns the number of members.
    pub(crate) fn len(&self) -> usize {
        self.state.lock().members.len()
    }

    /// Returns the name of a member who is online.
    pub(crate) fn name(&self, member: &MemberId) -> Option<Name> {
        let state = self.state.lock();
        state.members.get(member).map(|online| online.name.clone())
    }

    /// Returns the connections of a member.
    pub(crate) fn connections(&self, member: &MemberId) -> Vec<C> {
        let state = self.state.lock();
        let connections = state.members.get(member).map(|online| online.connections.values());
        let connections = connections.into_iter().flatten();
        connections.map(|connection| connection.client.clone()).collect()
    }

    /// Returns a member who is online, as other people see them.
    pub(crate) fn person(&self, member: &MemberId) -> Option<Person> {
        let state = self.state.lock();
        state.members.get(member).map(|online| online.person(member))
    }

    /// Returns all members, as other people see them.
    pub(crate) fn people(&self) -> Vec<Person> {
        let state = self.state.lock();
        state.members.iter().map(|(id, online)| online.person(id)).collect()
    }

    /// Takes the members who came, went, or changed since the last call.
    pub(crate) fn take_changed(&self) -> HashSet<MemberId> {
        std::mem::take(&mut self.state.lock().changed)
    }

    fn update_count(&self, state: &State<C>) {
        let count = u32::try_from(state.members.len()).unwrap_or(u32::MAX);
        self.count
            .send_if_modified(|current| std::mem::replace(current, count) != count);
    }
}

impl OnlineMembers<Arc<ClientConnection>> {
    /// Sends an event to a member's other connections, without waiting.
    pub(crate) fn send_to_others(&self, client: &ClientConnection, event: &ServerEvent) {
        for other in self.connections(&client.member) {
            if other.id != client.id {
                other.try_send(event);
            }
        }
    }
}

impl<C> OnlineMember<C> {
    fn person(&self, id: &MemberId) -> Person {
        let is_away = self.connections.values().all(|connection| connection.is_away);
        Person {
            id: id.clone(),
            name: self.name.clone(),
            availability: if is_away {
                Availability::Away
            } else {
                Availability::Online
            },
        }
    }
}

#[cfg(test)]
mod tests {
    //! - the count is the number of members, not of connections
    //! - a member is away when all of their connections are

    use uuid::Uuid;

    use super::*;

    fn name() -> Name {
        Name::parse("Alice").unwrap()
    }

    #[test]
    fn the_count_is_the_number_of_members() {
        let (count, counted) = watch::channel(0);
        let online = OnlineMembers::new(count);
        let [alice, bob] = [1, 2].map(|number| MemberId::guest(Uuid::from_u128(number)));
        let [desk, phone, other] = [(); 3].map(|()| ConnectionId::next());
        online.add(&alice, desk, "desk", &name());
        online.add(&alice, phone, "phone", &name());
        online.add(&bob, other, "other", &name());
        assert_eq!((*counted.borrow(), online.len()), (2, 2));
        assert!(!online.remove(&alice, desk));
        assert_eq!(online.connections(&alice), ["phone"]);
        assert!(online.remove(&alice, phone));
        assert_eq!((*counted.borrow(), online.name(&alice)), (1, None));
    }

    #[test]
    fn a_member_is_away_when_all_of_their_connections_are() {
        let online = OnlineMembers::new(watch::channel(0).0);
        let alice = MemberId::guest(Uuid::from_u128(1));
        let [desk, phone] = [(); 2].map(|()| ConnectionId::next());
        for id in [desk, phone] {
            online.add(&alice, id, (), &name());
        }
        let availability = || online.person(&alice).unwrap().availability;
        online.set_away(&alice, desk, true);
        assert_eq!(availability(), Availability::Online);
        online.set_away(&alice, phone, true);
        assert_eq!(availability(), Availability::Away);
        online.remove(&alice, desk);
        online.set_away(&alice, phone, false);
        assert_eq!(availability(), Availability::Online);
    }
}
